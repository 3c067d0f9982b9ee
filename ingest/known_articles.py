"""Finds the articles that a knowledge base has already, as drafts or as cases.

An article that is submitted again, by its address or as a file, is refused with a line that
names its first draft or its case.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from ingest.articles.article import Article
from ingest.records.fields import folded
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase
from kb.models import Case
from kb.registers.drafts import Draft, DraftState
from kb.remarks import Remark
from kb.text.markdown import plain_text

SAME_TEXT = 90.0
"""Least similarity, 0 to 100, of two texts of the same article."""
_SKETCHED = 48
_WORDS_TOGETHER = 4
_MIN_SHARED = 0.25
"""Least common share of the sketches of two texts that are worth comparing."""
_TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|mc_[ce]id|xtor|ref|source)$")


class AlreadyKnown(InputError):
    """The article is there already: as the draft `draft_id`, as the case `case_id`, or as both."""

    def __init__(self, code: str, known: "_KnownRecord") -> None:
        super().__init__(code, kind=known.kind, title=known.title, id=known.id)
        self.draft_id = known.draft_id
        self.case_id = known.case_id


class KnownArticles:
    """The cases and drafts of a knowledge base, read once for a batch of articles."""

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        self._knowledge_base = knowledge_base
        self._articles: list[_KnownArticle] | None = None

    def refuse(self, article: Article) -> None:
        """Refuses an article that a draft or a case already holds.

        Raises:
            AlreadyKnown: names the other, and what the two share.
        """
        text = _ComparedText.of(article.title, article.text)
        address = normal_address(article.source_url)
        for known in self._all():
            if sameness := known.sameness(text, address, article):
                raise AlreadyKnown(sameness, known.record)

    def refuse_address(self, url: str) -> None:
        """Refuses an address before it is fetched, where a draft or a case was read there.

        Raises:
            AlreadyKnown: names the other.
        """
        address = normal_address(url)
        for known in self._all():
            if address and known.address == address:
                raise AlreadyKnown("known_address", known.record)

    def refuse_content(self, content_hash: str) -> None:
        """Refuses bytes before they are read, where a draft was made of the same bytes.

        Raises:
            AlreadyKnown: names the draft, and the case that it became.
        """
        base = self._knowledge_base
        draft = base.drafts.with_origin(content_hash)
        if draft is None:
            return
        is_case = draft.state is DraftState.PUBLISHED and draft.record.id in base.ids(draft.kind)
        title = draft.record.title if isinstance(draft.record, Case) else ""
        case_id = draft.record.id if is_case else ""
        raise AlreadyKnown("known_content", _KnownRecord(title, draft.id, case_id))

    def resembling(self, article: Article) -> Iterator[Remark]:
        """Yields remarks on drafts and cases with nearly the same text under another title.

        Networks write their articles after one model: that much alike, two may well be two.
        """
        text = _ComparedText.of(article.title, article.text)
        alike = (known.record for known in self._all() if known.is_alike(text, article.text))
        return (
            Remark("resembles", kind=record.kind, title=record.title, id=record.id)
            for record in alike
        )

    def add(self, draft: Draft) -> None:
        """Adds the draft of a case, which has just been made."""
        if isinstance(draft.record, Case):
            self._all().append(_KnownArticle.of(draft.record, draft_id=draft.id))

    def _all(self) -> "list[_KnownArticle]":
        if self._articles is None:
            base = self._knowledge_base
            # Cases first: a published draft is found as the case that it became.
            self._articles = [_KnownArticle.of(case, case_id=case.id) for case in base.cases()]
            published = {known.record.case_id for known in self._articles}
            for draft in base.drafts.list(list(DraftState)):
                is_case = draft.state is DraftState.PUBLISHED and draft.record.id in published
                if not is_case and not draft.based_on:
                    self.add(draft)
        return self._articles


def normal_address(url: str) -> str:
    """Returns an address without scheme, `www.`, final slash and tracking parameters."""
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
class _ComparedText:
    """What is compared of a text first: a hash of its words, and a sketch.

    Texts alike share most of the 8 bytes each that their sketches hold in a row.
    """

    title: str
    words_hash: bytes
    sketch: bytes

    @classmethod
    def of(cls, title: str, markdown: str) -> "_ComparedText":
        key = _hash(f"{title}\0{markdown}")
        known = _LATELY.get(key)
        if known is None:
            words = _words_of(markdown)
            known = cls(folded(title), _hash(words), _sketch(words.split()))
            if len(_LATELY) >= TEXTS_REMEMBERED:
                _LATELY.clear()
            _LATELY[key] = known
        return known


TEXTS_REMEMBERED = 25_000
_LATELY: dict[bytes, _ComparedText] = {}
"""Each article that comes is compared with the same texts."""


class _KnownRecord(NamedTuple):
    """The record a refusal names: a draft, which may have become a case, or another case."""

    title: str
    draft_id: str = ""
    case_id: str = ""

    @property
    def kind(self) -> str:
        return "draft" if self.draft_id else "case"

    @property
    def id(self) -> str:
        return self.draft_id or self.case_id


@dataclass(frozen=True, slots=True)
class _KnownArticle:
    """A case or a draft to compare with; `days` are those on which it was written or changed."""

    record: _KnownRecord
    address: str
    days: frozenset[str]
    markdown: str
    text: _ComparedText

    @classmethod
    def of(cls, case: Case, *, draft_id: str = "", case_id: str = "") -> Self:
        days = frozenset({case.date[:10], case.modified[:10]} - {""})
        text = _ComparedText.of(case.title, case.text)
        record = _KnownRecord(case.title, draft_id, case_id)
        return cls(record, normal_address(case.source_url), days, case.text, text)

    def sameness(self, text: _ComparedText, address: str, article: Article) -> str:
        """Returns the code of what makes an article the same as this; "" when they differ."""
        if address and address == self.address:
            return "known_address"
        if text.sketch and text.words_hash == self.text.words_hash:
            return "known_text"
        days = {article.date[:10], article.modified[:10]} - {""}
        if text.title and text.title == self.text.title and days & self.days:
            return "known_title"
        if _may_be_one_title(text.title, self.text.title) and self.is_alike(text, article.text):
            return "known_nearly"
        return ""

    def is_alike(self, text: _ComparedText, markdown: str) -> bool:
        """Whether the two texts are nearly the same, whatever their titles."""
        from rapidfuzz import fuzz

        one, other = (set(memoryview(each.sketch).cast("Q")) for each in (text, self.text))
        if not (one and other) or len(one & other) < _MIN_SHARED * min(len(one), len(other)):
            return False
        words = (_words_of(markdown), _words_of(self.markdown))
        return fuzz.ratio(*words, score_cutoff=SAME_TEXT) >= SAME_TEXT


def _may_be_one_title(title: str, other: str) -> bool:
    """Whether a title contains the other, as where a site's name follows a title."""
    title_words, other_words = f" {title} ", f" {other} "
    return not title or not other or title_words in other_words or other_words in title_words


def _words_of(markdown: str) -> str:
    return folded(plain_text(markdown))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _sketch(words: Sequence[str]) -> bytes:
    """Returns the smallest hashes of the runs of words: texts alike share many of them."""
    hashes = {
        hashlib.blake2b(" ".join(words[at : at + _WORDS_TOGETHER]).encode(), digest_size=8).digest()
        for at in range(max(1, len(words) - _WORDS_TOGETHER + 1))
    }
    return b"".join(sorted(hashes)[:_SKETCHED]) if words else b""
