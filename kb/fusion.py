"""Fusion: one score from the dense and the lexical one, and what it says to a person.

Cosines of one query crowd in a narrow band, which moves with the query: a cosine means nothing
by itself. The dense score is therefore standardised per query against the whole corpus (how
many standard deviations above the mean passage), and BM25 added with a small weight. This is a
convex combination of scores up to a scale (Bruch, Gai and Ingber 2022, "An analysis of fusion
functions for hybrid retrieval"), which unlike reciprocal rank fusion leaves a dense ranking
alone where no word matches, as across languages.
"""

from kb.hits import Fit

LEXICAL_WEIGHT = 0.2
"""What a point of BM25 is worth, in standard deviations of the cosine."""

STRONG, POSSIBLE, WEAK = 3.0, 2.0, 1.5
"""Least fused score of each fit. See docs/ranking.md for what they were set on."""


def fuse(cosine: float, mean: float, deviation: float, bm25: float) -> float:
    """The fused score of a passage: about 0 for a chance passage, above 2 for a telling one.

    `mean` and `deviation` are those of the query's cosines to all passages; `bm25` is 0 or more.
    """
    return (cosine - mean) / deviation + LEXICAL_WEIGHT * bm25


def fit_of(score: float) -> Fit:
    if score >= STRONG:
        return Fit.STRONG
    if score >= POSSIBLE:
        return Fit.POSSIBLE
    if score >= WEAK:
        return Fit.WEAK
    return Fit.NONE
