"""Feeds, RSS and Atom: what each item declares, and its article if the feed holds it."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from ingest.articles.article import MAX_FEED_ITEMS, MAX_TEXT_BYTES, Article, Person
from ingest.articles.blocks import DeclaredField
from ingest.articles.formats.html.page import feed_link, parse_html_fragment
from ingest.articles.metadata.dates import only_date
from ingest.articles.metadata.person_names import is_organisation, person_named
from ingest.articles.readers import article_of, checked
from ingest.encodings import whole_characters
from ingest.fetching.safe_fetch import Fetched, Fetcher
from kb.errors import InputError
from kb.remarks import Remark

if TYPE_CHECKING:
    from feedparser import FeedParserDict

_FEED = re.compile(rb"<\s*(?:\w+:)?(?:rss|feed|RDF)\b")
_PAGE = re.compile(rb"<\s*(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_NAME_IN_BRACKETS = re.compile(r"\S+@\S+\s+\((?P<name>[^)]+)\)")
_TAG = re.compile(r"<[^<>]*>")
_CUT = re.compile(r"(?:\[…\]|\[\.\.\.\]|\[&#8230;\]|…|\.\.\.)\s*(?:<[^<>]+>\s*)*$")
_MIN_WHOLE_CHARS = 600  # the shortest summary that is the article itself rather than its beginning
_END_CHARS = 1_000  # the length of the end in which marks of a cut are looked for
_MAX_AUTHOR_CHARS = 300


@dataclass(frozen=True, slots=True)
class FeedItem:
    """An item of a feed. `article` is what the feed holds of it, `is_whole` whether that is all."""

    url: str
    title: str
    article: Article | None
    is_whole: bool


def is_feed(content: bytes) -> bool:
    return bool(_FEED.search(content[:4096]))


def read_feed(content: bytes, *, url: str = "") -> list[FeedItem]:
    import feedparser

    if not is_feed(content):
        if not _PAGE.search(content[:4096]):
            raise InputError("no_feed")
        link = feed_link(content.decode("utf-8", "replace"), url)
        raise InputError("page_with_feed", link=link) if link else InputError("page_not_feed")
    if len(content) > MAX_TEXT_BYTES:
        raise InputError("large_feed", size=len(content), most=MAX_TEXT_BYTES)
    headers = {"content-location": url} if url else None
    feed = feedparser.parse(io.BytesIO(content), response_headers=headers)
    if not (entries := feed.get("entries", [])):
        raise InputError("empty_feed")
    lang = str(feed.get("feed", {}).get("language") or "")[:2].lower()
    return [_item(entry, url, lang) for entry in entries[:MAX_FEED_ITEMS]]


def item_article(
    item: FeedItem, fetcher: Fetcher | None, read: Callable[[Fetched], Article]
) -> Article:
    """The article of an item: the feed's own if it is whole, else that of its link, by `read`."""
    if item.is_whole and item.article is not None:
        return checked(item.article)
    if fetcher is None or not item.url:
        if item.article is not None and item.article.text:
            remark = Remark("short_item")
            return replace(item.article, remarks=(*item.article.remarks, remark))
        raise InputError("no_item_text", title=item.title)
    article = read(fetcher.fetch(item.url))
    return _filled(article, item.article) if item.article is not None else article


def _filled(article: Article, feed_article: Article) -> Article:
    values: dict[str, Any] = {
        name: getattr(feed_article, name)
        for name in ("title", "date", "themes", "author")
        if not getattr(article, name) or getattr(article, name) == Person()
    }
    known = {found.field for found in article.found}
    added = tuple(found for found in feed_article.found if found.field not in known)
    return replace(article, **values, found=(*article.found, *added))


def _item(entry: "FeedParserDict", base: str, lang: str) -> FeedItem:
    url = urljoin(base, str(entry.get("link") or ""))
    title = " ".join(_plain(_said(entry, "title")).split())
    content, is_whole = _content(entry)
    article = None
    with suppress(InputError):  # its link may lead to an article all the same
        article = _article(entry, content, url, title, lang) if content or title else None
    return FeedItem(url, title, article, is_whole and bool(article and article.text))


def _content(entry: "FeedParserDict") -> tuple[str, bool]:
    whole = [_said(part, "value") for part in entry.get("content", [])]
    summary = _said(entry, "summary")
    best = max([*whole, summary], key=len)
    length = len(_plain(best))
    cut = bool(_CUT.search(best[-_END_CHARS:]))
    is_whole = bool(whole) and best in whole
    return best, length > 0 and not cut and (is_whole or length >= _MIN_WHOLE_CHARS)


def _article(entry: "FeedParserDict", content: str, url: str, title: str, lang: str) -> Article:
    page = replace(
        parse_html_fragment(content, url=url),
        declared=tuple(_declared_fields(entry, title)),
        lang=lang if lang in {"fr", "en"} else "",
        source_url=url if url.startswith(("http://", "https://")) else "",
    )
    return article_of(page)


def _declared_fields(entry: "FeedParserDict", title: str) -> Iterator[DeclaredField]:
    if title:
        yield DeclaredField("title", title, "title of the item", 0.95)
    author = " ".join(_said(entry, "author")[:_MAX_AUTHOR_CHARS].split())
    if match := _NAME_IN_BRACKETS.match(author):
        author = match["name"]
    if author and "@" not in author and not is_organisation(author):
        person = person_named(author)
        confidence = 0.9 if " " in person.name else 0.6
        yield DeclaredField(
            "author", person.name, f"author of the item: {author}", confidence, person
        )
    for field, key in (("date", "published"), ("modified", "updated")):
        moment = entry.get(f"{key}_parsed") if key in entry else None
        # feedparser copies the date of the update to the publication where no other is given.
        if moment and not (field == "modified" and "published" not in entry):
            iso = _iso(str(entry[key]), moment)
            yield DeclaredField(field, iso, f"{key} of the item: {entry[key]}", 0.9)
    if "published" not in entry and entry.get("updated_parsed"):
        iso = _iso(str(entry["updated"]), entry["updated_parsed"])
        yield DeclaredField("date", iso, f"updated of the item: {entry['updated']}", 0.7)
    themes = [_said(tag, "term") or _said(tag, "label") for tag in entry.get("tags", [])]
    if themes := [theme for theme in themes if theme and "://" not in theme]:
        yield DeclaredField("themes", " ; ".join(themes), "categories of the item", 0.85)


def _iso(written: str, moment: Any) -> str:
    """The moment in its own time zone if it is written in a known form, else in UTC."""
    if iso := only_date(written):
        return iso
    year, month, day, hour, minute = moment[:5]
    return datetime(year, month, day, hour, minute, tzinfo=UTC).isoformat(timespec="minutes")


def _said(entry: Any, name: str) -> str:
    """What an entry says under a name, in characters that can be kept."""
    return whole_characters(str(entry.get(name) or ""))


def _plain(html: str) -> str:
    return _TAG.sub(" ", html)
