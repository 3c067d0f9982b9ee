"""Fits: the meaning of a score for a person."""

from kb.search.background import NullDistribution
from kb.search.results import Fit
from kb.search.weights import FitWeights

_RISING = (Fit.NONE, Fit.WEAK, Fit.POSSIBLE, Fit.STRONG)


def required_score(null: NullDistribution, weights: FitWeights) -> float:
    """The score from which fits are measured: a share of what the closest of all trades have."""
    return weights.ceiling_share * null.ceiling


def fit_of(score: float, null: NullDistribution, weights: FitWeights) -> Fit:
    """The fit of a score, given how close the closest of all trades are to the query."""
    excess = score - required_score(null, weights)
    return _fit_from(excess, weights.strong, weights.possible, weights.weak)


def fit_of_case(share: float, weights: FitWeights) -> Fit:
    """The fit of who took part in a case: `share` is its relevance times the share of the role."""
    return _fit_from(share, weights.shown_strong, weights.shown_possible, weights.shown_weak)


def fit_of_need(relevance: float, fit_of_words: Fit, weights: FitWeights) -> Fit:
    """The fit of a case: that of its need, or a lead at best if only its words speak of it."""
    return best_fit(fit_of_case(relevance, weights), least_fit(fit_of_words, Fit.WEAK))


def fit_of_trade_match(closeness: float, weights: FitWeights) -> Fit:
    """The best fit that a trade close to a precedent's can have; never more than possible."""
    bounds = float("inf"), weights.inferred_possible, weights.inferred_weak
    return _fit_from(closeness, *bounds)


def best_fit(*fits: Fit) -> Fit:
    return max(fits, key=_RISING.index)


def least_fit(*fits: Fit) -> Fit:
    return min(fits, key=_RISING.index)


def _fit_from(value: float, strong: float, possible: float, weak: float) -> Fit:
    if value >= strong:
        return Fit.STRONG
    if value >= possible:
        return Fit.POSSIBLE
    return Fit.WEAK if value >= weak else Fit.NONE
