"""Submits articles, pasted, as files or by address, for the pages, the API and the intake."""

import hashlib
import io
import json
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from ingest.articles.article import Article
from ingest.articles.feeds import FeedItem, item_article
from ingest.drafting import Drafting
from ingest.fetching.safe_fetch import FEED_TYPES, PAGE_TYPES, Fetched, Fetcher
from ingest.reading import (
    document_of,
    fetched_document,
    pasted_document,
    read_document,
)
from ingest.records.fields import one_line
from ingest.uploads import forget_upload, keep_upload, plain_name
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase
from kb.registers.drafts import Draft
from kb.registers.jobs import Job
from kb.settings import Settings

if TYPE_CHECKING:
    from ingest.extraction.llm import Assistant


_NAME_CHARS = 60

LONG_CHARS = 20_000
"""A longer text is searched for proposals by a job: that takes four seconds of the processor."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What was handed in: the `parameter` of a job for it, its name or address, and its content."""

    parameter: str
    name: str
    content: bytes = b""


class LongArticle(Exception):
    """An article is too long to be searched for proposals at once; nothing of it is kept yet."""

    def __init__(self, handed_in: HandedIn) -> None:
        super().__init__()
        self.handed_in = handed_in


class Submitted(NamedTuple):
    draft: Draft
    article: Article


class Submissions:
    """Makes drafts of the articles that an account hands in.

    Every way in raises `AlreadyKnown` where a draft or a case tells the same article, `NoArticle`
    where there is none, and `InputError` where it cannot be read or kept. Without a fetcher,
    addresses are refused. `submitted` drafts are ready for a moderator. With `long_later`, texts,
    contents and pages raise `LongArticle` where somebody would wait for long: `later` takes those.
    """

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        *,
        by: str,
        fetcher: Fetcher | None = None,
        assistant: "Assistant | None" = None,
        submitted: bool = True,
        long_later: bool = False,
    ) -> None:
        self.by = by
        self._knowledge_base = knowledge_base
        self._long_later = long_later
        self._drafting = Drafting(knowledge_base, by=by, assistant=assistant)
        self._fetcher = fetcher
        self._submitted = submitted

    @classmethod
    def from_settings(
        cls,
        knowledge_base: KnowledgeBase,
        settings: Settings,
        *,
        by: str = "",
        submitted: bool = True,
        long_later: bool = False,
    ) -> Self:
        from ingest.extraction.llm import Assistant

        return cls(
            knowledge_base,
            by=by,
            fetcher=Fetcher.from_settings(settings),
            assistant=Assistant.from_settings(settings),
            submitted=submitted,
            long_later=long_later,
        )

    def text(self, text: str, title: str = "") -> Submitted:
        """Submits a text that was pasted; the title is put above it."""
        title = title.strip()
        whole = f"{title}\n\n{text}" if title else text
        content = whole.encode()
        name = plain_name(f"{one_line(whole)[:_NAME_CHARS]}.txt")
        handed_in = HandedIn("texts", name, content)
        return self._submit(lambda: pasted_document(whole), "pasted", content, handed_in)

    def content(self, name: str, content: bytes) -> Submitted:
        """Submits the content of a file, whose name says its format."""
        suffix = Path(name).suffix.lower()
        handed_in = HandedIn("paths", name, content)
        return self._submit(lambda: document_of(content, suffix), name, content, handed_in)

    def file(self, path: Path) -> Submitted:
        """Submits a file of this machine."""
        return self._submit(lambda: read_document(path), path.name)

    def fetch(self, url: str, types: Collection[str] = PAGE_TYPES) -> Fetched:
        """Fetches what is at an address, unless a draft or a case was read there."""
        self._drafting.known.refuse_address(url)
        return self._open_fetcher().fetch(url, types)

    def fetch_feed(self, url: str) -> Fetched:
        return self._open_fetcher().fetch(url, FEED_TYPES | PAGE_TYPES)

    def page(self, fetched: Fetched, origin: str = "") -> Submitted:
        """Submits a page that was fetched; `origin` is the address that was asked for."""
        origin = origin or fetched.url
        handed_in = HandedIn("urls", origin)
        return self._submit(lambda: fetched_document(fetched), origin, handed_in=handed_in)

    def feed_item(self, item: FeedItem, origin: str) -> Submitted:
        """Submits an item of a feed; its link is followed where the feed has its beginning only."""
        if item.url:
            self._drafting.known.refuse_address(item.url)
        return self._submit(lambda: item_article(item, self._fetcher, fetched_document), origin)

    def later(self, handed_in: HandedIn, *, most: int = 0) -> Job:
        """Keeps what was handed in for a job, which makes the draft.

        Raises:
            TooManyJobs: with it, more than `most` of who hands in wait or run, if `most` is not 0.
        """
        base = self._knowledge_base
        with ExitStack() as unless_queued:
            named = handed_in.name
            if handed_in.content:
                path = keep_upload(base, named, io.BytesIO(handed_in.content))
                unless_queued.callback(forget_upload, base, path)
                named = str(path)
            parameters = {
                handed_in.parameter: json.dumps([named]),
                "name": handed_in.name,
                "submitted": "yes" if self._submitted else "",
            }
            job = base.jobs.add("articles", parameters, by=self.by, most=most)
            unless_queued.pop_all()
        return job

    def _open_fetcher(self) -> Fetcher:
        if self._fetcher is None:
            raise InputError("no_fetching")
        return self._fetcher

    def _submit(
        self,
        read: Callable[[], Article],
        origin: str,
        content: bytes = b"",
        handed_in: HandedIn | None = None,
    ) -> Submitted:
        content_hash = hashlib.sha256(content).hexdigest() if content else ""
        self._drafting.known.refuse_content(content_hash)
        article = read()
        if self._long_later and handed_in and len(article.text) > LONG_CHARS:
            self._drafting.known.refuse(article)
            raise LongArticle(handed_in)
        draft = self._drafting.add(
            article, origin=origin, origin_hash=content_hash, submitted=self._submitted
        )
        return Submitted(draft, article)
