"""Makes drafts of articles that are pasted, sent as files or by address."""

import hashlib
import io
import json
import re
import threading
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import KW_ONLY, dataclass, replace
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from ingest.articles.article import Article
from ingest.articles.feeds import FeedItem, item_article
from ingest.articles.readers import checked
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.propose import propose
from ingest.extraction.times import SURE_ENOUGH
from ingest.fetching.safe_fetch import PAGE_TYPES, Fetched, Fetcher
from ingest.known_articles import KnownArticles
from ingest.reading import document_of, fetched_document, pasted_document, read_document
from ingest.records.fields import (
    MAX_LINE_CHARS,
    folded,
    iso_date,
    one_line,
    paragraphs,
    record_id,
    web_address,
)
from ingest.uploads import forget_upload, keep_upload, plain_name
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase
from kb.models import Case, Kind, Participation
from kb.registers.drafts import FILLED_IN, Draft, DraftState, Proposals
from kb.registers.jobs import Job
from kb.settings import Settings
from kb.text.markdown import plain_text

if TYPE_CHECKING:
    from ingest.extraction.llm import Assistant
_PROPOSING = threading.Lock()  # a long text keeps the interpreter busy for half a minute
_MAX_TITLE_CHARS = 300
_MAX_THEME_CHARS = 100
_NAME_CHARS = 60
LONG_CHARS = 20_000  # a longer text is searched by a job: it takes four seconds


class LongArticle(Exception):
    """An article is too long to be read at once; `parameter` is that of a job for it."""

    def __init__(self, parameter: str, name: str, content: bytes = b"") -> None:
        super().__init__()
        self.parameter, self.name, self.content = parameter, name, content


class Submitted(NamedTuple):
    draft: Draft
    article: Article


