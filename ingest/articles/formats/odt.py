"""Articles in OpenDocument text (.odt): headings, lists and tables in their order."""

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, within_limits
from ingest.articles.formats.file_properties import file_properties
from ingest.articles.formats.table_rows import MAX_CELL_CHARS, row_block
from ingest.articles.formats.zip_guard import refuse_unsafe
from ingest.articles.markdown_escape import escaped
from kb.errors import InputError

if TYPE_CHECKING:
    from odfdo import Document, Element

_PARAGRAPH, _HEADING, _LIST, _ITEM = "text:p", "text:h", "text:list", "text:list-item"
_TABLE, _ROW, _CELL = "table:table", "table:table-row", "table:table-cell"
_ROW_GROUPS = {"table:table-header-rows", "table:table-rows", "table:table-row-group"}
_NOT_TEXT = {"office:annotation", "text:note", "text:tracked-changes", "draw:frame",
             "text:table-of-content", "office:forms"}  # fmt: skip
_BREAK = re.compile(r"\n+")
_MAX_DEPTH = 60


def parse_odt(content: bytes, *, url: str = "") -> ParsedPage:
    """The page of an OpenDocument text.

    Raises:
        InputError: it is no such text, is damaged or encrypted, or unpacks to too much.
    """
    from lxml.etree import XMLSyntaxError
    from odfdo import Document

    refuse_unsafe(content, "content.xml", "OpenDocument (.odt)")
    try:
        document = Document(io.BytesIO(content))
        blocks = within_limits(_content(document.body, 0))
        declared = tuple(_declared_fields(document))
    except (XMLSyntaxError, KeyError, ValueError, AttributeError, TypeError, BadZipFile, OSError,
            EOFError):  # fmt: skip
        raise InputError("damaged_or_encrypted") from None
    return ParsedPage(blocks, declared, source_url=url)


def _content(element: "Element", depth: int) -> Iterator[Block]:
    if depth > _MAX_DEPTH:
        return
    blank = True
    for child in element.children:
        tag = child.tag
        if tag in _NOT_TEXT:
            continue
        if tag == _PARAGRAPH:
            style = child.get_attribute_string("text:style-name") or ""
            blocks = list(_paragraph(child, blank))
            if style in {"Title", "Titre"}:
                blocks = [
                    Block(block.text, block.markdown, BlockKind.HEADING, 1) for block in blocks
                ]
            yield from blocks
            blank = not blocks
        elif tag == _HEADING:
            text = _text_of(child)
            level = int(child.get_attribute_string("text:outline-level") or 1)
            if text:
                yield Block(text, escaped(text), BlockKind.HEADING, level)
        elif tag == _LIST:
            yield from _list(child, 0)
        elif tag == _TABLE:
            yield from _table(child, depth)
        else:
            yield from _content(child, depth + 1)


def _paragraph(element: "Element", blank: bool) -> Iterator[Block]:
    for at, line in enumerate(_BREAK.split(_text(element))):
        text = " ".join(line.split())
        if text:
            yield Block(text, escaped(text), stands_alone=at == 0 or blank)


def _list(element: "Element", level: int) -> Iterator[Block]:
    for item in element.children:
        if item.tag != _ITEM:
            continue
        for part in item.children:
            if part.tag == _LIST:
                yield from _list(part, min(level + 1, 3))
            elif text := _text_of(part):
                yield Block(text, escaped(text), BlockKind.ITEM, level, stands_alone=False)


def _table(table: "Element", depth: int) -> Iterator[Block]:
    for row in _rows(table):
        cells = [cell for cell in row.children if cell.tag == _CELL]
        texts = [_text_of(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if len(texts) == 1 or any(len(text) > MAX_CELL_CHARS for text in texts):
            for cell in cells:
                yield from _content(cell, depth + 1)
        elif any(texts):
            yield row_block(texts)


def _rows(part: "Element") -> "Iterator[Element]":
    """The rows of a table, or of a part of it; those of tables within it are read with these."""
    for child in part.children:
        if child.tag == _ROW:
            yield child
        elif child.tag in _ROW_GROUPS:
            yield from _rows(child)


def _text(element: "Element") -> str:
    """The text of an element, whose spaces, tabs and line ends are elements of their own."""
    pieces = [element.text or ""]
    for child in element.children:
        if child.tag == "text:line-break":
            pieces.append("\n")
        elif child.tag in {"text:s", "text:tab"}:
            pieces.append(" ")
        elif child.tag not in _NOT_TEXT:
            pieces.append(_text(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


def _text_of(element: "Element") -> str:
    parts = [_text(child) for child in element.children if child.tag in {_PARAGRAPH, _HEADING}]
    return " ".join(" ".join(parts or [_text(element)]).split())


def _declared_fields(document: "Document") -> Iterator[DeclaredField]:
    meta = document.meta
    created = meta.creation_date
    return file_properties(
        title=meta.title or "",
        author=meta.initial_creator or meta.creator or "",
        day=created.date().isoformat() if created else "",
        keywords=meta.keyword or "",
    )
