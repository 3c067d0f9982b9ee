"""Fits: the meaning of a score for a person."""

from kb.indexing.derivation import ACTIVITY
from kb.reference.flows import Flow
from kb.search.fusion import ScoredPassage
from kb.search.query import Query
from kb.search.results import Fit
from kb.search.trades.null_distribution import NullDistribution
from kb.search.weights import FitWeights, RankingWeights
from kb.text.analysis import word_coverage
from kb.text.flow import gives_up, takes_in

_WHOLE_NEED = 1 - 1e-6
"""Shares that add up to a whole need are not less for rounding."""

_RISING = (Fit.NONE, Fit.WEAK, Fit.POSSIBLE, Fit.STRONG)


def required_score(null: NullDistribution, weights: FitWeights) -> float:
    """The score from which fits are measured: a share of what the closest of all trades have.

    It is higher where the query may be no need.
    """
    return weights.ceiling_share * null.ceiling + null.doubt


def fit_of(score: float, null: NullDistribution, weights: FitWeights) -> Fit:
    """The fit of a score, given how close the closest of all trades are to the query."""
    excess = score - required_score(null, weights)
    fit = _fit_from(excess, weights.strong, weights.possible, weights.weak)
    return capped_by_doubt(fit, null, weights)


def least_fitting_score(null: NullDistribution, weights: FitWeights) -> float:
    """The least score whose fit is any but none."""
    return required_score(null, weights) + weights.weak


def capped_by_doubt(fit: Fit, null: NullDistribution, weights: FitWeights) -> Fit:
    """A fit that is a lead at best where the query may be no need, and not strong near to that."""
    if null.doubt:
        return least_fit(fit, Fit.WEAK)
    return least_fit(fit, Fit.POSSIBLE) if null.need_odds < weights.strong_odds else fit


def fit_of_words(
    best: ScoredPassage, asked: Query, null: NullDistribution, weights: RankingWeights
) -> Fit:
    """The fit of an actor's own words, by its best passage.

    It is not strong by trades alone, nor by one word of many, nor by the meaning alone of a lone
    word, which may be another. For a query that offers something, it is strong only if the words
    say that the actor takes such things in.
    """
    fit = _fit_with_rare_words(best, null, weights)
    text = best.passage.text
    if asked.flow is Flow.OFFERS and fit is not Fit.NONE:
        if gives_up(text):
            return least_fit(fit, Fit.WEAK)
        if not takes_in(text):
            fit = least_fit(fit, Fit.POSSIBLE)
    if fit is Fit.STRONG and (
        (asked.is_lone_word and not best.lexical)
        or not _is_strong_without_trades(best, asked.text, null, weights)
    ):
        return Fit.POSSIBLE
    return fit


def has_fitting_words(best: ScoredPassage, null: NullDistribution, weights: RankingWeights) -> bool:
    """Returns whether the fit of an actor's own words (`fit_of_words`) is any but none."""
    return _fit_with_rare_words(best, null, weights) is not Fit.NONE


def _fit_with_rare_words(
    best: ScoredPassage, null: NullDistribution, weights: RankingWeights
) -> Fit:
    """The fit of a score that rare words may have raised.

    If they are all that is asked for, the fit is at least possible; if they are most of it,
    possible at best; if not, they only raise the rank.
    """
    fit, share, rare = (
        fit_of(best.score, null, weights.fits),
        best.words.rare_share,
        best.words.rare,
    )
    if not rare:
        return fit
    if share > _WHOLE_NEED:
        return best_fit(fit, Fit.POSSIBLE) if rare >= weights.rare_words.sure_points else fit
    without = fit_of(best.score - weights.passages.lexical * rare, null, weights.fits)
    if share <= weights.rare_words.fit_share:
        return without
    return best_fit(without, least_fit(fit, Fit.POSSIBLE))


def _is_strong_without_trades(
    best: ScoredPassage, asked: str, null: NullDistribution, weights: RankingWeights
) -> bool:
    """Whether meaning and words are enough, the words by the share of those asked for."""
    if best.passage.part == ACTIVITY:
        return False
    words = weights.passages.lexical * best.lexical
    trades = best.score - best.dense - words
    covered = word_coverage(asked, best.passage.text) if best.lexical else 0.0
    sure = best.dense + words * covered + min(trades, 0.0)
    return fit_of(sure, null, weights.fits) is Fit.STRONG


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
