"""Evidence: what a person is shown for each hit, and can check."""

from collections.abc import Collection, Mapping

from kb.indexing.derivation import ACTIVITY, NAME, PARTICIPANTS, TITLE, quotation
from kb.models import Actor, Case
from kb.search.candidates import Candidate
from kb.search.results import ActorHit, CaseHit, Evidence, EvidenceKind, Fit
from kb.store.passages import Passage
from kb.text.analysis import meaning_spans

PASSAGES_PER_HIT = 2
CASES_PER_HIT = 2
PRECEDENTS_PER_HIT = 1


class EvidenceBuilder:
    """Builds the hits of a search, each with its evidence.

    `actors` are those that may be named, by id: candidates and precedents.
    """

    def __init__(self, stems: Collection[str], actors: Mapping[str, Actor]) -> None:
        """`stems` are those whose words are marked."""
        self._stems = frozenset(stems)
        self.actors = actors
        self._marked: dict[tuple[str, str], tuple[tuple[int, int], ...]] = {}

    def actor_hit(
        self, rank: int, candidate: Candidate, *, fit: Fit | None = None, in_full: bool = False
    ) -> ActorHit:
        """A hit with its best evidence; `in_full`, with every precedent in a close trade."""
        actor = self.actors[candidate.record_id]
        evidence = []
        if candidate.parts.name:
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
        if in_full or not candidate.endorsements:
            inferences = self._inferences(candidate, actor, in_full=in_full)
            evidence += inferences if in_full else inferences[:PRECEDENTS_PER_HIT]
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
        passages = [scored.passage for scored in candidate.passages]
        quoted = [passage for passage in passages if passage.part not in unquoted]
        return [self._quotation(passage, source) for passage in quoted[:PASSAGES_PER_HIT]]

    def _quotation(self, passage: Passage, source: str) -> Evidence:
        text = quotation(passage.part, passage.text)
        # The meaning of an activity code is in our words, and in no source.
        source = "" if passage.part == ACTIVITY else source
        return Evidence(EvidenceKind.PASSAGE, text, self._marks(text, passage.lang), source)

    def _inferences(self, candidate: Candidate, actor: Actor, *, in_full: bool) -> list[Evidence]:
        """The precedents in close trades, strongest first; `in_full`, those in others, too."""
        close = [
            (match, passage)
            for match, passage in candidate.boost.matches
            if in_full or match.closeness > 0
        ]
        return [
            Evidence(
                EvidenceKind.SIMILAR,
                quotation(passage.part, passage.text),
                (),
                actor.source_url,
                match.precedent.endorsement.case,
                match.precedent.endorsement.participation,
                self.actors[match.precedent.actor_id],
            )
            for match, passage in close
            if match.precedent.actor_id in self.actors
        ]

    def _marks(self, text: str, lang: str) -> tuple[tuple[int, int], ...]:
        if (text, lang) not in self._marked:
            spans = meaning_spans(text, lang)
            self._marked[text, lang] = tuple(
                sorted({span for stem in self._stems & spans.keys() for span in spans[stem]})
            )
        return self._marked[text, lang]
