"""Fits: what a score means for a person: a least probability to be right (docs/ranking.md)."""

import math
from dataclasses import dataclass
from functools import cached_property

from kb.search.need.probe import probability
from kb.search.results import Fit
from kb.search.trades.background import NullDistribution
from kb.search.weights import FitWeights

_RISING = (Fit.NONE, Fit.WEAK, Fit.POSSIBLE, Fit.STRONG)
MOST_NEED = 2.0  # the most log odds of a need that count: from there on, it is one
_BELOW = 0.01  # how far below a bound scores that may not reach it are pressed together


def fit_features(null: NullDistribution) -> tuple[float, float]:
    """What is known of a query, each with the sign with which it makes a hit more probable."""
    return -null.ceiling, min(null.need_odds, MOST_NEED)


@dataclass(frozen=True)
class FitScale:
    """The scale of the scores of a search, with the probability of each to be right."""

    null: NullDistribution
    weights: FitWeights

    @cached_property
    def _shift(self) -> float:
        ceiling, need = fit_features(self.null)
        weights = self.weights
        return weights.intercept + weights.ceiling * ceiling + weights.need * need

    def probability(self, score: float) -> float:
        """The probability that a hit with this score is right."""
        return probability(self.weights.slope * score + self._shift)

    def score_of(self, probability: float) -> float:
        """The score of a hit that is right with this probability, between 0 and 1."""
        return (math.log(probability / (1 - probability)) - self._shift) / self.weights.slope

    @cached_property
    def _least(self) -> tuple[float, ...]:
        weights = self.weights
        bounds = (weights.weak, weights.possible, weights.strong)
        return -math.inf, *map(self.score_of, bounds)

    def least(self, fit: Fit) -> float:
        return self._least[rank_of(fit)]

    def fit(self, score: float) -> Fit:
        return _RISING[sum(score >= bound for bound in self._least) - 1]

    def at_most(self, score: float, fit: Fit) -> float:
        """A score lowered so that its fit is at most this, in the same order as before."""
        return score if fit is Fit.STRONG else below(score, self._least[rank_of(fit) + 1])


def below(score: float, bound: float) -> float:
    """A score that would reach a bound, lowered to just below it, in the same order as before."""
    above = 1 + (score - bound) / _BELOW
    return score if above <= 0 else bound - _BELOW / (1 + above)


def fit_of_probability(probability: float, weights: FitWeights) -> Fit:
    """The fit of what is right with a probability, like a case with the share of a role in it."""
    bounds = (weights.weak, weights.possible, weights.strong)
    return _RISING[sum(probability >= bound for bound in bounds)]


def rank_of(fit: Fit) -> int:
    """The place of a fit among all, from 0 for none."""
    return _RISING.index(fit)


def best_fit(*fits: Fit) -> Fit:
    return max(fits, key=rank_of)


def least_fit(*fits: Fit) -> Fit:
    return min(fits, key=rank_of)
