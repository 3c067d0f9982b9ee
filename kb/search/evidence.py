"""Evidence: what a person is shown for each hit, and can check."""

from collections.abc import Collection, Mapping

from kb.indexing.derivation import ACTIVITY, NAME, PARTICIPANTS, TITLE, quotation
from kb.models import Actor, Case
from kb.search.background import Chance
from kb.search.candidates import Candidate
from kb.search.close_trades import Likeness
from kb.search.fusion import fit_of
from kb.search.results import ActorHit, CaseHit, Evidence, EvidenceKind, Fit
from kb.store.passages import Passage
from kb.text.analysis import stem_spans

PASSAGES_PER_HIT = 2
CASES_PER_HIT = 2
WITNESSES_PER_HIT = 1

WORTH_A_CALL = frozenset({Fit.POSSIBLE, Fit.STRONG})


class Drawing:
    """Draws the evidence of the hits of one search.

    `actors` are those that may be named, by id: candidates and witnesses.
    """

    def __init__(
        self, wanted: Collection[str], actors: Mapping[str, Actor], chance: Chance
    ) -> None:
        """`wanted` are the stems whose words are marked."""
        self._wanted = frozenset(wanted)
        self.actors = actors
        self.chance = chance
        self._marked: dict[tuple[str, str], tuple[tuple[int, int], ...]] = {}

    def knows(self, actor_id: str) -> bool:
        return actor_id in self.actors

    def says_enough(self, candidate: Candidate) -> bool:
        """Whether its own words alone make it a possible answer."""
        return fit_of(candidate.own, self.chance) in WORTH_A_CALL

    def may_be_called(self, candidate: Candidate) -> bool:
        return candidate.fit(self.chance) in WORTH_A_CALL

    def fits(self, candidate: Candidate) -> bool:
        return candidate.fit(self.chance) is not Fit.NONE

    def actor_hit(self, rank: int, candidate: Candidate, *, in_full: bool = False) -> ActorHit:
        """A hit with its best evidence; `in_full`, with every witness whose trade is close."""
        actor = self.actors[candidate.record_id]
        evidence = []
        if candidate.name:
            marks = self._marks(actor.name, actor.lang)
            evidence.append(Evidence(EvidenceKind.NAME, actor.name, marks, actor.source_url))
        for voucher in candidate.vouchers[:CASES_PER_HIT]:
            part, case = voucher.participation, voucher.case
            text = part.contribution or case.need or case.title
            evidence.append(
                Evidence(
                    EvidenceKind.CASE,
                    text,
                    self._marks(text, case.lang),
                    part.source_url or case.source_url,
                    case,
                    part,
                )
            )
        evidence += self._quotations(candidate, {NAME}, actor.source_url)
        if in_full or not candidate.vouchers:
            most = None if in_full else WITNESSES_PER_HIT
            evidence += self._inferences(candidate, actor)[:most]
        fit = candidate.fit(self.chance)
        return ActorHit(rank, candidate.score, fit, actor, tuple(evidence), candidate.parts)

    def case_hit(
        self, rank: int, candidate: Candidate, case: Case, score: float, fit: Fit
    ) -> CaseHit:
        evidence = self._quotations(candidate, {TITLE, PARTICIPANTS}, case.source_url)
        return CaseHit(rank, score, fit, case, tuple(evidence))

    def _quotations(self, candidate: Candidate, unquoted: set[str], source: str) -> list[Evidence]:
        """The best passages of a candidate, but for the parts that its heading shows anyway."""
        passages = [one.passage for one in candidate.passages if one.passage.part not in unquoted]
        return [self._quoted(passage, source) for passage in passages[:PASSAGES_PER_HIT]]

    def _quoted(self, passage: Passage, source: str) -> Evidence:
        text = quotation(passage.part, passage.text)
        # What an activity code means is said in our words, and in no source.
        source = "" if passage.part == ACTIVITY else source
        return Evidence(EvidenceKind.PASSAGE, text, self._marks(text, passage.lang), source)

    def _inferences(self, candidate: Candidate, actor: Actor) -> list[Evidence]:
        """Whose trade is close, of those who did it: the closest first, each once."""
        closest: dict[str, tuple[Likeness, Passage]] = {}
        for likeness, passage in candidate.likenesses:
            closest.setdefault(likeness.witness.actor_id, (likeness, passage))
        shown = [
            (likeness, passage)
            for witness_id, (likeness, passage) in closest.items()
            if witness_id in self.actors
        ]
        return [
            Evidence(
                EvidenceKind.SIMILAR,
                quotation(passage.part, passage.text),
                (),
                actor.source_url,
                likeness.witness.voucher.case,
                likeness.witness.voucher.participation,
                self.actors[likeness.witness.actor_id],
            )
            for likeness, passage in shown
        ]

    def _marks(self, text: str, lang: str) -> tuple[tuple[int, int], ...]:
        """Where in a text the words of the query stand."""
        if (text, lang) not in self._marked:
            spans = stem_spans(text, lang)
            self._marked[text, lang] = tuple(
                sorted({span for one in self._wanted & spans.keys() for span in spans[one]})
            )
        return self._marked[text, lang]
