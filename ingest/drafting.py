"""Makes drafts of articles: the case, and what is proposed for it."""

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, count, islice
from typing import TYPE_CHECKING

from ingest.articles.article import Article
from ingest.articles.readers import checked
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.proposals.propose import propose
from ingest.extraction.times import SURE_ENOUGH
from ingest.known_articles import KnownArticles
from ingest.records.fields import (
    MAX_LINE_CHARS,
    folded,
    iso_date,
    one_line,
    paragraphs,
    record_id,
    web_address,
)
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase
from kb.models import Case, Kind, Participation
from kb.registers.drafts import FILLED_IN, Draft, DraftState, Proposals, ProposedParticipation
from kb.text.markdown import plain_text

if TYPE_CHECKING:
    from ingest.extraction.llm import Assistant

_PROPOSING = threading.Lock()
"""A long text keeps the interpreter busy for half a minute: one does, and searches go on."""

_MAX_TITLE_CHARS = 300
_MAX_THEME_CHARS = 100


class Drafting:
    """Makes drafts of articles, contributed by an account; the assistant refines the proposals.

    The actors and articles that are known are looked up once.
    """

    def __init__(
        self, knowledge_base: KnowledgeBase, *, by: str, assistant: "Assistant | None" = None
    ) -> None:
        self.known = KnownArticles(knowledge_base)
        self._knowledge_base = knowledge_base
        self._by = by
        self._assistant = assistant
        self._actors: KnownActors | None = None

    def add(
        self, article: Article, *, origin: str, origin_hash: str = "", submitted: bool = True
    ) -> Draft:
        """Makes a draft of an article, ready for a moderator if `submitted`.

        `origin` is a file's name, an address, or "pasted"; `origin_hash` that of its content, or
        of the text when empty.

        Raises:
            AlreadyKnown: a draft or a case tells the same article.
            InputError: it cannot be kept.
        """
        checked(article)
        self.known.refuse(article)
        if self._actors is None:
            self._actors = KnownActors.of(self._knowledge_base)
        with _PROPOSING:
            proposals = propose(article, self._actors)
        remarks = (*article.remarks, *islice(self.known.resembling(article), 1))
        if self._assistant is not None:
            refined = self._assistant.refine(article, proposals, self._actors)
            proposals, remarks = refined.proposals, (*remarks, *refined.remarks)
        draft = self._knowledge_base.drafts.add(
            self._case(article, proposals),
            by=self._by,
            origin=origin,
            source_text=article.page_text or article.text,
            origin_hash=origin_hash or text_hash(article),
            proposals=Proposals((*article.found, *proposals.fields), proposals.participations),
            remarks=remarks,
            submitted=submitted,
        )
        self.known.add(draft)
        return draft

    def _case(self, article: Article, proposals: Proposals) -> Case:
        title = one_line(article.title) or _first_words(article.text)
        if len(title) > _MAX_TITLE_CHARS:
            title = f"{title[: _MAX_TITLE_CHARS - 1].rstrip()}…"
        need = next((found.value for found in proposals.fields if found.field == "need"), "")
        period = next(
            (
                found.value
                for found in proposals.fields
                if found.field == "period" and found.confidence >= SURE_ENOUGH
            ),
            "",
        )
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
            need=one_line(need),
            period=period,
            source_url=_if_valid(web_address, article.source_url, "source_url"),
            participants=_taken(proposals),
        )  # fmt: skip

    def _free_id(self, wanted: str) -> str:
        taken = self._knowledge_base.ids(Kind.CASE) | {
            draft.record.id for draft in self._knowledge_base.drafts.list(list(DraftState))
        }
        numbered = (f"{wanted}-{number}" for number in count(2))
        return next(name for name in chain([wanted], numbered) if name not in taken)


def text_hash(article: Article) -> str:
    """Returns a hash of an article's text, whatever its typography and its file."""
    return hashlib.sha256(folded(plain_text(article.text)).encode()).hexdigest()


def _taken(proposals: Proposals) -> tuple[Participation, ...]:
    """The participations to fill in: those that are likely enough, each organisation once."""
    taken: dict[str, ProposedParticipation] = {}
    for proposed in proposals.participations:
        part = proposed.participation
        keys = {f"id {part.actor_id}" if part.actor_id else "", f"name {folded(part.name)}"} - {""}
        known = next((taken[key] for key in sorted(keys) if key in taken), None)
        if proposed.confidence >= FILLED_IN and (
            known is None or proposed.confidence > known.confidence
        ):
            for key in keys | {key for key, other in taken.items() if other is known}:
                taken[key] = proposed
    surest = {id(proposed): proposed.participation for proposed in taken.values()}
    return tuple(replace(part, name=_short(part.name)) for part in surest.values())


def _if_valid(clean: Callable[[str, str], str], value: str, field: str) -> str:
    try:
        return clean(value, field)
    except InputError:
        return ""


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= MAX_LINE_CHARS else f"{line[: MAX_LINE_CHARS - 1]}…"


def _first_words(markdown: str) -> str:
    """Returns the beginning of a text without a title, up to the end of a sentence or word."""
    text = plain_text(markdown)
    sentence = re.split(r"(?<=[.!?…])\s", text, maxsplit=1)[0]
    if len(sentence) <= 120:
        return sentence.rstrip(".")
    return f"{text[:110].rsplit(' ', 1)[0]}…"
