"""A page of HTML as blocks, and what it declares about itself."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ingest.articles import lexicon
from ingest.articles.article import NoArticle, Person
from ingest.articles.blocks import DeclaredField, ParsedPage, within_limits
from ingest.articles.formats.html.blocks import blocks_of
from ingest.articles.formats.html.tree import html_text, parsed, sanitised
from ingest.articles.metadata.dates import dates_in
from ingest.articles.metadata.labels import is_desk
from ingest.articles.metadata.person_names import is_organisation, person_named
from ingest.articles.typography import plain

if TYPE_CHECKING:
    from lxml.html import HtmlElement

LINKED_AUTHOR, LINKED_DATE, LINKED_TITLE, LINKED_THEMES, TITLE_ELEMENT = 0.9, 0.88, 0.85, 0.8, 0.5
"""The confidence in values of JSON-LD, and in the element `title`."""
ACCOUNT_COST = 0.3  # confidence subtracted from a single-word name: it is an account's
_META_NAMES = tuple(
    (field, float(confidence), name) for field, confidence, name in lexicon.rows("meta_names", 3)
)
_MAX_KEYWORDS_CHARS = 400
_IMPRECISE_NAMES = {"", *lexicon.phrases("account_names")}


class Head:
    """The values that a page declares about itself; `lang` and `address` may be empty."""

    def __init__(self, text: str, url: str) -> None:
        self._root = parsed(text)
        self._declared: list[DeclaredField] = []
        self._meta: dict[str, list[str]] = {}
        for meta in self._elements("meta"):
            name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
            value = " ".join((meta.get("content") or "").split())
            if name and value:
                self._meta.setdefault(name, []).append(unescape(value))
        self._title = next((title.text_content() for title in self._elements("title")), "")
        lang = ((self._root.get("lang") if self._root is not None else "") or "")[:2].lower()
        self.lang = lang if lang in {"fr", "en"} else ""
        self.address = self._address(url)

    def declared_fields(self) -> list[DeclaredField]:
        self._read_linked_data()
        self._read_meta()
        title = " ".join(self._title.split())
        self._add("title", self._without_site(title), f"title: {title}", TITLE_ELEMENT)
        return self._declared

    def _elements(self, tag: str) -> "list[HtmlElement]":
        return list(self._root.iter(tag)) if self._root is not None else []

    def _add(self, field: str, value: str, where: str, confidence: float) -> None:
        if value:
            self._declared.append(DeclaredField(field, value, where, confidence))

    def _address(self, url: str) -> str:
        links = [link.get("href") or "" for link in self._elements("link")
                 if "canonical" in (link.get("rel") or "").lower().split()]  # fmt: skip
        for address in [*links, *self._meta.get("og:url", [])]:
            full = str(urljoin(url, address.strip()))
            parts = urlsplit(full)
            is_of_host = not url or _host(full) == _host(url)
            # The address of a site's home is not that of this page.
            is_of_page = parts.path.strip("/") or parts.query
            if parts.scheme in {"http", "https"} and parts.netloc and is_of_host and is_of_page:
                return full
        return ""

    def _read_linked_data(self) -> None:
        for script in self._elements("script"):
            if (script.get("type") or "").strip().lower() != "application/ld+json":
                continue
            try:
                data = json.loads(script.text or "", strict=False)
            except (ValueError, RecursionError):
                continue
            for article in _articles_in(data, 0):
                self._read_article_data(article)

    def _read_article_data(self, data: Mapping[str, object]) -> None:
        keywords = data.get("keywords")
        themes = map(_words, keywords) if isinstance(keywords, list) else [_words(keywords)]
        self._add("title", _words(data.get("headline")), "JSON-LD: headline", LINKED_TITLE)
        for field, key in (("date", "datePublished"), ("modified", "dateModified")):
            self._add_date(field, _words(data.get(key)), f"JSON-LD: {key}", LINKED_DATE)
        self._add_people(data.get("author"), "JSON-LD: author", LINKED_AUTHOR)
        self._add("themes", " ; ".join(filter(None, themes)), "JSON-LD: keywords", LINKED_THEMES)

    def _add_people(self, value: object, where: str, confidence: float) -> None:
        values = value if isinstance(value, list) else [value]
        no_names = {*_IMPRECISE_NAMES, plain(" ".join(self._meta.get("og:site_name", [])))}
        title = plain(self._title)
        people = [
            person
            for person in map(_person, values)
            if (name := plain(person.name)) not in no_names and not title.endswith(f" {name}")
        ]
        names = [person.name for person in people]
        if not names or any(is_organisation(name) and not is_desk(name) for name in names):
            return
        name = ", ".join(names)
        if len(people) == 1 and " " not in name:
            confidence -= ACCOUNT_COST
        person = Person(name, people[0].job if len(people) == 1 else "")
        self._declared.append(DeclaredField("author", name, f"{where}: {name}", confidence, person))

    def _add_date(self, field: str, value: str, where: str, confidence: float) -> None:
        for found in dates_in(value):
            if found.start == 0:
                iso = found.iso
                # Midnight to the second is how a day without a time is stored.
                if re.fullmatch(r".*T00:00(?::00)?(?:\+00:00)?", iso):
                    iso = iso[:10]
                self._add(field, iso, f"{where}: {value}", confidence)
            break

    def _read_meta(self) -> None:
        for field, confidence, name in _META_NAMES:
            values = self._meta.get(name, [])
            if field == "author":
                self._add_people(
                    [value for value in values if "://" not in value], name, confidence
                )
            elif field == "themes" and len(" ".join(values)) < _MAX_KEYWORDS_CHARS:
                self._add(field, " ; ".join(values), name, confidence)
            elif field == "title":
                for title in values[:1]:
                    self._add(field, self._without_site(title), f"{name}: {title}", confidence)
            elif field in {"date", "modified"}:
                for date in values[:1]:
                    self._add_date(field, date, name, confidence)

    def _without_site(self, title: str) -> str:
        sites = {plain(name) for name in self._meta.get("og:site_name", [])}
        parts = re.split(r"\s+[|·•»–—-]\s+", title)
        if len(parts) > 1 and (plain(parts[-1]) in sites or "|" in title):
            return title[: title.rindex(parts[-1])].rstrip(" |·•»–—-")
        return title


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _articles_in(data: object, depth: int) -> Iterator[Mapping[str, object]]:
    if depth > 6:
        return
    if isinstance(data, list):
        for item in data[:200]:
            yield from _articles_in(item, depth + 1)
    elif isinstance(data, dict):
        kinds = data.get("@type")
        names = kinds if isinstance(kinds, list) else [kinds]
        if any(re.search(r"Article|Posting|Report$|^WebPage$", str(name)) for name in names):
            yield data
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _articles_in(data.get(key), depth + 1)


def _words(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value")
    return " ".join(unescape(str(value)).split()) if isinstance(value, str | int) else ""


def _person(value: object) -> Person:
    job = _words(value.get("jobTitle")) if isinstance(value, dict) else ""
    if isinstance(value, dict) and value.get("@type") == "Organization":
        return Person()
    person = person_named(_words(value))
    return Person(person.name, job or person.job)


def parse_html(content: bytes | str, *, url: str = "", declared_encoding: str = "") -> ParsedPage:
    text = html_text(content, declared_encoding)
    head = Head(text, url)
    blocks = within_limits(blocks_of(sanitised(text), head.address or url))
    if not any(block.text for block in blocks):
        raise NoArticle("script_page")
    return ParsedPage(blocks, tuple(head.declared_fields()), head.lang, head.address or url)


def feed_link(text: str, url: str) -> str:
    root = parsed(text)
    for link in root.iter("link") if root is not None else ():
        kind = (link.get("type") or "").lower()
        if "alternate" in (link.get("rel") or "").lower() and re.search(r"(?:rss|atom)\+xml", kind):
            with suppress(ValueError):  # an address that is none
                return str(urljoin(url, link.get("href") or ""))
    return ""


def parse_html_fragment(fragment: str, *, url: str = "") -> ParsedPage:
    return ParsedPage(within_limits(blocks_of(sanitised(fragment), url)))
