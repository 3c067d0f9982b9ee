"""From an article to a draft: its case, what is proposed for it, and whether it is new.

The same article by its address and as a file is one: a second draft is refused with a line that
names the first.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from ingest.articles.article import Article
from ingest.articles.readers import checked
from ingest.extraction.proposals import RULES, KnownActors, propose
from ingest.fields import (
    MAX_LINE_CHARS,
    folded,
    iso_date,
    one_line,
    paragraphs,
    record_id,
    shown,
    web_address,
)
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase
from kb.models import Case, Kind, Participation
from kb.registers.drafts import Draft, DraftState, Proposals, ProposedField
from kb.text.markdown import plain_text

if TYPE_CHECKING:
    from ingest.extraction.llm import Assistant

MIN_TAKEN = 0.5
"""How sure a proposed participation is at least to stand in the draft; others wait beside it."""
SAME_TEXT = 90.0
"""How much alike two texts are at least to be one article, of 100."""
_SKETCHED = 48
_WORDS_TOGETHER = 4
_MIN_SHARED = 0.25
"""The share of their sketches that two texts have in common to be worth comparing."""
_MAX_TITLE_CHARS = 300
_MAX_THEME_CHARS = 100
_TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|mc_[ce]id|xtor|ref|source)$")


class AlreadyKnown(InputError):
    """The article is there already: as the draft `draft_id`, or as the case `case_id`."""

    def __init__(self, message: str, *, draft_id: str = "", case_id: str = "") -> None:
        super().__init__(message)
        self.draft_id = draft_id
        self.case_id = case_id


def draft_article(
    knowledge_base: KnowledgeBase,
    article: Article,
    *,
    origin: str,
    origin_hash: str = "",
    by: str,
    submitted: bool = True,
    assistant: "Assistant | None" = None,
) -> Draft:
    """Makes a draft of an article. To draft many, see `Drafting`.

    Args:
        knowledge_base: where the draft goes.
        article: what was read.
        origin: where it came from: a file's name, an address, or "pasted".
        origin_hash: names the content; that of the text when empty.
        by: the account that contributes it.
        submitted: whether it is ready for a moderator.
        assistant: refines what the rules propose.

    Raises:
        AlreadyKnown: a draft or a case tells the same article.
        InputError: it cannot be kept.
    """
    drafting = Drafting(knowledge_base, by=by, assistant=assistant)
    return drafting.add(article, origin=origin, origin_hash=origin_hash, submitted=submitted)


class Drafting:
    """A batch of articles on their way to drafts: what is known is looked up once."""

    def __init__(
        self, knowledge_base: KnowledgeBase, *, by: str, assistant: "Assistant | None" = None
    ) -> None:
        self._knowledge_base = knowledge_base
        self._by = by
        self._assistant = assistant
        self._actors: KnownActors | None = None
        self._known: list[_Known] | None = None

    def add(
        self, article: Article, *, origin: str, origin_hash: str = "", submitted: bool = True
    ) -> Draft:
        """As `draft_article`."""
        checked(article)
        self.refuse_known(article)
        if self._actors is None:
            self._actors = KnownActors.of(self._knowledge_base)
        proposals = propose(article, self._actors)
        remarks = (*article.remarks, *self._resembling(article))
        if self._assistant is not None:
            refined = self._assistant.refine(article, proposals, self._actors)
            proposals, remarks = refined.proposals, (*remarks, *refined.remarks)
        case = self._case(article, proposals)
        draft = self._knowledge_base.drafts.add(
            case,
            by=self._by,
            origin=origin,
            source_text=article.page_text or article.text,
            origin_hash=origin_hash or text_hash(article),
            proposals=Proposals(
                (*_found_fields(article), *proposals.fields), proposals.participations
            ),
            remarks=remarks,
            submitted=submitted,
        )
        self._all_known().append(_known(case, _named_draft(draft), draft_id=draft.id))
        return draft

    def refuse_known(self, article: Article) -> None:
        """Refuses an article that a draft or a case tells already.

        Raises:
            AlreadyKnown: names the other, and what the two share.
        """
        text = _Text.of(article.title, article.text)
        address = normal_address(article.source_url)
        for known in self._all_known():
            reason = known.sameness(text, address, article)
            if reason:
                raise AlreadyKnown(
                    f"is there already: {known.name} {reason}",
                    draft_id=known.draft_id,
                    case_id=known.case_id,
                )

    def _resembling(self, article: Article) -> tuple[str, ...]:
        """What to look at where another article says nearly the same under another title.

        Networks write their articles after one model: that much alike, two may well be two.
        """
        text = _Text.of(article.title, article.text)
        names = (known.name for known in self._all_known() if known.is_alike(text))
        return tuple(f"resembles {name}: are both one article?" for name in islice(names, 1))

    def knows_address(self, url: str) -> None:
        """Refuses an address before it is fetched, where a draft or a case was read there.

        Raises:
            AlreadyKnown: names the other.
        """
        address = normal_address(url)
        for known in self._all_known():
            if address and known.address == address:
                raise AlreadyKnown(
                    f"is there already: {known.name} has the same address",
                    draft_id=known.draft_id,
                    case_id=known.case_id,
                )

    def _all_known(self) -> "list[_Known]":
        if self._known is None:
            base = self._knowledge_base
            # Cases first: a published draft is found as the case that it became.
            self._known = [
                _known(case, f"the case {shown(case.title)} ({case.id})", case_id=case.id)
                for case in base.cases()
            ]
            published = {known.case_id for known in self._known}
            self._known += [
                _known(draft.record, _named_draft(draft), draft_id=draft.id)
                for draft in base.drafts.list(list(DraftState))
                if isinstance(draft.record, Case)
                and not (draft.state is DraftState.PUBLISHED and draft.record.id in published)
                and not draft.based_on
            ]
        return self._known

    def _case(self, article: Article, proposals: Proposals) -> Case:
        title = one_line(article.title) or _first_words(article.text)
        if len(title) > _MAX_TITLE_CHARS:
            title = f"{title[: _MAX_TITLE_CHARS - 1].rstrip()}…"
        need = next((one.value for one in proposals.fields if one.field == "need"), "")
        return Case(
            id=self._free_id(record_id("", title if folded(title) else "article")),
            title=title,
            text=paragraphs(article.text),
            lang=article.lang or "fr",
            date=_date(article.date),
            modified=_date(article.modified),
            moderated=_date(article.moderated),
            author=_short(article.author.name),
            author_job=_short(article.author.job),
            moderator=_short(article.moderator.name),
            moderator_job=_short(article.moderator.job),
            themes=tuple(
                theme for theme in map(one_line, article.themes)
                if theme and len(theme) <= _MAX_THEME_CHARS
            ),
            need=one_line(need),
            source_url=_address(article.source_url),
            participants=_taken(proposals),
        )  # fmt: skip

    def _free_id(self, wanted: str) -> str:
        taken = self._knowledge_base.ids(Kind.CASE) | {
            draft.record.id for draft in self._knowledge_base.drafts.list(list(DraftState))
        }
        number, identifier = 1, wanted
        while identifier in taken:
            number += 1
            identifier = f"{wanted}-{number}"
        return identifier


def text_hash(article: Article) -> str:
    """A hash of what an article says, whatever its typography and its file."""
    return hashlib.sha256(folded(plain_text(article.text)).encode()).hexdigest()


def normal_address(url: str) -> str:
    """The address without what does not matter to it: scheme, `www.`, slash, tracking."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    if not host:
        return ""
    query = [pair for pair in parse_qsl(parts.query) if not _TRACKING.match(pair[0].lower())]
    port = f":{parts.port}" if parts.port not in {None, 80, 443} else ""
    return f"{host}{port}{parts.path.rstrip('/')}{'?' if query else ''}{urlencode(sorted(query))}"


