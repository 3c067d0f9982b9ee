"""Evidence: what a person is shown for each hit, and can check."""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import islice

from kb.indexing.derivation import ACTIVITY, NAME, PARTICIPANTS, TITLE, quotation
from kb.models import Actor, Case
from kb.search.boosts.means import MeansFinder
from kb.search.boosts.precedents import Match, TradeMatch
from kb.search.candidates import Candidate
from kb.search.context import SearchContext
from kb.search.results import ActorHit, CaseHit, Evidence, EvidenceKind, Fit
from kb.store.passages import Passage
from kb.text.analysis import TEXTS_REMEMBERED, places_of

PASSAGES_PER_HIT = 2
CASES_PER_HIT = 2
PRECEDENTS_PER_HIT = 1

_quotation = lru_cache(maxsize=TEXTS_REMEMBERED)(quotation)
"""The same texts are shown again and again, and those of cases are Markdown."""


class EvidenceBuilder:
    """Builds the hits of a search, each with its evidence."""

    def __init__(
        self, stems: Collection[str], context: SearchContext, means: MeansFinder | None = None
    ) -> None:
        """`stems` are those whose words are marked; `means` finds those of actors."""
        self._stems = frozenset(stems)
        self._context = context
        self._means = means
        self._marked: dict[tuple[str, str], tuple[tuple[int, int], ...]] = {}

    def actor_hits(
        self, ranked: Iterable[tuple[int, Candidate]], *, in_full: bool = False
    ) -> tuple[ActorHit, ...]:
        """The hits of actors of the base, by their ranks."""
        ranked = list(ranked)
        named = {candidate.record_id for _, candidate in ranked}
        for _, candidate in ranked:
            shown = self._matches(candidate, in_full=in_full)
            named |= {
                match.precedent.actor_id for match, _ in shown if not match.precedent.elsewhere
            }
        self._context.actors(named)  # in one go
        return tuple(self.actor_hit(rank, actor, in_full=in_full) for rank, actor in ranked)

    def actor_hit(
        self, rank: int, candidate: Candidate, *, fit: Fit | None = None, in_full: bool = False
    ) -> ActorHit:
        """A hit with its best evidence; `in_full`, with every precedent in a close trade."""
        id_ = candidate.record_id
        actor = self._context.actors([id_])[id_]
        evidence = []
        if candidate.name:
            marks = self._marks(actor.name, actor.lang)
            evidence.append(Evidence(EvidenceKind.NAME, actor.name, marks, actor.source_url))
        for endorsement in candidate.endorsements[:CASES_PER_HIT]:
            participation, case = endorsement.participation, endorsement.case
            text = participation.contribution or case.need or case.title
            evidence.append(
                Evidence(
                    EvidenceKind.CASE,
                    text,
                    self._marks(text, case.lang),
                    participation.source_url or case.source_url,
                    case,
                    participation,
                )
            )
        evidence += self._quotations(candidate, {NAME}, actor.source_url)
        evidence += self._inferences(candidate, actor, in_full=in_full)
        evidence += self._means_of(candidate, actor)
        return ActorHit(
            rank, candidate.score, fit or candidate.fit, actor, tuple(evidence), candidate.parts
        )

    def case_hit(
        self, rank: int, candidate: Candidate, case: Case, score: float, fit: Fit
    ) -> CaseHit:
        evidence = self._quotations(candidate, {TITLE, PARTICIPANTS}, case.source_url)
        return CaseHit(rank, score, fit, case, tuple(evidence))

    def _quotations(self, candidate: Candidate, unquoted: set[str], source: str) -> list[Evidence]:
        """The best passages of a candidate, but for the parts that its heading shows anyway."""
        passages = (scored.passage for scored in candidate.passages)
        quoted = (passage for passage in passages if passage.part not in unquoted)
        return [self._passage(passage, source) for passage in islice(quoted, PASSAGES_PER_HIT)]

    def _passage(self, passage: Passage, source: str) -> Evidence:
        text = _quotation(passage.part, passage.text)
        # The meaning of an activity code is in our words, and in no source.
        source = "" if passage.part == ACTIVITY else source
        return Evidence(EvidenceKind.PASSAGE, text, self._marks(text, passage.lang), source)

    def _inferences(self, candidate: Candidate, actor: Actor, *, in_full: bool) -> list[Evidence]:
        return [
            Evidence(
                EvidenceKind.SIMILAR,
                _quotation(passage.part, passage.text),
                (),
                actor.source_url,
                match.precedent.endorsement.case,
                match.precedent.endorsement.participation,
                precedent,
            )
            for match, passage in self._matches(candidate, in_full=in_full)
            for precedent in self._precedents(match)
        ]

    def _precedents(self, match: TradeMatch) -> Collection[Actor]:
        """The actor that did it, here or elsewhere; none if it is gone."""
        if match.precedent.elsewhere:
            return [match.precedent.elsewhere]
        return self._context.actors([match.precedent.actor_id]).values()

    def _means_of(self, candidate: Candidate, actor: Actor) -> list[Evidence]:
        """What firms of its trade can do, unless it is shown or its own words are strong."""
        best = candidate.best
        if not (self._means and best) or candidate.endorsements or candidate.own_fit is Fit.STRONG:
            return []
        if (match := self._means.of(best.passage)) is None:
            return []
        text = _quotation(best.passage.part, best.passage.text)
        return [Evidence(EvidenceKind.MEANS, text, (), actor.source_url, means=match)]

    def _matches(self, candidate: Candidate, *, in_full: bool) -> Sequence[Match]:
        """The precedents that are shown, strongest first.

        That is the strongest in a close trade, if the actor did not do it itself; `in_full`, all.
        """
        if in_full:
            return candidate.boost.matches
        if candidate.endorsements:
            return ()
        close = (found for found in candidate.boost.matches if found[0].likeness > 0)
        return list(islice(close, PRECEDENTS_PER_HIT))

    def _marks(self, text: str, lang: str) -> tuple[tuple[int, int], ...]:
        if (text, lang) not in self._marked:
            self._marked[text, lang] = tuple(places_of(self._stems, text, lang))
        return self._marked[text, lang]
