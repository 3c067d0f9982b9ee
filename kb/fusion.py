"""Fusion: one score from the dense and the lexical one, and what it says to a person.

Cosines of one query crowd in a narrow band, which moves with the query: a cosine means nothing
by itself. The dense score is therefore standardised per query against the whole corpus (how
many standard deviations above the mean passage), and BM25 added with a small weight. This is a
convex combination of scores up to a scale (Bruch, Gai and Ingber 2022, "An analysis of fusion
functions for hybrid retrieval"), which unlike reciprocal rank fusion leaves a dense ranking
alone where no word matches, as across languages.
"""

import math

from kb.hits import Fit

LEXICAL_WEIGHT = 0.2
"""What a point of BM25 is worth, in standard deviations of the cosine."""

STRONG, POSSIBLE, WEAK = 0.6, 0.0, -0.7
"""Least fused score of each fit, from the chance level of the corpus."""


def fuse(dense: float, bm25: float) -> float:
    """The fused score of a passage: about 0 for a chance passage.

    `dense` is the standardised cosine (`kb.index.Index.standardised`), `bm25` 0 or more.
    """
    return dense + LEXICAL_WEIGHT * bm25


def chance_level(n_passages: int) -> float:
    """The score that the best of so many passages may have by chance.

    The expected maximum of n standard normal values is about √(2 ln n). Cosines are not quite
    normal: fits are a guide, not a verdict (docs/ranking.md).
    """
    return math.sqrt(2 * math.log(max(n_passages, 2)))


def fit_of(score: float, n_passages: int) -> Fit:
    """What a score says in a corpus of so many passages."""
    excess = score - chance_level(n_passages)
    if excess >= STRONG:
        return Fit.STRONG
    if excess >= POSSIBLE:
        return Fit.POSSIBLE
    if excess >= WEAK:
        return Fit.WEAK
    return Fit.NONE
