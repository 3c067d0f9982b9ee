"""Candidates: the records that something brought up, and what speaks for each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kb.models import Kind
from kb.search.background import Chance
from kb.search.close_trades import NOTHING_SAID, Lift, Likeness
from kb.search.fusion import best_fit, fit_of, fit_of_case, fit_of_likeness, least_fit
from kb.search.results import Fit, ScoreParts
from kb.search.vouching import Voucher, closeness
from kb.store.passages import Passage
from kb.text.analysis import share_said

SECOND_GROUND_SHARE = 0.1
"""What the weaker of an actor's two grounds, its words and its cases, adds to the stronger."""


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage and its score, made of its standardised cosine, its BM25 and its `overlap`.

    The overlap is that with the trades that the query aims at, 0 to 1.
    """

    passage: Passage
    dense: float
    lexical: float
    overlap: float
    score: float

    def as_need(self, asked: str) -> float:
        """How close it is to what is asked, if it tells the need of a case."""
        said = share_said(asked, self.passage.text) if self.lexical else 0.0
        return closeness(self.dense, self.lexical, said)


@dataclass(slots=True)
class Candidate:
    """A record, its passages best first, and what else speaks for it."""

    record_id: str
    passages: list[ScoredPassage] = field(default_factory=list)
    vouchers: Sequence[Voucher] = ()
    likenesses: Sequence[tuple[Likeness, Passage]] = ()
    lift: Lift = NOTHING_SAID
    name: float = 0.0

    @property
    def inferred(self) -> float:
        """What those give whose trade is close to its own."""
        return self.lift.above(self.own)

    @property
    def own(self) -> float:
        """What its own words give: its best passage counts, so that length does not win."""
        return self.passages[0].score if self.passages else 0.0

    @property
    def shown(self) -> float:
        """What the cases that it took part in give."""
        return self.vouchers[0].score if self.vouchers else 0.0

    @property
    def score(self) -> float:
        stated = self.own + self.inferred
        if not self.vouchers:
            return stated + self.name
        lower, higher = sorted((stated, self.shown))
        return higher + SECOND_GROUND_SHARE * max(lower, 0.0) + self.name

    @property
    def parts(self) -> ScoreParts:
        best = self.passages[0] if self.passages else None
        return ScoreParts(
            dense=best.dense if best else 0.0,
            lexical=best.lexical if best else 0.0,
            overlap=best.overlap if best else 0.0,
            own=self.own,
            case=self.shown,
            similar=self.inferred,
            said=self.lift.said,
            goal=self.lift.goal,
            name=self.name,
        )

    def fit(self, chance: Chance) -> Fit:
        """How well it answers. What is only inferred says no more than its trade is close."""
        if self.name:
            return Fit.STRONG
        shown = fit_of_case(self.vouchers[0].weight) if self.vouchers else Fit.NONE
        inferred = Fit.NONE
        if self.inferred:
            closest = max(likeness.closeness for likeness, _ in self.likenesses)
            inferred = least_fit(fit_of(self.score, chance), fit_of_likeness(closest))
        return best_fit(fit_of(self.own, chance), shown, inferred)

    def need_closeness(self, part: str, asked: str) -> float:
        """How close the need of a case is, which is told in this part of it, to what is asked."""
        return max(
            (one.as_need(asked) for one in self.passages if one.passage.part == part),
            default=float("-inf"),
        )


def gathered(passages: Iterable[ScoredPassage]) -> dict[Kind, dict[str, Candidate]]:
    """The actors and the cases that scored passages bring up, by id."""
    found: dict[Kind, dict[str, Candidate]] = {Kind.ACTOR: {}, Kind.CASE: {}}
    for one in passages:
        of_kind = found[one.passage.kind]
        candidate = of_kind.setdefault(one.passage.record_id, Candidate(one.passage.record_id))
        candidate.passages.append(one)
    for candidate in (*found[Kind.ACTOR].values(), *found[Kind.CASE].values()):
        candidate.passages.sort(key=lambda scored: (-scored.score, scored.passage.id))
    return found


def best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """By score, ties by id."""
    return sorted(candidates, key=lambda one: (-one.score, one.record_id))
