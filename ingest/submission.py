"""Submits articles, pasted, as files or by address, for the pages, the API and the intake."""

import hashlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from ingest.articles.article import Article
from ingest.articles.feeds import FeedItem, item_article
from ingest.drafting import Drafting
from ingest.fetching.safe_fetch import FEED_TYPES, PAGE_TYPES, Fetched, Fetcher
from ingest.reading.documents import (
    document_of,
    fetched_document,
    pasted_document,
    read_document,
)
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase
from kb.registers.drafts import Draft
from kb.settings import Settings

if TYPE_CHECKING:
    from ingest.extraction.llm import Assistant


class Submitted(NamedTuple):
    draft: Draft
    article: Article


class Submissions:
    """Makes drafts of the articles that an account hands in.

    Every way in raises `AlreadyKnown` where a draft or a case tells the same article, `NoArticle`
    where there is none, and `InputError` where it cannot be read or kept. Without a fetcher,
    addresses are refused. `submitted` drafts are ready for a moderator.
    """

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        *,
        by: str,
        fetcher: Fetcher | None = None,
        assistant: "Assistant | None" = None,
        submitted: bool = True,
    ) -> None:
        self.by = by
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
    ) -> Self:
        from ingest.extraction.llm import Assistant

        return cls(
            knowledge_base,
            by=by,
            fetcher=Fetcher.from_settings(settings),
            assistant=Assistant.from_settings(settings),
            submitted=submitted,
        )

    def text(self, text: str, title: str = "") -> Submitted:
        """Submits a text that was pasted; the title is put above it."""
        title = title.strip()
        whole = f"{title}\n\n{text}" if title else text
        return self._submit(lambda: pasted_document(whole), "pasted", whole.encode())

    def content(self, name: str, content: bytes) -> Submitted:
        """Submits the content of a file, whose name says its format."""
        suffix = Path(name).suffix.lower()
        return self._submit(lambda: document_of(content, suffix), name, content)

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
        return self._submit(lambda: fetched_document(fetched), origin or fetched.url)

    def feed_item(self, item: FeedItem, origin: str) -> Submitted:
        """Submits an item of a feed; its link is followed where the feed has its beginning only."""
        if item.url:
            self._drafting.known.refuse_address(item.url)
        return self._submit(lambda: item_article(item, self._fetcher, fetched_document), origin)

    def _open_fetcher(self) -> Fetcher:
        if self._fetcher is None:
            raise InputError("no_fetching")
        return self._fetcher

    def _submit(self, read: Callable[[], Article], origin: str, content: bytes = b"") -> Submitted:
        content_hash = hashlib.sha256(content).hexdigest() if content else ""
        self._drafting.known.refuse_content(content_hash)
        article = read()
        draft = self._drafting.add(
            article, origin=origin, origin_hash=content_hash, submitted=self._submitted
        )
        return Submitted(draft, article)
