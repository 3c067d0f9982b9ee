"""Makes the articles that are office documents from sources that can be read and compared.

    .venv/bin/python tests/data/articles/make_documents.py SOURCES OUT

A source is named for what it becomes: `09-slug.pdf.txt` becomes `OUT/09-slug.pdf`. It starts with
lines `@author` and `@title`, which go into the document's own properties, as a word processor
would set them; then each line is a paragraph, or in a PDF a line as the typesetter broke it:

- `# ` a title, `## ` a heading, `- ` an item of a list, `> ` small print;
- `|a|b|` a row of a table (not in a PDF);
- `===` a new page (PDF only).

The files are the same, byte for byte or nearly, whenever they are made.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

_MADE_AT = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
_SIZES = {"# ": 17, "## ": 13, "> ": 8}


def read_source(path: Path) -> tuple[dict[str, str], list[str]]:
    """The properties and the lines of a source."""
    properties: dict[str, str] = {}
    lines = path.read_text(encoding="utf-8").splitlines()
    while lines and lines[0].startswith("@"):
        name, _, value = lines.pop(0)[1:].partition(" ")
        properties[name] = value
    return properties, lines


def make_pdf(properties: dict[str, str], lines: list[str], path: Path) -> None:
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_creation_date(_MADE_AT)
    pdf.set_title(properties.get("title", ""))
    pdf.set_author(properties.get("author", ""))
    pdf.set_auto_page_break(auto=False)
    pdf.set_margin(25)
    pdf.add_page()
    for line in lines:
        if line == "===":
            pdf.add_page()
            continue
        mark, text = _marked(line)
        size = _SIZES.get(mark, 11)
        pdf.set_font("helvetica", style="B" if mark in {"# ", "## "} else "", size=size)
        pdf.cell(0, size * 0.5, ("\x95 " if mark == "- " else "") + text)
        pdf.ln()
    pdf.output(str(path))


def make_docx(properties: dict[str, str], lines: list[str], path: Path) -> None:
    from docx import Document
    from docx.shared import Pt

    document = Document()
    document.core_properties.author = properties.get("author", "")
    document.core_properties.title = properties.get("title", "")
    document.core_properties.created = _MADE_AT.replace(tzinfo=None)
    document.core_properties.modified = _MADE_AT.replace(tzinfo=None)
    styles = {"# ": "Title", "## ": "Heading 1", "- ": "List Bullet"}
    for line in lines:
        if line.startswith("|"):
            cells = line.strip("|").split("|")
            row = document.add_table(rows=1, cols=len(cells)).rows[0]
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
            continue
        mark, text = _marked(line)
        paragraph = document.add_paragraph(style=styles.get(mark))
        run = paragraph.add_run(text)
        if mark == "> ":
            run.font.size = Pt(8)
    document.save(str(path))


def make_odt(properties: dict[str, str], lines: list[str], path: Path) -> None:
    from odfdo import Document, Header, List, Paragraph

    document = Document("text")
    document.meta.title = properties.get("title", "")
    document.meta.creator = properties.get("author", "")
    document.meta.creation_date = _MADE_AT.replace(tzinfo=None)
    document.body.clear()
    for line in lines:
        mark, text = _marked(line)
        if mark in {"# ", "## "}:
            document.body.append(Header(len(mark) - 1, text))
        elif mark == "- ":
            document.body.append(List([text]))
        else:
            document.body.append(Paragraph(text))
    document.save(str(path))


MAKERS: dict[str, Callable[[dict[str, str], list[str], Path], None]] = {
    ".pdf": make_pdf,
    ".docx": make_docx,
    ".odt": make_odt,
}


def _marked(line: str) -> tuple[str, str]:
    for mark in ("# ", "## ", "- ", "> "):
        if line.startswith(mark):
            return mark, line[len(mark) :]
    return "", line


def make_all(sources: Path, folder: Path) -> list[Path]:
    """Makes each document of a folder of sources; what was made, in the order of the names."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for source in sorted(sources.glob("*.txt")):
        target = folder / source.stem
        properties, lines = read_source(source)
        MAKERS[target.suffix](properties, lines, target)
        made.append(target)
    return made


if __name__ == "__main__":
    for document in make_all(Path(sys.argv[1]), Path(sys.argv[2])):
        sys.stdout.write(f"{document}\n")
