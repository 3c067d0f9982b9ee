"""Articles in OpenDocument text (.odt) and EPUB."""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ingest.articles.article import NoArticle
from ingest.articles.blocks import Block, DeclaredField, ParsedPage, within_limits
from ingest.articles.formats.html.page import parse_html
from ingest.articles.formats.office import file_properties, refuse_other
from ingest.articles.formats.text import parse_text
from ingest.articles.metadata.dates import dates_in
from ingest.articles.metadata.person_names import person_named

if TYPE_CHECKING:
    from lxml.etree import _Element
    from odfdo import Document

_NOT_TEXT = ("office:annotation", "text:note", "text:tracked-changes", "draw:frame",
             "text:table-of-content", "office:forms")  # fmt: skip
_HYPHEN = re.compile(r"(?<=\w)\\-")  # a hyphen that the library escapes, within a word


def parse_odt(content: bytes, *, url: str = "") -> ParsedPage:
    from odfdo import Document

    refuse_other(content, "content.xml", "OpenDocument (.odt)")
    document = Document(io.BytesIO(content))
    for tag in _NOT_TEXT:
        for element in document.body.get_elements(f"//{tag}"):
            element.delete()
    page = parse_text(_HYPHEN.sub("-", str(document.to_markdown())))
    return replace(page, declared=tuple(_declared_fields(document)), source_url=url)


def _declared_fields(document: "Document") -> Iterator[DeclaredField]:
    meta = document.meta
    created = meta.creation_date
    return file_properties(
        title=meta.title or "",
        author=meta.initial_creator or meta.creator or "",
        day=created.date().isoformat() if created else "",
        keywords=meta.keyword or "",
    )


DECLARED = 0.9  # the confidence in what a book says of itself
_CONTAINER = "META-INF/container.xml"


def parse_epub(content: bytes, *, url: str = "") -> ParsedPage:
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
    if title := _said(package, "title"):
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
