"""Fusion: one score from the dense and the lexical one, and what it says to a person.

The dense score is a cosine standardised against the background (`kb.search.background`), and BM25
is added to it with a small weight. This is a convex combination of scores up to a scale (Bruch, Gai
and Ingber 2022, "An analysis of fusion functions for hybrid retrieval"), which unlike reciprocal
rank fusion leaves a dense ranking alone where no word matches, as across languages.
"""

import math
from collections.abc import Sequence
from enum import StrEnum

from kb.search.background import Chance
from kb.search.results import Fit

LEXICAL_WEIGHT = 0.3
"""What a point of BM25 is worth, in standard deviations of the cosine."""

OVERLAP_WEIGHT, LEAST_OVERLAP = 5.0, 0.1
"""What the logarithm of the overlap in trades is worth, and what is added to an overlap of 0."""

UNKNOWN_OVERLAP = 0.3
"""The overlap of a passage that the encoder has not read, like a name: that of a fair answer."""

RECIPROCAL_RANK_CONSTANT = 60
"""Of Cormack, Clarke and Büttcher 2009, "Reciprocal rank fusion outperforms Condorcet…"."""

CLOSEST_SHARE = 0.4
"""How much of what the closest of all trades score is asked of a hit here."""

STRONG, POSSIBLE, WEAK = 2.25, 1.0, -0.25
"""Least score of each fit, above that share of the closest of all trades."""


SHOWN_STRONG, SHOWN_POSSIBLE, SHOWN_WEAK = 0.7, 0.55, 0.2
"""The same for who took part in a case: least relevance of the case times share of the role.

Who bought, coordinated or allowed it is a lead to those who made it, and no more.
"""

INFERRED_POSSIBLE, INFERRED_WEAK = 1.5, 0.6
"""The same for whose trade is close to a witness's: least closeness (`kb.search.close_trades`).
From 1 on it is
as close as the closest trades of all are."""

_RISING = (Fit.NONE, Fit.WEAK, Fit.POSSIBLE, Fit.STRONG)


class Fusion(StrEnum):
    """How the two scores become one; all but the first are there to be compared with it."""

    STANDARDISED = "standardised"
    RECIPROCAL_RANK = "reciprocal rank"


def fuse(dense: float, bm25: float, overlap: float | None = None) -> float:
    """The fused score of a passage.

    `dense` is the standardised cosine (`kb.search.background.Chance.standardised`), `bm25` 0 or
    more, `overlap` how far the passage is of the trades that are aimed at, 0 to 1
    (`kb.search.background`); None where the encoder has not read the passage.
    """
    known = UNKNOWN_OVERLAP if overlap is None else overlap
    return dense + LEXICAL_WEIGHT * bm25 + OVERLAP_WEIGHT * math.log(known + LEAST_OVERLAP)


def reciprocal_rank(*rankings: Sequence[int]) -> dict[int, float]:
    """Σ 1 / (60 + rank), ranks from 1, over the rankings that have a passage, by its id."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, id_ in enumerate(ranking, start=1):
            scores[id_] = scores.get(id_, 0.0) + 1 / (RECIPROCAL_RANK_CONSTANT + rank)
    return scores


def asked_of_a_fit(chance: Chance) -> float:
    """The score from which fits are measured: a share of what the closest of all trades have."""
    return CLOSEST_SHARE * chance.closest


def fit_of_case(weight: float) -> Fit:
    """What a case says of who took part: `weight` is its relevance times the share of the role."""
    if weight >= SHOWN_STRONG:
        return Fit.STRONG
    if weight >= SHOWN_POSSIBLE:
        return Fit.POSSIBLE
    if weight >= SHOWN_WEAK:
        return Fit.WEAK
    return Fit.NONE


def fit_of_need(relevance: float, by_its_words: Fit) -> Fit:
    """How well a case answers: as its need is the same. That it speaks of it is a lead at best."""
    return best_fit(fit_of_case(relevance), least_fit(by_its_words, Fit.WEAK))


def fit_of_likeness(closeness: float) -> Fit:
    """What a trade close to a witness's can say at most; it is never more than possible."""
    if closeness >= INFERRED_POSSIBLE:
        return Fit.POSSIBLE
    if closeness >= INFERRED_WEAK:
        return Fit.WEAK
    return Fit.NONE


def best_fit(*fits: Fit) -> Fit:
    return max(fits, key=_RISING.index)


def least_fit(*fits: Fit) -> Fit:
    return min(fits, key=_RISING.index)


def fit_of(score: float, chance: Chance) -> Fit:
    """What a score says, given how close the closest of all trades are to the query."""
    excess = score - asked_of_a_fit(chance)
    if excess >= STRONG:
        return Fit.STRONG
    if excess >= POSSIBLE:
        return Fit.POSSIBLE
    if excess >= WEAK:
        return Fit.WEAK
    return Fit.NONE
