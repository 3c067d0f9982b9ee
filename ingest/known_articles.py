"""Finds the articles that a knowledge base has already, as drafts or as cases."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit

from ingest.articles.article import Article
from ingest.records.fields import folded
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase
from kb.models import Case
from kb.registers.drafts import Draft, DraftState
from kb.remarks import Remark
from kb.text.markdown import plain_text

SAME_TEXT = 90.0  # least similarity, 0 to 100, of two texts of the same article
_TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|mc_[ce]id|xtor|ref|source)$")


class AlreadyKnown(InputError):
    """The article is there already: as the draft `draft_id`, as the case `case_id`, or as both."""

    def __init__(self, code: str, title: str, draft_id: str, case_id: str) -> None:
        kind = "draft" if draft_id else "case"
        super().__init__(code, kind=kind, title=title, id=draft_id or case_id)
        self.draft_id = draft_id
        self.case_id = case_id


@dataclass(frozen=True, slots=True)
class _KnownArticle:
    case: Case
    draft_id: str
    address: str

    @property
    def days(self) -> set[str]:
        return {self.case.date[:10], self.case.modified[:10]} - {""}

    def refusal(self, code: str) -> AlreadyKnown:
        case_id = "" if self.draft_id else self.case.id
        return AlreadyKnown(code, self.case.title, self.draft_id, case_id)

    def sameness(self, article: Article, address: str) -> str:
        """Returns the code of what makes an article the same as this; "" when they differ."""
        if address and address == self.address:
            return "known_address"
        words = _words_of(article.text)
        if words and words == _words_of(self.case.text):
            return "known_text"
        title, other = folded(article.title), folded(self.case.title)
        if title and title == other and {article.date[:10], article.modified[:10]} & self.days:
            return "known_title"
        # A title may contain the other, as where a site's name follows it.
        may_be_one = f" {title} " in f" {other} " or f" {other} " in f" {title} "
        is_same = (may_be_one or not (title and other)) and self.is_alike(article)
        return "known_nearly" if is_same else ""

    def is_alike(self, article: Article) -> bool:
        from rapidfuzz import fuzz

        words, others = _words_of(article.text), _words_of(self.case.text)
        return bool(words and others) and fuzz.ratio(words, others, score_cutoff=SAME_TEXT) > 0


class KnownArticles:
    """The cases and drafts of a knowledge base, read once for a batch of articles."""

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        self._knowledge_base = knowledge_base
        self._articles: list[_KnownArticle] | None = None

    def refuse(self, article: Article) -> None:
        address = normal_address(article.source_url)
        for known in self._all():
            if sameness := known.sameness(article, address):
                raise known.refusal(sameness)

    def refuse_address(self, url: str) -> None:
        """Refuses an address before it is fetched, where a draft or a case was read there."""
        address = normal_address(url)
        for known in self._all():
            if address and known.address == address:
                raise known.refusal("known_address")

    def refuse_content(self, content_hash: str) -> None:
        """Refuses bytes before they are read, where a draft was made of the same bytes."""
        base = self._knowledge_base
        if (draft := base.drafts.with_origin(content_hash)) is not None:
            is_case = draft.state is DraftState.PUBLISHED and draft.record.id in base.ids(
                draft.kind
            )
            title = draft.record.title if isinstance(draft.record, Case) else ""
            case_id = draft.record.id if is_case else ""
            raise AlreadyKnown("known_content", title, draft.id, case_id)

    def resembling(self, article: Article) -> Iterator[Remark]:
        """Yields remarks on drafts and cases with nearly the same text under another title."""
        for known in self._all():
            if known.is_alike(article):
                kind = "draft" if known.draft_id else "case"
                id_ = known.draft_id or known.case.id
                yield Remark("resembles", kind=kind, title=known.case.title, id=id_)

    def add(self, draft: Draft) -> None:
        if isinstance(draft.record, Case):
            address = normal_address(draft.record.source_url)
            self._all().append(_KnownArticle(draft.record, draft.id, address))

    def _all(self) -> list[_KnownArticle]:
        if self._articles is None:
            base = self._knowledge_base
            # Cases first: a published draft is found as the case that it became.
            self._articles = [
                _KnownArticle(case, "", normal_address(case.source_url)) for case in base.cases()
            ]
            published = {known.case.id for known in self._articles}
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


@lru_cache(maxsize=5_000)
def _words_of(markdown: str) -> str:
    return folded(plain_text(markdown))
