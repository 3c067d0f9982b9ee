"""Office documents: Word (.docx) and PowerPoint (.pptx), and what all formats of them share."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, within_limits
from ingest.articles.metadata.person_names import is_person, person_at
from ingest.articles.typography import BULLETS, escaped, is_prose
from kb.errors import InputError

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table, _Cell
    from docx.text.paragraph import Paragraph
    from pptx.presentation import Presentation

_COMPOUND_FILE = b"\xd0\xcf\x11\xe0"


def refuse_other(content: bytes, part: str, name: str) -> None:
    if content.startswith(_COMPOUND_FILE):
        raise InputError("encrypted_or_older", format=name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError):
        raise InputError("cut_off_document", format=name) from None
    if any(entry.flag_bits & 1 for entry in entries):
        raise InputError("encrypted")
    if part not in {entry.filename for entry in entries}:
        raise InputError("no_document", format=name)


TITLE, AUTHOR, DATE, KEYWORDS = 0.5, 0.4, 0.3, 0.6  # the confidence in each property
_MIN_TITLE_WORDS = 3


def file_properties(
    title: str = "", author: str = "", day: str = "", keywords: str = ""
) -> Iterator[DeclaredField]:
    """The fields that the properties of a file declare; `day` is an ISO 8601 date."""
    if len(title.split()) >= _MIN_TITLE_WORDS:
        yield DeclaredField("title", title, f"title of the file: {title}", TITLE)
    if is_person(author):
        person, _ = person_at(author, 0)
        yield DeclaredField("author", person.name, f"author of the file: {author}", AUTHOR, person)
    if day:
        yield DeclaredField("date", day, f"date of the file: {day}", DATE)
    if keywords:
        yield DeclaredField("themes", keywords, "keywords of the file", KEYWORDS)


MAX_CELL_CHARS = 400  # the longest cell that is a value; a longer cell holds a part of the page


def row_block(cells: Sequence[str], width: int = 0) -> Block:
    shown = [escaped(cell).replace("|", "\\|") for cell in cells]
    shown += [""] * (width - len(shown))
    text = f"| {' | '.join(shown)} |"
    return Block(row_text(cells), text, BlockKind.ROW, stands_alone=False)


def row_text(cells: Sequence[str]) -> str:
    return " : ".join(cells) if len(cells) == 2 else " | ".join(cells)


_HEADING = re.compile(r"(?:heading|titre)\s*(\d)", re.IGNORECASE)
_TITLE = re.compile(r"^(?:title|titre)$", re.IGNORECASE)
_LIST = re.compile(r"list|liste|puces|bullet", re.IGNORECASE)
_NUMBERED = re.compile(r"number|numéro", re.IGNORECASE)
_BULLET = re.compile(rf"^\s*[{BULLETS}·–*-]\s+(?=\S)")
_MAX_DEPTH = 5


def parse_docx(content: bytes, *, url: str = "") -> ParsedPage:
    import docx

    refuse_other(content, "word/document.xml", "Word (.docx)")
    document = docx.Document(io.BytesIO(content))
    blocks = within_limits(_content(document, 0))
    return ParsedPage(blocks, tuple(_declared_fields(document)), source_url=url)


def _content(holder: "Document | _Cell", depth: int) -> Iterator[Block]:
    from docx.table import Table

    blank = True
    for part in holder.iter_inner_content():
        if isinstance(part, Table):
            yield from _table(part, depth)
            blank = True
            continue
        blocks = list(_paragraph(part, blank))
        yield from blocks
        blank = not blocks


def _paragraph(paragraph: "Paragraph", blank: bool) -> Iterator[Block]:
    style = (paragraph.style.name if paragraph.style is not None else "") or ""
    numbering = paragraph._p.pPr is not None and paragraph._p.pPr.numPr is not None
    lines = re.split(r"[\n\v]", paragraph.text)
    for at, line in enumerate(lines):
        if not (text := " ".join(line.split())):
            continue
        if _TITLE.match(style):
            yield Block(text, escaped(text), BlockKind.HEADING, 1)
        elif heading := _HEADING.match(style):
            yield Block(text, escaped(text), BlockKind.HEADING, int(heading[1]) + 1)
        elif numbering or _LIST.search(style) or _BULLET.match(line):
            text = _BULLET.sub("", text)
            number = 1 if _NUMBERED.search(style) else 0
            yield Block(text, escaped(text), BlockKind.ITEM, 0, number, stands_alone=False)
        elif len(lines) == 1 and _is_headline(paragraph, text):
            yield Block(text, escaped(text), BlockKind.HEADING, 3)
        else:
            # A paragraph is set off by its style, unless lines are broken within it.
            yield Block(text, escaped(text), stands_alone=at == 0 or blank)


def _is_headline(paragraph: "Paragraph", text: str) -> bool:
    if len(text) > 120 or text.endswith((".", ":", ";", ",")):
        return False
    runs = [run for run in paragraph.runs if run.text.strip()]
    return bool(runs) and all(run.bold for run in runs)


def _table(table: "Table", depth: int) -> Iterator[Block]:
    from docx.table import _Cell

    if depth > _MAX_DEPTH:
        return
    for row in table.rows:
        # python-docx repeats a cell for each column that it spans, be it a thousand million.
        cells = [_Cell(tc, table) for tc in row._tr.tc_lst]
        texts = [" ".join(cell.text.split()) for cell in cells]
        if any(len(text) > MAX_CELL_CHARS for text in texts) or len(cells) == 1:
            for cell in cells:
                yield from _content(cell, depth + 1)
        elif any(texts):
            yield row_block(texts)


def _declared_fields(document: "Document | Presentation") -> Iterator[DeclaredField]:
    properties = document.core_properties
    created = properties.created
    return file_properties(
        title=properties.title or "",
        author=properties.author or "",
        day=created.date().isoformat() if isinstance(created, datetime) else "",
        keywords=properties.keywords or "",
    )


def parse_pptx(content: bytes, *, url: str = "") -> ParsedPage:
    """The page of a presentation; what its speakers note for themselves is left out."""
    import pptx

    refuse_other(content, "ppt/presentation.xml", "PowerPoint (.pptx)")
    presentation = pptx.Presentation(io.BytesIO(content))
    blocks = within_limits(_slides(presentation))
    return ParsedPage(blocks, tuple(_declared_fields(presentation)), source_url=url)


def _slides(presentation: "Presentation") -> Iterator[Block]:
    for number, slide in enumerate(presentation.slides):
        title = slide.shapes.title
        words = " ".join(title.text_frame.text.split()) if title is not None else ""
        if words:
            yield Block(words, escaped(words), BlockKind.HEADING, 2 if number else 1)
        others = (shape for shape in slide.shapes if title is None or shape != title)
        yield from _shapes(others, 0)


def _shapes(shapes: Iterable[Any], depth: int) -> Iterator[Block]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            if depth < _MAX_DEPTH:
                yield from _shapes(shape.shapes, depth + 1)
        elif getattr(shape, "has_table", False):
            for row in shape.table.rows:
                texts = [" ".join(cell.text.split()) for cell in row.cells]
                if any(texts):
                    yield row_block(texts)
        elif getattr(shape, "has_text_frame", False):
            yield from _paragraphs(shape.text_frame.paragraphs)


def _paragraphs(paragraphs: Iterable[Any]) -> Iterator[Block]:
    texts = [(paragraph.level, " ".join(paragraph.text.split())) for paragraph in paragraphs]
    texts = [(level, text) for level, text in texts if text]
    is_list = len(texts) > 1 and not all(is_prose(text) for _, text in texts)
    for level, text in texts:
        if is_list:
            yield Block(text, escaped(text), BlockKind.ITEM, min(level, 3), stands_alone=False)
        else:
            yield Block(text, escaped(text))
