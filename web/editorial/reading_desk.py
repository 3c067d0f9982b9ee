"""Where articles are made drafts of, for the JSON API."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import HTTPException

import kb.registers.accounts
from kb.knowledge_base import KnowledgeBase
from kb.registers.drafts import Draft
from kb.settings import Settings
from web.api.tokens import may_see
from web.api.write_schemas import NewContribution

if TYPE_CHECKING:
    from ingest.articles.article import Article
    from ingest.drafting import Drafting

READERS = 2
"""How many articles are read at once; more wait, and searches do not wait for them."""


class ReadingDesk:
    """Where articles are made drafts of. Each way in gives the draft, and whether it is new.

    Raises:
        InputError: no article can be read, or it cannot be kept.
        HTTPException: somebody else's draft, or a case, tells the same article.
    """

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        settings: Settings,
        account: kb.registers.accounts.Account,
    ) -> None:
        self._knowledge_base = knowledge_base
        self._settings = settings
        self._account = account

    def read_text(self, sent: NewContribution, submitted: bool) -> tuple[Draft, bool]:
        from ingest.articles.readers import pasted_article

        title = sent.title.strip()
        text = f"{title}\n\n{sent.text}" if title else sent.text
        return self._drafted(lambda _: pasted_article(text), text.encode(), "pasted", submitted)

    def read_file(self, name: str, content: bytes, submitted: bool) -> tuple[Draft, bool]:
        from ingest.articles.readers import article_from_bytes

        suffix = Path(name).suffix.lower()
        return self._drafted(
            lambda _: article_from_bytes(content, suffix), content, name, submitted
        )

    def fetch(self, url: str, submitted: bool) -> tuple[Draft, bool]:
        from ingest.articles.readers import fetched_article
        from ingest.fetching.safe_fetch import Fetcher

        def read(drafting: "Drafting") -> "Article":
            drafting.knows_address(url)
            return fetched_article(Fetcher.from_settings(self._settings).fetch(url))

        return self._drafted(read, b"", url, submitted)

    def _drafted(
        self,
        read: "Callable[[Drafting], Article]",
        content: bytes,
        origin: str,
        submitted: bool,
    ) -> tuple[Draft, bool]:
        from ingest.drafting import AlreadyKnown, Drafting
        from ingest.extraction.llm import Assistant

        drafts = self._knowledge_base.drafts
        origin_hash = hashlib.sha256(content).hexdigest() if content else ""
        known = drafts.with_origin(origin_hash)
        if known is None:
            assistant = Assistant.from_settings(self._settings)
            drafting = Drafting(self._knowledge_base, by=self._account.name, assistant=assistant)
            try:
                draft = drafting.add(
                    read(drafting), origin=origin, origin_hash=origin_hash, submitted=submitted
                )
            except AlreadyKnown as error:
                if not error.draft_id:
                    raise HTTPException(409, f"This article {error}.") from None
                known = drafts.get(error.draft_id)
            else:
                return draft, True
        if not may_see(known.created_by, self._account):
            raise HTTPException(409, "Somebody else has contributed the same already.")
        return known, False
