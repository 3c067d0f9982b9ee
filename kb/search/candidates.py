"""Candidates: the records that a search brought up, each with all that counts for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from kb.indexing.derivation import ACTIVITY
from kb.reference.roles import Flow
from kb.search.boosts.endorsements import Endorsement
from kb.search.boosts.precedents import NO_BOOST, Boost
from kb.search.fits import FitScale, below, best_fit, least_fit
from kb.search.query import Query
from kb.search.results import Fit, ScoreParts
from kb.search.scorer import ScoredPassage
from kb.search.weights import RankingWeights
from kb.text.analysis import word_coverage
from kb.text.flow import gives_up, takes_in


@dataclass(frozen=True, slots=True)
class Measure:
    """What candidates are measured by: nothing `asked` for a part; `most` for who is not named."""

    scale: FitScale
    weights: RankingWeights
    asked: Query | None = None
    most: Fit = Fit.STRONG

    @property
    def offers(self) -> bool:
        """Whether something is offered: then the texts of actors count besides their scores."""
        return self.asked is not None and self.asked.flow is Flow.OFFERS


@dataclass(eq=False)
class Candidate:
    """A record, what counts for it, best first, and the `score` that this makes."""

    record_id: str
    measure: Measure
    passages: Sequence[ScoredPassage] = ()
    endorsements: Sequence[Endorsement] = ()
    boost: Boost = NO_BOOST
    name: float = 0.0
    own: float = field(init=False)  # the value of its own words
    inferred: float = field(init=False)  # what its means and its boost add
    limit: float = field(init=False)
    score: float = field(init=False)

    def __post_init__(self) -> None:
        best, weights = self.best, self.measure.weights
        able = weights.passages.able * (best.able or 0.0) if best else 0.0
        self.own = best.score - able if best else 0.0
        self.inferred = able + self.boost.rise(weights.precedents)
        grounds = self._grounds(self.own + self.inferred)
        self.limit = min(self._limited() - grounds, 0.0)
        self.score = grounds + self.limit + self.name

    @property
    def best(self) -> ScoredPassage | None:
        return self.passages[0] if self.passages else None

    def says(self, need: str) -> bool:
        """Whether its best passage has all the words of a need."""
        return self.best is not None and word_coverage(need, self.best.passage.text) == 1.0

    @cached_property
    def fit(self) -> Fit:
        """The fit of all that counts for it."""
        return Fit.STRONG if self.name else self.measure.scale.fit(self.score)

    @cached_property
    def own_fit(self) -> Fit:
        """The fit of its own words alone."""
        scale = self.measure.scale
        return scale.fit(scale.at_most(self.own, self._most_of_words))

    @property
    def parts(self) -> ScoreParts:
        best, boost = self.best, self.boost
        return ScoreParts(
            dense=best.dense if best else 0.0,
            lexical=best.lexical if best else 0.0,
            filing=best.filing if best else None,
            able=best.able if best else None,
            own=self.own,
            case=self._shown or 0.0,
            inferred=self.inferred,
            similar=boost.rise(self.measure.weights.precedents),
            example=boost.example,
            likeness=boost.likeness,
            limit=self.limit,
            name=self.name,
        )

    @cached_property
    def _shown(self) -> float | None:
        """The value of its best endorsement; None without one."""
        if not self.endorsements:
            return None
        return self.measure.scale.score_of(self.endorsements[0].probability)

    def _grounds(self, words: float) -> float:
        own, shown = ground_shares(words, self._shown, self.measure.weights)
        return own * words + shown * (self._shown or 0.0)

    def _limited(self) -> float:
        """The score of its grounds, lowered so that it says no more than may be said."""
        measure, weights = self.measure, self.measure.weights
        scale = measure.scale
        words = scale.at_most(self.own, self._most_of_words)
        if self.inferred > 0:
            # What is inferred makes nobody strong, nor better than who did it, if by examples.
            bound = scale.least(Fit.STRONG)
            shown = self.endorsements[0].probability if self.endorsements else 0.0
            did = max(self.boost.did, shown)
            if did >= weights.fits.possible and self.boost.rise(weights.precedents):
                bound = min(bound, scale.score_of(did))
            words = max(words, below(self.own + self.inferred, bound))
        words = scale.at_most(words, self._most_of_words)
        # A second ground orders; it makes nothing fit better than the first.
        grounds = (words,) if self._shown is None else (words, self._shown)
        most = least_fit(measure.most, best_fit(*map(scale.fit, grounds)))
        kept = scale.at_most(self._grounds(words), most)
        return scale.at_most(kept, Fit.WEAK) if self._gives else kept

    @cached_property
    def _most_of_words(self) -> Fit:
        """The best fit of its own words: a class of activity alone is not strong."""
        best = self.best
        if best is None or all(scored.passage.part == ACTIVITY for scored in self.passages):
            return Fit.POSSIBLE
        if self.measure.offers and not takes_in(best.passage.text):
            return Fit.POSSIBLE
        return Fit.STRONG

    @property
    def _gives(self) -> bool:
        """Whether it gives up itself what the query offers, in a case or by its words."""
        if self.endorsements:
            return any(endorsed.gives for endorsed in self.endorsements)
        return self.measure.offers and self.best is not None and gives_up(self.best.passage.text)


def ground_shares(own: float, shown: float | None, weights: RankingWeights) -> tuple[float, float]:
    """The shares of words and of the best case: the better counts in full, the other by a tenth."""
    if shown is None:
        return 1.0, 0.0
    second = weights.cases.second_ground
    if shown >= own:
        return second if own > 0 else 0.0, 1.0
    return 1.0, second if shown > 0 else 0.0


def best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.record_id))