@dataclass
class Submissions:
    """Makes drafts of the articles that an account hands in.

    Raises `AlreadyKnown`, `NoArticle` or `InputError`. `submitted` drafts are ready for a
    moderator; with `long_later`, what would take long raises `LongArticle`.
    """

    knowledge_base: KnowledgeBase
    _: KW_ONLY
    by: str
    fetcher: Fetcher | None = None
    assistant: "Assistant | None" = None
    submitted: bool = True
    long_later: bool = False
    _actors: KnownActors | None = None

    def __post_init__(self) -> None:
        self._known = KnownArticles(self.knowledge_base)

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
        title = title.strip()
        whole = f"{title}\n\n{text}" if title else text
        content = whole.encode()
        name = plain_name(f"{one_line(whole)[:_NAME_CHARS]}.txt")
        if_long = LongArticle("texts", name, content)
        return self._submit(lambda: pasted_document(whole), "pasted", content, if_long)

    def content(self, name: str, content: bytes) -> Submitted:
        suffix = Path(name).suffix.lower()
        if_long = LongArticle("paths", name, content)
        return self._submit(lambda: document_of(content, suffix), name, content, if_long)

    def file(self, path: Path) -> Submitted:
        return self._submit(lambda: read_document(path), path.name)

    def fetch(self, url: str, types: Collection[str] = PAGE_TYPES) -> Fetched:
        self._known.refuse_address(url)
        if self.fetcher is None:
            raise InputError("no_fetching")
        return self.fetcher.fetch(url, types)

    def page(self, fetched: Fetched, origin: str = "") -> Submitted:
        """Submits a page that was fetched; `origin` is the address that was asked for."""
        origin = origin or fetched.url
        if_long = LongArticle("urls", origin)
        return self._submit(lambda: fetched_document(fetched), origin, if_long=if_long)

    def feed_item(self, item: FeedItem, origin: str) -> Submitted:
        """Submits an item of a feed; its link is followed where the feed has its beginning only."""
        if item.url:
            self._known.refuse_address(item.url)
        return self._submit(lambda: item_article(item, self.fetcher, fetched_document), origin)

    def later(self, long: LongArticle, *, most: int = 0) -> Job:
        base = self.knowledge_base
        with ExitStack() as unless_queued:
            named = long.name
            if long.content:
                path = keep_upload(base, named, io.BytesIO(long.content))
                unless_queued.callback(forget_upload, base, path)
                named = str(path)
            parameters = {
                long.parameter: json.dumps([named]),
                "name": long.name,
                "submitted": "yes" if self.submitted else "",
            }
            job = base.jobs.add("articles", parameters, by=self.by, most=most)
            unless_queued.pop_all()
        return job

    def _submit(
        self,
        read: Callable[[], Article],
        origin: str,
        content: bytes = b"",
        if_long: LongArticle | None = None,
    ) -> Submitted:
        content_hash = hashlib.sha256(content).hexdigest() if content else ""
        self._known.refuse_content(content_hash)
        article = read()
        if self.long_later and if_long and len(article.text) > LONG_CHARS:
            self._known.refuse(article)
            raise if_long
        return Submitted(self._draft(article, origin, content_hash), article)

    def _draft(self, article: Article, origin: str, origin_hash: str = "") -> Draft:
        checked(article)
        self._known.refuse(article)
        if self._actors is None:
            self._actors = KnownActors.of(self.knowledge_base)
        with _PROPOSING:
            proposals = propose(article, self._actors)
        remarks = (*article.remarks, *islice(self._known.resembling(article), 1))
        if self.assistant is not None:
            refined = self.assistant.refine(article, proposals, self._actors)
            proposals, remarks = refined.proposals, (*remarks, *refined.remarks)
        words = folded(plain_text(article.text))
        draft = self.knowledge_base.drafts.add(
            self._case(article, proposals),
            by=self.by,
            origin=origin,
            source_text=article.page_text or article.text,
            origin_hash=origin_hash or hashlib.sha256(words.encode()).hexdigest(),
            proposals=Proposals((*article.found, *proposals.fields), proposals.participations),
            remarks=remarks,
            submitted=self.submitted,
        )
        self._known.add(draft)
        return draft

    def _case(self, article: Article, proposals: Proposals) -> Case:
        title = one_line(article.title) or _first_words(article.text)
        if len(title) > _MAX_TITLE_CHARS:
            title = f"{title[: _MAX_TITLE_CHARS - 1].rstrip()}…"
        needs = [found.value for found in proposals.fields if found.field == "need"]
        sure = (found for found in proposals.fields if found.confidence >= SURE_ENOUGH)
        periods = [found.value for found in sure if found.field == "period"]
        return Case(
            id=self._free_id(record_id("", title if folded(title) else "article")),
            title=title,
            text=paragraphs(article.text),
            lang=article.lang or "fr",
            date=_if_valid(iso_date, article.date, "date"),
            modified=_if_valid(iso_date, article.modified, "modified"),
            moderated=_if_valid(iso_date, article.moderated, "moderated"),
            author=_short(article.author.name),
            author_job=_short(article.author.job),
            moderator=_short(article.moderator.name),
            moderator_job=_short(article.moderator.job),
            themes=tuple(
                theme for theme in map(one_line, article.themes)
                if theme and len(theme) <= _MAX_THEME_CHARS
            ),
            need=one_line(next(iter(needs), "")),
            period=next(iter(periods), ""),
            source_url=_if_valid(web_address, article.source_url, "source_url"),
            participants=_taken(proposals),
        )  # fmt: skip

    def _free_id(self, wanted: str) -> str:
        taken = self.knowledge_base.ids(Kind.CASE) | {
            draft.record.id for draft in self.knowledge_base.drafts.list(list(DraftState))
        }
        numbered = (f"{wanted}-{number}" for number in count(2))
        return next(name for name in chain([wanted], numbered) if name not in taken)


def _taken(proposals: Proposals) -> tuple[Participation, ...]:
    """The participations to fill in: those that are likely enough, each organisation once."""
    likely = [each for each in proposals.participations if each.presence >= FILLED_IN]
    seen: set[str] = set()
    surest: set[int] = set()
    for proposed in sorted(likely, key=lambda each: -each.confidence):
        part = proposed.participation
        keys = {f"id {part.actor_id}" if part.actor_id else "", f"name {folded(part.name)}"} - {""}
        if seen.isdisjoint(keys):
            surest.add(id(proposed))
        seen |= keys
    parts = [each.participation for each in likely if id(each) in surest]
    return tuple(replace(part, name=_short(part.name)) for part in parts)


def _if_valid(clean: Callable[[str, str], str], value: str, field: str) -> str:
    try:
        return clean(value, field)
    except InputError:
        return ""


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= MAX_LINE_CHARS else f"{line[: MAX_LINE_CHARS - 1]}…"


def _first_words(markdown: str) -> str:
    text = plain_text(markdown)
    sentence = re.split(r"(?<=[.!?…])\s", text, maxsplit=1)[0]
    if len(sentence) <= 120:
        return sentence.rstrip(".")
    return f"{text[:110].rsplit(' ', 1)[0]}…"
