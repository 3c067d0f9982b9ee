"""Articles in EPUB: the documents of its spine, one after the other."""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ingest.articles.article import NoArticle
from ingest.articles.blocks import Block, DeclaredField, ParsedPage, within_limits
from ingest.articles.formats.html.page import parse_html
from ingest.articles.formats.zip_guard import refuse_unsafe
from ingest.articles.metadata.dates import dates_in
from ingest.articles.metadata.person_names import person_named
from kb.errors import InputError

if TYPE_CHECKING:
    from lxml.etree import _Element

DECLARED = 0.9
"""The confidence in what a book says of itself."""
MAX_DOCUMENTS = 500
"""The documents of a book that are read."""
_CONTAINER = "META-INF/container.xml"


def parse_epub(content: bytes, *, url: str = "") -> ParsedPage:
    """The page of an EPUB.

    Raises:
        InputError: it is no EPUB, is damaged, or unpacks to too much.
    """
    from lxml.etree import XMLSyntaxError

    refuse_unsafe(content, _CONTAINER, "EPUB (.epub)")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            rootfile = _tree(archive, _CONTAINER).find(".//{*}rootfile")
            path = rootfile.get("full-path") if rootfile is not None else None
            package = _tree(archive, path or "")
            blocks = within_limits(_content(archive, package, posixpath.dirname(path or "")))
            declared = tuple(_declared_fields(package))
            lang = (package.findtext(".//{*}language") or "")[:2].lower()
    except (XMLSyntaxError, KeyError, ValueError, zipfile.BadZipFile, EOFError, OSError):
        raise InputError("damaged") from None
    return ParsedPage(blocks, declared, lang if lang in {"fr", "en"} else "", source_url=url)


def _tree(archive: zipfile.ZipFile, name: str) -> "_Element":
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return etree.fromstring(archive.read(name), parser)


def _content(archive: zipfile.ZipFile, package: "_Element", folder: str) -> Iterator[Block]:
    read: set[str] = set()
    items = {item.get("id"): item for item in package.iterfind(".//{*}manifest/{*}item")}
    references = package.iterfind(".//{*}spine/{*}itemref")
    for reference in islice(references, MAX_DOCUMENTS):
        item = items.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        path = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
        if path in read:
            continue  # a spine that names a long document again and again would take hours
        read.add(path)
        with suppress(NoArticle):  # a cover, a page with a picture
            yield from parse_html(archive.read(path)).blocks


def _declared_fields(package: "_Element") -> Iterator[DeclaredField]:
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
