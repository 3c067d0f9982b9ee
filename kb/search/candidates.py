"""Candidates: the records that a search brought up, each with all that counts for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from kb.indexing.derivation import ACTIVITY
from kb.reference.flows import Flow
from kb.search.boosts.endorsements import Endorsement
from kb.search.boosts.precedents import NO_BOOST, Boost
from kb.search.fits import FitScale, below, best_fit, least_fit
from kb.search.fusion import ScoredPassage
from kb.search.query import Query
from kb.search.results import Fit, ScoreParts
from kb.search.weights import RankingWeights
from kb.text.analysis import word_coverage
from kb.text.flow import gives_up, takes_in


@dataclass(frozen=True)
class Measure:
    """What candidates of a search are measured by: the scale of scores, and the weights.

    What is `asked` is known but for a part of a need. `most` is the best fit of who is not named.
    """

    scale: FitScale
    weights: RankingWeights
    asked: Query | None = None
    most: Fit = Fit.STRONG

    @cached_property
    def least(self) -> float:
        """The least score whose fit is any but none."""
        return self.scale.least(Fit.WEAK)

    @cached_property
    def strong(self) -> float:
        """The least score of a strong fit."""
        return self.scale.least(Fit.STRONG)

    @cached_property
    def offers(self) -> bool:
        """Whether something is offered: then the texts of actors count besides their scores."""
        return self.asked is not None and self.asked.flow is Flow.OFFERS


@dataclass(eq=False)
class Candidate:
    """A record, what counts for it, and what that makes.

    Its best passage counts, so that length does not win; and its best endorsement. What is inferred
    (its means, precedents in close trades) makes nothing strong, and nobody better than who did it.

    Attributes:
        passages: scored, best first.
        name: the value of its name.
        own: the value of its own words, without its means.
        inferred: what its means and its boost add.
        shown: the value of its best endorsement.
        score: of all that counts for it.
    """

    record_id: str
    passages: Sequence[ScoredPassage]
    endorsements: Sequence[Endorsement]
    boost: Boost
    name: float
    measure: Measure
    own: float = field(init=False)
    inferred: float = field(init=False)
    score: float = field(init=False)

    def __post_init__(self) -> None:
        best, weights = self.best, self.measure.weights
        able = weights.passages.able * (best.able or 0.0) if best else 0.0
        self.own = best.score - able if best else 0.0
        self.inferred = able + self.boost.rise(weights.precedents)
        self.score = self._grounds + self.limit + self.name

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

    @cached_property
    def parts(self) -> ScoreParts:
        """The parts of its score."""
        best, boost = self.best, self.boost
        return ScoreParts(
            dense=best.dense if best else 0.0,
            lexical=best.lexical if best else 0.0,
            filing=best.filing if best else None,
            able=best.able if best else None,
            own=self.own,
            case=self.shown or 0.0,
            inferred=self.inferred,
            similar=boost.rise(self.measure.weights.precedents),
            example=boost.example,
            likeness=boost.likeness,
            limit=self.limit,
            name=self.name,
        )

    @cached_property
    def shown(self) -> float | None:
        """The value of its best endorsement; None without one."""
        if not self.endorsements:
            return None
        return self.measure.scale.score_of(self.endorsements[0].probability)

    @cached_property
    def _grounds(self) -> float:
        shares = ground_shares(self.own + self.inferred, self.shown, self.measure.weights)
        return shares.own * (self.own + self.inferred) + shares.shown * (self.shown or 0.0)

    @cached_property
    def limit(self) -> float:
        """What is taken off so that the score says no more than may be said: 0 or less."""
        measure, weights = self.measure, self.measure.weights
        scale = measure.scale
        own = scale.at_most(self.own, self._most_of_words)
        # What is inferred makes nobody strong; what examples add, nobody better than who did it.
        bound = measure.strong
        did = max(self.boost.did, self.endorsements[0].probability if self.endorsements else 0.0)
        if did >= weights.fits.possible and self.boost.rise(weights.precedents):
            bound = min(bound, scale.score_of(did))
        words = max(own, below(self.own + self.inferred, bound)) if self.inferred > 0 else own
        words = scale.at_most(words, self._most_of_words)
        shares = ground_shares(words, self.shown, weights)
        kept = shares.own * words + shares.shown * (self.shown or 0.0)
        # A second ground orders; it makes nothing fit better than the first.
        grounds = (words,) if self.shown is None else (words, self.shown)
        kept = scale.at_most(kept, least_fit(measure.most, best_fit(*map(scale.fit, grounds))))
        if self._gives:
            kept = scale.at_most(kept, Fit.WEAK)
        return min(kept - self._grounds, 0.0)

    @cached_property
    def _most_of_words(self) -> Fit:
        """The best fit that its own words can have.

        A class of activity alone is not strong; nor, where something is offered, who does not say
        that it takes such things in.
        """
        best = self.best
        if best is None or all(scored.passage.part == ACTIVITY for scored in self.passages):
            return Fit.POSSIBLE
        if self.measure.offers and not takes_in(best.passage.text):
            return Fit.POSSIBLE
        return Fit.STRONG

    @cached_property
    def _gives(self) -> bool:
        """Whether it gives up itself what the query offers, in a case or by its words."""
        if self.endorsements:
            return any(endorsed.gives for endorsed in self.endorsements)
        return self.measure.offers and self.best is not None and gives_up(self.best.passage.text)


def assess(
    record_id: str,
    passages: Sequence[ScoredPassage],
    measure: Measure,
    *,
    endorsements: Sequence[Endorsement] = (),
    boost: Boost = NO_BOOST,
    name: float = 0.0,
) -> Candidate:
    """The candidate of a record, by its passages, its endorsements and its boosts, best first."""
    return Candidate(record_id, passages, endorsements, boost, name, measure)


class Candidates:
    """The actors that a search brought up, by id, and their `scores`."""

    def __init__(
        self,
        passages: Mapping[str, Sequence[ScoredPassage]],
        boosted: Iterable[str],
        measure: Measure,
        endorsements: Mapping[str, Sequence[Endorsement]],
        boosts: Mapping[str, Boost],
        names: Mapping[str, float],
    ) -> None:
        """The mappings are by the ids of actors, passages and endorsements best first.

        For those `boosted`, by id, more may count than their own words.
        """
        self._passages = passages
        self._measure = measure
        self._endorsements = endorsements
        self._boosts = boosts
        self._names = names
        self._made: dict[str, Candidate] = {}
        self.scores = {id_: self[id_].score for id_ in {**passages, **dict.fromkeys(boosted)}}

    def fitting(self, ids: Iterable[str]) -> set[str]:
        """Those of these whose fit is any but none."""
        return {id_ for id_ in ids if self[id_].fit is not Fit.NONE}

    def best_first(self, ids: Iterable[str]) -> list[str]:
        """These by score, ties by id."""
        return sorted(sorted(ids), key=self.scores.__getitem__, reverse=True)

    def __getitem__(self, id_: str) -> Candidate:
        if id_ not in self._made:
            self._made[id_] = assess(
                id_,
                self._passages.get(id_, ()),
                self._measure,
                endorsements=self._endorsements.get(id_, ()),
                boost=self._boosts.get(id_, NO_BOOST),
                name=self._names.get(id_, 0.0),
            )
        return self._made[id_]


class GroundShares(NamedTuple):
    """The shares with which what its words say and its best case count."""

    own: float
    shown: float


def ground_shares(own: float, shown: float | None, weights: RankingWeights) -> GroundShares:
    """The shares of two grounds: the better counts in full, the other by a tenth, if above 0.

    `shown` is None without a case.
    """
    if shown is None:
        return GroundShares(1.0, 0.0)
    second = weights.cases.second_ground
    if shown >= own:
        return GroundShares(second if own > 0 else 0.0, 1.0)
    return GroundShares(1.0, second if shown > 0 else 0.0)


def best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Returns the candidates by score, ties by id."""
    return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.record_id))