@dataclass(frozen=True, slots=True)
class _Text:
    """A text to compare with others: its words, and a sketch that texts alike mostly share."""

    title: str
    words: str
    sketch: frozenset[int]

    @classmethod
    @lru_cache(maxsize=5_000)  # each batch compares its articles with the same texts
    def of(cls, title: str, markdown: str) -> "_Text":
        words = folded(plain_text(markdown))
        return cls(folded(title), words, _sketch(words.split()))


@dataclass(frozen=True, slots=True)
class _Known:
    name: str
    address: str
    days: frozenset[str]
    text: _Text
    draft_id: str
    case_id: str

    def sameness(self, text: _Text, address: str, article: Article) -> str:
        """What an article shares with this one that makes them the same; empty when they differ."""
        if address and address == self.address:
            return "has the same address"
        if text.words and text.words == self.text.words:
            return "has the same text"
        days = {article.date[:10], article.modified[:10]} - {""}
        if text.title and text.title == self.text.title and days & self.days:
            return "has the same title and date"
        if _may_be_one_title(text.title, self.text.title) and self.is_alike(text):
            return "has nearly the same text"
        return ""

    def is_alike(self, text: _Text) -> bool:
        """Whether the two texts are nearly the same, whatever their titles."""
        from rapidfuzz import fuzz

        if not (text.sketch and self.text.sketch):
            return False
        shared = len(text.sketch & self.text.sketch)
        if shared < _MIN_SHARED * min(len(text.sketch), len(self.text.sketch)):
            return False
        return fuzz.ratio(text.words, self.text.words, score_cutoff=SAME_TEXT) >= SAME_TEXT


