"""What a page declares about itself: JSON-LD, meta tags, its title, its address."""

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ingest.articles import lexicon
from ingest.articles.article import Person
from ingest.articles.blocks import DeclaredField
from ingest.articles.formats.html_parsing import parsed
from ingest.articles.metadata.dates import dates_in
from ingest.articles.metadata.person_names import bare_name, is_organisation, person_at
from ingest.articles.metadata.same_length_fold import plain

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_IMPRECISE_NAMES = {"", *lexicon.phrases("account_names")}


class Head:
    """The values that a page declares about itself; `lang` and `address` may be empty."""

    def __init__(self, text: str, url: str) -> None:
        self._root = parsed(text)
        self._meta: dict[str, list[str]] = {}
        self._declared: list[DeclaredField] = []
        self.lang = ""
        self.address = ""
        if self._root is None:
            return
        for meta in self._root.iter("meta"):
            name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
            value = " ".join((meta.get("content") or "").split())
            if name and value:
                self._meta.setdefault(name, []).append(unescape(value))
        self.lang = (self._root.get("lang") or "")[:2].lower()
        if self.lang and self.lang not in {"fr", "en"}:
            self.lang = ""
        self.address = self._address(url)

    def declared_fields(self) -> list[DeclaredField]:
        if self._root is None:
            return []
        self._read_linked_data()
        self._read_meta()
        self._read_title()
        return self._declared

    def _add(self, field: str, value: str, where: str, confidence: float) -> None:
        if value:
            self._declared.append(DeclaredField(field, value, where, confidence))

    def _address(self, url: str) -> str:
        if self._root is None:
            return ""
        links = [link.get("href") or "" for link in self._root.iter("link")
                 if "canonical" in (link.get("rel") or "").lower().split()]  # fmt: skip
        for address in [*links, *self._meta.get("og:url", [])]:
            full = urljoin(url, address.strip())
            parts = urlsplit(full)
            same_host = not url or _host(full) == _host(url)
            # The address of a site's home says nothing of this page.
            if (
                parts.scheme in {"http", "https"}
                and parts.netloc
                and same_host
                and (parts.path.strip("/") or parts.query)
            ):
                return str(full)
        return ""

    def _read_linked_data(self) -> None:
        for script in self._root.iter("script") if self._root is not None else ():
            if (script.get("type") or "").strip().lower() != "application/ld+json":
                continue
            try:
                data = json.loads(script.text or "", strict=False)
            except (ValueError, RecursionError):
                continue
            for article in _articles_in(data, 0):
                self._read_article_data(article)

    def _read_article_data(self, data: Mapping[str, object]) -> None:
        where = "JSON-LD"
        self._add("title", _words(data.get("headline")), f"{where}: headline", 0.85)
        for field, key in (("date", "datePublished"), ("modified", "dateModified")):
            value = _words(data.get(key))
            self._add_date(field, value, f"{where}: {key}", 0.88)
        self._add_people(data.get("author"), f"{where}: author", 0.9)
        keywords = data.get("keywords")
        names = [_words(word) for word in keywords] if isinstance(keywords, list) else []
        value = " ; ".join(filter(None, names)) or _words(keywords)
        self._add("themes", value, f"{where}: keywords", 0.8)

    def _add_people(self, value: object, where: str, confidence: float) -> None:
        values = value if isinstance(value, list) else [value]
        people = [
            person
            for person in map(_person, values)
            if person.name and plain(person.name) not in _IMPRECISE_NAMES
        ]
        site = plain(" ".join(self._meta.get("og:site_name", [])))
        titles = plain(" | ".join(title.text_content() for title in self._root_titles()))
        people = [
            person
            for person in people
            if plain(person.name) != site and not titles.endswith(f" {plain(person.name)}")
        ]
        if not people or any(is_organisation(person.name) for person in people):
            return
        name = ", ".join(person.name for person in people)
        if len(people) == 1 and " " not in name:
            confidence -= 0.3  # the name of an account
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
        for name in ("og:title", "dc.title", "dcterms.title", "citation_title", "twitter:title"):
            for value in self._meta.get(name, [])[:1]:
                self._add("title", self._without_site(value), f"{name}: {value}", 0.8)
        for name in ("article:published_time", "dc.date", "dcterms.date", "dc.date.issued", "date",
                     "dcterms.created", "dcterms.issued", "citation_publication_date", "pubdate",
                     "citation_date", "datepublished", "dc.date.created", "publish_date",
                     ):  # fmt: skip
            for value in self._meta.get(name, [])[:1]:
                self._add_date("date", value, name, 0.86)
        for name in ("article:modified_time", "og:updated_time", "dcterms.modified", "datemodified",
                     "last-modified", "dc.date.modified"):  # fmt: skip
            for value in self._meta.get(name, [])[:1]:
                self._add_date("modified", value, name, 0.84)
        for name in ("author", "dc.creator", "dcterms.creator", "article:author",
                     "citation_author", "parsely-author"):  # fmt: skip
            values = [value for value in self._meta.get(name, []) if "://" not in value]
            self._add_people(values, name, 0.8)
        for name, confidence in (("article:tag", 0.82), ("dc.subject", 0.7),
                                 ("dcterms.subject", 0.7), ("citation_keywords", 0.7),
                                 ("news_keywords", 0.7), ("keywords", 0.6)):  # fmt: skip
            values = self._meta.get(name, [])
            if len(values) > 0 and len(" ".join(values)) < 400:
                self._add("themes", " ; ".join(values) if len(values) > 1 else values[0], name,
                          confidence)  # fmt: skip

    def _root_titles(self) -> "list[HtmlElement]":
        return list(self._root.iter("title"))[:1] if self._root is not None else []

    def _read_title(self) -> None:
        for element in self._root_titles():
            title = " ".join(element.text_content().split())
            self._add("title", self._without_site(title), f"title: {title}", 0.5)

    def _without_site(self, title: str) -> str:
        sites = {plain(name) for name in self._meta.get("og:site_name", [])}
        parts = re.split(r"\s+[|·•»–—-]\s+", title)
        if len(parts) > 1 and (plain(parts[-1]) in sites or "|" in title):
            cut = title.rindex(parts[-1])
            return title[:cut].rstrip(" |·•»–—-")
        return title


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _articles_in(data: object, depth: int) -> Iterator[Mapping[str, object]]:
    """The articles that JSON-LD describes, at any depth to which pages nest them."""
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
    name = _words(value)
    found, end = person_at(name, 0)
    if found.name and end >= len(name):
        return Person(found.name, job or found.job)
    return Person(bare_name(name), job)
