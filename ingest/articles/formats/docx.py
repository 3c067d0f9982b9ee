"""Articles in Word's format (.docx): headings, lists and tables in their order."""

import io
import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, within_limits
from ingest.articles.formats.file_properties import file_properties
from ingest.articles.formats.table_rows import MAX_CELL_CHARS, row_block
from ingest.articles.formats.zip_guard import refuse_unsafe
from ingest.articles.markdown_escape import escaped
from ingest.articles.typography import BULLETS
from kb.errors import InputError
from kb.text.markdown import plain_text

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table, _Cell
    from docx.text.paragraph import Paragraph

_HEADING = re.compile(r"(?:heading|titre)\s*(\d)", re.IGNORECASE)
_TITLE = re.compile(r"^(?:title|titre)$", re.IGNORECASE)
_LIST = re.compile(r"list|liste|puces|bullet", re.IGNORECASE)
_NUMBERED = re.compile(r"number|numéro", re.IGNORECASE)
_BULLET = re.compile(rf"^\s*[{BULLETS}·–*-]\s+(?=\S)")
_MAX_DEPTH = 5
_MAX_SHOWN_CHARS = 50_000
"""The longest paragraph whose bold and italic words are kept."""


def parse_docx(content: bytes, *, url: str = "") -> ParsedPage:
    """The page of a Word document.

    Raises:
        InputError: it is no Word document, is damaged, or unpacks to too much.
    """
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import XMLSyntaxError

    refuse_unsafe(content, "word/document.xml", "Word (.docx)")
    try:
        document = docx.Document(io.BytesIO(content))
        blocks = within_limits(_content(document, 0))
        declared = tuple(_declared_fields(document))
    except (OpcError, XMLSyntaxError, KeyError, ValueError, AttributeError, BadZipFile, EOFError,
            OSError):  # fmt: skip
        raise InputError("damaged") from None
    return ParsedPage(blocks, declared, source_url=url)


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
    is_short = len(lines) == 1 and len(lines[0]) <= _MAX_SHOWN_CHARS
    shown = _shown(paragraph) if is_short else ""
    for at, line in enumerate(lines):
        text = " ".join(line.split())
        if not text:
            continue
        markdown = shown if shown and plain_text(shown) == text else escaped(text)
        if _TITLE.match(style):
            yield Block(text, markdown, BlockKind.HEADING, 1)
        elif heading := _HEADING.match(style):
            yield Block(text, markdown, BlockKind.HEADING, int(heading[1]) + 1)
        elif numbering or _LIST.search(style) or _BULLET.match(line):
            number = 1 if _NUMBERED.search(style) else 0
            text = _BULLET.sub("", text)
            yield Block(text, _BULLET.sub("", markdown), BlockKind.ITEM, 0, number,
                        stands_alone=False)  # fmt: skip
        elif len(lines) == 1 and _is_headline(paragraph, text):
            yield Block(text, escaped(text), BlockKind.HEADING, 3)
        else:
            # A paragraph is set off by its style, unless lines are broken within it.
            yield Block(text, markdown, stands_alone=at == 0 or blank)


def _is_headline(paragraph: "Paragraph", text: str) -> bool:
    """Whether a paragraph looks like a heading: short, bold, and no sentence."""
    if len(text) > 120 or text.endswith((".", ":", ";", ",")):
        return False
    runs = [run for run in paragraph.runs if run.text.strip()]
    return bool(runs) and all(run.bold for run in runs)


def _shown(paragraph: "Paragraph") -> str:
    """The paragraph as Markdown, with adjacent runs of the same weight joined."""
    runs: list[tuple[str, str]] = []
    for run in paragraph.runs:
        mark = "**" if run.bold else "*" if run.italic else ""
        if runs and runs[-1][0] == mark:
            runs[-1] = (mark, runs[-1][1] + run.text)
        else:
            runs.append((mark, run.text))
    if "".join(text for _, text in runs) != paragraph.text or len(runs) == 1:
        return ""  # what links hold is in no run; a paragraph all in bold is only louder
    pieces = []
    for mark, text in runs:
        words = text.strip()
        if not words:
            pieces.append(text)
            continue
        lead, trail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        pieces.append(f"{lead}{mark}{words}{mark}{trail}")
    return " ".join("".join(pieces).split())


def _table(table: "Table", depth: int) -> Iterator[Block]:
    if depth > _MAX_DEPTH:
        return
    for cells in _rows(table):
        texts = [text for _, text in cells]
        if any(len(text) > MAX_CELL_CHARS for text in texts) or len(cells) == 1:
            for cell, _ in cells:
                if cell is not None:
                    yield from _content(cell, depth + 1)
        elif any(texts):
            yield row_block(texts)


def _rows(table: "Table") -> "Iterator[list[tuple[_Cell | None, str]]]":
    """The cells of each row that begin there, and their texts.

    Of a cell that goes on from the row above, the text is said again. python-docx repeats a cell
    for each column that it spans, be it a thousand million.
    """
    from docx.table import _Cell

    above: dict[int, str] = {}
    for row in table.rows:
        cells: list[tuple[_Cell | None, str]] = []
        begun: dict[int, str] = {}
        column = row.grid_cols_before
        for tc in row._tr.tc_lst:
            goes_on = tc.vMerge == "continue" and column in above
            cell = None if goes_on else _Cell(tc, table)
            begun[column] = above[column] if cell is None else " ".join(cell.text.split())
            cells.append((cell, begun[column]))
            column += max(1, tc.grid_span)
        yield cells
        above = begun


def _declared_fields(document: "Document") -> Iterator[DeclaredField]:
    properties = document.core_properties
    created = properties.created
    return file_properties(
        title=properties.title,
        author=properties.author or "",
        day=created.date().isoformat() if isinstance(created, datetime) else "",
        keywords=properties.keywords,
    )
