"""Evidence: what a person is shown for each hit, and can check."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import islice

import numpy as np

from kb.indexing.derivation import ACTIVITY, NAME, PARTICIPANTS, TITLE, quotation
from kb.models import Actor, Case
from kb.reference.roles import Flow
from kb.reference.trades import LexiconKind, TradePhrase, lexicon, lexicon_digest, means_of, trades
from kb.search.boosts.precedents import TradeMatch
from kb.search.candidates import Candidate
from kb.search.context import SearchContext
from kb.search.query import Query
from kb.search.results import ActorHit, CaseHit, Evidence, EvidenceKind, Fit, MeansMatch
from kb.search.trades.background import ComparedQuery
from kb.search.trades.overlaps import overlap
from kb.store.passages import Passage
from kb.text.analysis import TEXTS_REMEMBERED, places_of, query_stems
from kb.trade_index.trade_index import Votes

PASSAGES_PER_HIT = 2
CASES_PER_HIT = 2
MOST_MEANS, LEAST_OVERLAP = 3, 0.25  # means named, overlap with their trades

_quotation = lru_cache(maxsize=TEXTS_REMEMBERED)(quotation)
"""The same texts are shown again and again, and those of cases are Markdown."""


@dataclass(frozen=True)
class MeansFinder:
    """Finds why actors could do what a query asks, by what firms of their trade could make."""

    asked: Query
    compared: ComparedQuery
    lang: str  # the reader's; without, means are told in that of the passage
    context: SearchContext

    def of(self, passage: Passage) -> MeansMatch | None:
        """The means of the likeliest trade of a passage; None if nothing speaks for them."""
        lang = self.lang or passage.lang
        able = self.compared.able
        embedded = self.context.index.embedded([passage.id])
        if able is None or not len(embedded.ids):
            return None
        overlaps = self.context.calibration.overlaps
        read = overlaps.read(embedded, [passage.lang], self.context.store)
        trade = trades()[int(read["filed"][0, int(np.argmax(read["filing"]))])]
        of_class = [phrase for phrase in self._near if phrase.code == trade.code]
        if float(overlap(read, able)[0]) < LEAST_OVERLAP or not of_class:
            return None
        phrase = next((phrase for phrase in of_class if phrase.lang == lang), of_class[0])
        said = query_stems(passage.text)
        means = sorted(means_of(trade.code, lang), key=lambda text: -len(query_stems(text) & said))
        return MeansMatch(trade, phrase.text, tuple(means[:MOST_MEANS]), phrase.lang)

    @cached_property
    def _near(self) -> Sequence[TradePhrase]:
        """The phrases of the kind nearest to the query; none if the index has another lexicon."""
        index = self.context.calibration.background.index
        if index is None or index.lexicon != lexicon_digest():
            return ()
        kind = Votes.TAKES if self.asked.flow is Flow.OFFERS else Votes.COULD
        known = _phrases(kind)
        return [known[row] for row in index.nearest(self.compared.embedding, kind)]


@cache
def _phrases(kind: Votes) -> Sequence[TradePhrase]:
    """The phrases of a kind, in the order in which an index has them."""
    of_kind = LexiconKind.COULD if kind is Votes.COULD else LexiconKind.TAKES
    return [phrase for phrase in lexicon() if phrase.kind is of_kind]


def _source_of(passage: Passage, source: str, code: str) -> tuple[str, str]:
    """The source and the code of a passage: the meaning of a code is in no source."""
    return ("", code) if passage.part == ACTIVITY else (source, "")


class EvidenceBuilder:
    def __init__(
        self, stems: Collection[str], context: SearchContext, means: MeansFinder | None = None
    ) -> None:
        """`stems` are those whose words are marked; `means` finds those of actors."""
        self._stems = frozenset(stems)
        self._context, self._means = context, means
        self._marks = cache(lambda text, lang: tuple(places_of(self._stems, text, lang)))

    def actor_hits(
        self,
        ranked: Iterable[tuple[int, Candidate]],
        fits: Mapping[str, Fit] | None = None,
        *,
        in_full: bool = False,
    ) -> list[ActorHit]:
        """The hits of actors by rank, with given `fits`; `in_full`, with all precedents."""
        matches = [(rank, of, self._matches(of, in_full=in_full)) for rank, of in ranked]
        named = {of.record_id for _, of, _ in matches}
        precedents = (match.precedent for _, _, found in matches for match in found)
        named |= {of.actor_id for of in precedents if not of.elsewhere}
        actors = self._context.actors(named)  # in one go
        hits = []
        for rank, of, found in matches:
            fit, actor = (fits or {}).get(of.record_id, of.fit), actors[of.record_id]
            evidence = tuple(self._evidence(of, found, actors))
            hits.append(ActorHit(rank, of.score, fit, actor, evidence, of.parts))
        return hits

    def _evidence(
        self, candidate: Candidate, matches: Sequence[TradeMatch], actors: Mapping[str, Actor]
    ) -> Iterable[Evidence]:
        actor = actors[candidate.record_id]
        if candidate.name:
            marks = self._marks(actor.name, actor.lang)
            yield Evidence(EvidenceKind.NAME, actor.name, marks, actor.source_url)
        for endorsed in candidate.endorsements[:CASES_PER_HIT]:
            part, case = endorsed.participation, endorsed.case
            text = part.contribution or case.need or case.title
            source, marks = part.source_url or case.source_url, self._marks(text, case.lang)
            yield Evidence(EvidenceKind.CASE, text, marks, source, case, part)
        yield from self._quotations(candidate, {NAME}, actor.source_url, actor.activity_code)
        for match in matches:
            of = match.precedent
            precedent = of.elsewhere or actors.get(of.actor_id)
            if precedent:
                text = _quotation(match.passage.part, match.passage.text)
                case, part = of.endorsement.case, of.endorsement.participation
                source, code = _source_of(match.passage, actor.source_url, actor.activity_code)
                yield Evidence(
                    EvidenceKind.SIMILAR, text, (), source, case, part, precedent, code=code
                )
        # What firms of its trade can do is told unless it is shown, or its own words are strong.
        best = candidate.best
        if best and not candidate.endorsements and candidate.own_fit is not Fit.STRONG:
            means = self._means.of(best.passage) if self._means else None
            if means:
                text = _quotation(best.passage.part, best.passage.text)
                source, code = _source_of(best.passage, actor.source_url, actor.activity_code)
                yield Evidence(EvidenceKind.MEANS, text, (), source, means=means, code=code)

    def case_hit(
        self, rank: int, candidate: Candidate, case: Case, score: float, fit: Fit
    ) -> CaseHit:
        evidence = self._quotations(candidate, {TITLE, PARTICIPANTS}, case.source_url)
        return CaseHit(rank, score, fit, case, tuple(evidence))

    def _quotations(
        self, candidate: Candidate, unquoted: set[str], source: str, code: str = ""
    ) -> Iterable[Evidence]:
        """The best passages of a candidate, but for the parts that its heading shows anyway.

        The words of its activity code come after its own.
        """
        passages = (scored.passage for scored in candidate.passages)
        quoted = (passage for passage in passages if passage.part not in unquoted)
        best = islice(quoted, PASSAGES_PER_HIT)
        for passage in sorted(best, key=lambda passage: passage.part == ACTIVITY):
            text = _quotation(passage.part, passage.text)
            of, code_of = _source_of(passage, source, code)
            kind = EvidenceKind.TRADE if code_of else EvidenceKind.PASSAGE
            yield Evidence(kind, text, self._marks(text, passage.lang), of, code=code_of)

    def _matches(self, candidate: Candidate, *, in_full: bool) -> Sequence[TradeMatch]:
        """The precedents shown: the strongest, of who did not do it itself; `in_full`, all."""
        if in_full:
            return candidate.boost.matches()
        if candidate.endorsements:
            return ()
        return [match for match in candidate.boost.matches() if match.likeness > 0][:1]
