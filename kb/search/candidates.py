"""Candidates: the records that a search brought up, each with all that counts for it."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from kb.reference.flows import Flow
from kb.search.boosts.endorsements import Endorsement
from kb.search.boosts.precedents import NO_BOOST, Boost
from kb.search.fits import (
    best_fit,
    capped_by_doubt,
    fit_of,
    fit_of_case,
    fit_of_trade_match,
    fit_of_words,
    has_fitting_words,
    least_fit,
    least_fitting_score,
)
from kb.search.fusion import ScoredPassage
from kb.search.query import Query
from kb.search.results import Fit, ScoreParts
from kb.search.trades.null_distribution import NullDistribution
from kb.search.weights import RankingWeights
from kb.text.flow import gives_up


@dataclass(frozen=True)
class Measure:
    """What candidates of a search are measured by: its null distribution, and the weights.

    What is `asked` is known but for a part of a need. `greatest_rise` is that of all boosts, `most`
    the best fit of who is not named.
    """

    null: NullDistribution
    weights: RankingWeights
    asked: Query | None = None
    greatest_rise: float = 0.0
    most: Fit = Fit.STRONG

    @cached_property
    def least(self) -> float:
        """The least score whose fit is any but none; infinite where no other may be."""
        if self.most is Fit.NONE:
            return math.inf
        return least_fitting_score(self.null, self.weights.fits)

    @cached_property
    def offers(self) -> bool:
        """Whether something is offered: then the texts of actors count besides their scores."""
        return self.asked is not None and self.asked.flow is Flow.OFFERS


@dataclass(eq=False)
class Candidate:
    """A record, what counts for it, and what that makes.

    `passages` are best first. `rise` is that of its `boost`, and `name` the value of its name. Its
    `parts` and its fits are worked out when they are asked for.

    Its best passage counts, so that length does not win; and its best endorsement. An actor that
    gives up itself what the query offers loses a share of its score, and is a lead at best.

    Attributes:
        own: the value of its own words.
        score: of all that counts for it.
    """

    record_id: str
    passages: Sequence[ScoredPassage]
    endorsements: Sequence[Endorsement]
    boost: Boost
    rise: float
    name: float
    measure: Measure
    own: float = field(init=False)
    score: float = field(init=False)

    def __post_init__(self) -> None:
        self.own = self.score = self.passages[0].score if self.passages else 0.0
        if not self._is_plain or self.measure.offers:
            self.score = self._of_grounds + (self._direction + self.name)

    @property
    def best(self) -> ScoredPassage | None:
        return self.passages[0] if self.passages else None

    @property
    def _is_plain(self) -> bool:
        """Whether nothing but its own words counts for it."""
        return not (self.endorsements or self.rise or self.name)

    @cached_property
    def own_fit(self) -> Fit:
        """The fit of its own words alone."""
        measure = self.measure
        if self.best and measure.asked:
            return fit_of_words(self.best, measure.asked, measure.null, measure.weights)
        return fit_of(self.own, measure.null, measure.weights.fits)

    @cached_property
    def fit(self) -> Fit:
        """The fit of all that counts for it."""
        if self.name:
            return Fit.STRONG
        null, weights = self.measure.null, self.measure.weights.fits
        fit = capped_by_doubt(best_fit(self.own_fit, *self._other_fits()), null, weights)
        if self._gives >= weights.shown_possible:
            fit = least_fit(fit, Fit.WEAK)
        return least_fit(fit, self.measure.most)

    @property
    def is_fit(self) -> bool:
        """Whether its fit is any but none."""
        if self.name or self.measure.most is Fit.NONE:
            return bool(self.name)
        return self._says_enough or any(fit is not Fit.NONE for fit in self._other_fits())

    @property
    def _says_enough(self) -> bool:
        """Whether the fit of its own words is any but none."""
        measure, best = self.measure, self.best
        if best and best.words.rare and measure.asked:
            return has_fitting_words(best, measure.null, measure.weights)
        return self.own >= measure.least

    def _other_fits(self) -> Iterator[Fit]:
        """Yields the fits of its cases, and that of its trade."""
        weights = self.measure.weights.fits
        for endorsed in self.endorsements:
            yield least_fit(fit_of_case(endorsed.share, weights), endorsed.best_fit)
        if self.rise:
            # An inferred hit shows only that its trade is close.
            of_match = fit_of_trade_match(self.boost.closest, weights)
            yield least_fit(fit_of(self.score, self.measure.null, weights), of_match)

    @property
    def parts(self) -> ScoreParts:
        """The parts of its score."""
        best = self.best
        return ScoreParts(
            dense=best.dense if best else 0.0,
            lexical=best.lexical if best else 0.0,
            rare=best.words.rare if best else 0.0,
            overlap=best.overlap if best else 0.0,
            filing=best.filing if best else None,
            apart=best.apart if best else 0.0,
            own=self.own,
            case=self._shown,
            similar=self.rise,
            support=self.boost.support,
            example=self.boost.example,
            likeness=self.boost.likeness,
            lead=self._lead,
            direction=self._direction,
            name=self.name,
        )

    @property
    def _shown(self) -> float:
        return self.endorsements[0].score if self.endorsements else 0.0

    @property
    def _lead(self) -> float:
        """Who bought or coordinated it has not shown that it can do it."""
        if self.endorsements and self.endorsements[0].best_fit.is_worth_a_call:
            return self.endorsements[0].share * self.measure.greatest_rise
        return 0.0

    @property
    def _of_grounds(self) -> float:
        own, shown = self.own, self._shown + self._lead
        weights = self.measure.weights
        shares = ground_shares(own, self.rise, shown if self.endorsements else None, weights)
        return shares.own * own + shares.similar * self.rise + shares.shown * shown

    @property
    def _direction(self) -> float:
        gives = self._gives
        if not gives:
            return 0.0
        return -self.measure.weights.cases.given_up * gives * max(self._of_grounds, 0.0)

    @property
    def _gives(self) -> float:
        """How surely it gives up what the query offers, 0 to 1.

        It does so in a case, as far as this is relevant, or else by words that fit.
        """
        if self.endorsements:
            giving = (
                endorsed.matched.relevance for endorsed in self.endorsements if endorsed.gives
            )
            return max(giving, default=0.0)
        if not (self.measure.offers and self.best and self._says_enough):
            return 0.0
        return float(gives_up(self.best.passage.text))


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
    rise = boost.rise(measure.weights.precedents)
    return Candidate(record_id, passages, endorsements, boost, rise, name, measure)


class Candidates:
    """The actors that a search brought up, by id.

    A search brings up hundreds, and shows ten. Nothing counts for most but their own words, none of
    them rare: these are ranked, and are fit, by the score of their best passage, and are made when
    they are looked at.

    Attributes:
        scores: of all actors, by id.
    """

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
        self.scores = {id_: of_actor[0].score for id_, of_actor in passages.items()}
        special = (
            id_ for id_, of_actor in passages.items() if measure.offers or of_actor[0].words.rare
        )
        for id_ in (*special, *boosted):
            self.scores[id_] = self[id_].score

    def fitting(self, ids: Iterable[str]) -> set[str]:
        """Those of these whose fit is any but none."""
        made, scores, least = self._made, self.scores, self._measure.least
        return {id_ for id_ in ids if (made[id_].is_fit if id_ in made else scores[id_] >= least)}

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
    """The shares with which an actor's words, what is inferred, and its best case count."""

    own: float
    similar: float
    shown: float


def ground_shares(
    own: float, inferred: float, shown: float | None, weights: RankingWeights
) -> GroundShares:
    """The shares with which the grounds of a score count.

    Its own words and what is inferred are a ground, its best case is the other. The better counts
    in full; of the other, its words or its case by a tenth, and less than nothing is nothing. So a
    case lowers nobody. `shown` is None without a case.
    """
    if shown is None:
        return GroundShares(1.0, 1.0, 0.0)
    second = weights.cases.second_ground
    if shown >= own + inferred:
        return GroundShares(second if own > 0 else 0.0, 0.0, 1.0)
    return GroundShares(1.0, 1.0, second if shown > 0 else 0.0)


def best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Returns the candidates by score, ties by id."""
    return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.record_id))