def _may_be_one_title(title: str, other: str) -> bool:
    """Whether one says nothing that the other does not: a site's name may follow a title."""
    one, two = f" {title} ", f" {other} "
    return not title or not other or one in two or two in one


def _known(record: Case, name: str, *, draft_id: str = "", case_id: str = "") -> _Known:
    days = frozenset({record.date[:10], record.modified[:10]} - {""})
    text = _Text.of(record.title, record.text)
    return _Known(name, normal_address(record.source_url), days, text, draft_id, case_id)


def _sketch(words: Sequence[str]) -> frozenset[int]:
    """The smallest hashes of the runs of words: texts alike have many of them in common."""
    hashes = {
        int.from_bytes(
            hashlib.blake2b(
                " ".join(words[at : at + _WORDS_TOGETHER]).encode(), digest_size=8
            ).digest()
        )
        for at in range(max(1, len(words) - _WORDS_TOGETHER + 1))
    }
    return frozenset(sorted(hashes)[:_SKETCHED]) if words else frozenset()


def _named_draft(draft: Draft) -> str:
    title = draft.record.title if isinstance(draft.record, Case) else ""
    return f"the draft {shown(title)} ({draft.id})"


def _found_fields(article: Article) -> list[ProposedField]:
    return [
        ProposedField(found.field, found.value, found.line, found.confidence, RULES)
        for found in article.found
    ]


def _taken(proposals: Proposals) -> tuple[Participation, ...]:
    taken: dict[tuple[str, str], Participation] = {}
    for one in proposals.participations:
        if one.confidence >= MIN_TAKEN:
            part = replace(one.participation, name=_short(one.participation.name))
            taken.setdefault((part.actor_id or folded(part.name), part.role), part)
    return tuple(taken.values())


def _date(iso: str) -> str:
    try:
        return iso_date(iso, "date")
    except InputError:
        return ""


def _address(url: str) -> str:
    try:
        return web_address(url, "source_url")
    except InputError:
        return ""


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= MAX_LINE_CHARS else f"{line[: MAX_LINE_CHARS - 1]}…"


def _first_words(markdown: str) -> str:
    """The beginning of a text that has no title, up to the end of a sentence or a word."""
    text = plain_text(markdown)
    sentence = re.split(r"(?<=[.!?…])\s", text, maxsplit=1)[0]
    if len(sentence) <= 120:
        return sentence.rstrip(".")
    return f"{text[:110].rsplit(' ', 1)[0]}…"
