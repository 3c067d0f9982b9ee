"""Articles in OpenDocument text (.odt) and EPUB."""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ingest.articles.article import NoArticle
from ingest.articles.blocks import Block, BlockKind, DeclaredField, ParsedPage, within_limits
from ingest.articles.formats.html.page import parse_html
from ingest.articles.formats.office import MAX_CELL_CHARS, file_properties, refuse_other, row_block
from ingest.articles.markdown_escape import escaped
from ingest.articles.metadata.dates import dates_in
from ingest.articles.metadata.person_names import person_named

if TYPE_CHECKING:
    from lxml.etree import _Element
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
        InputError: it is no such text, is damaged or encrypted.
    """
    from odfdo import Document

    refuse_other(content, "content.xml", "OpenDocument (.odt)")
    document = Document(io.BytesIO(content))
    blocks = within_limits(_content(document.body, 0))
    declared = tuple(_declared_fields(document))
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


DECLARED = 0.9
"""The confidence in what a book says of itself."""
_CONTAINER = "META-INF/container.xml"


def parse_epub(content: bytes, *, url: str = "") -> ParsedPage:
    """The page of an EPUB.

    Raises:
        InputError: it is no EPUB, is damaged.
    """
    refuse_other(content, _CONTAINER, "EPUB (.epub)")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        rootfile = _tree(archive, _CONTAINER).find(".//{*}rootfile")
        path = (rootfile.get("full-path") if rootfile is not None else None) or ""
        package = _tree(archive, path)
        blocks = within_limits(_spine(archive, package, posixpath.dirname(path)))
        declared = tuple(_package_fields(package))
        lang = (package.findtext(".//{*}language") or "")[:2].lower()
    return ParsedPage(blocks, declared, lang if lang in {"fr", "en"} else "", source_url=url)


def _tree(archive: zipfile.ZipFile, name: str) -> "_Element":
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return etree.fromstring(archive.read(name), parser)


def _spine(archive: zipfile.ZipFile, package: "_Element", folder: str) -> Iterator[Block]:
    read: set[str] = set()
    items = {item.get("id"): item for item in package.iterfind(".//{*}manifest/{*}item")}
    for reference in package.iterfind(".//{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        path = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
        if path in read:
            continue
        read.add(path)
        with suppress(NoArticle):  # a cover, a page with a picture
            yield from parse_html(archive.read(path)).blocks


def _package_fields(package: "_Element") -> Iterator[DeclaredField]:
    title = _said(package, "title")
    if title:
        yield DeclaredField("title", title[0], f"dc:title: {title[0]}", DECLARED)
    if creators := ", ".join(_said(package, "creator")):
        person = person_named(creators)
        yield DeclaredField("author", person.name, f"dc:creator: {creators}", DECLARED, person)
    for written in _said(package, "date")[:1]:
        for found in dates_in(written):
            yield DeclaredField("date", found.iso[:10], f"dc:date: {written}", DECLARED)
            break
    if subjects := _said(package, "subject"):
        yield DeclaredField("themes", " ; ".join(subjects), "dc:subject", DECLARED)


def _said(package: "_Element", name: str) -> list[str]:
    found = package.iterfind(f".//{{http://purl.org/dc/elements/1.1/}}{name}")
    return [words for each in found if (words := " ".join((each.text or "").split()))]
