"""Fusion: the score of a passage from its cosine, its words and its overlaps in trades.

The dense score is a cosine standardised against the background (`kb.search.trades.background`), and
the value of the words (BM25, and rare words) is added to it with a small weight. This is a convex
combination of scores up to a scale (Bruch, Gai and Ingber 2022, "An analysis of fusion functions
for hybrid retrieval"), which unlike reciprocal rank fusion leaves a dense ranking alone where no
word matches, as across languages.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kb.search.weights import PassageWeights
from kb.store.passages import Passage


class WordValue(NamedTuple):
    """The value of a passage's words: its BM25, and what rare words add to it, in the same points.

    `rare_share` is the share of the words that carry the need which are rare and in the passage.
    """

    bm25: float = 0.0
    rare: float = 0.0
    rare_share: float = 0.0

    @property
    def value(self) -> float:
        return self.bm25 + self.rare


NO_WORDS = WordValue()


class ScoredPassage(NamedTuple):
    """A passage and its score, made of its standardised cosine, its words and two overlaps.

    Both are with the query, 0 to 1: `overlap` in the trades that they are close to, `filing` in
    those where they would be filed, None where that is not known. `apart` is how likely one of the
    two is about things and the other about services.
    """

    passage: Passage
    dense: float
    words: WordValue
    overlap: float
    filing: float | None
    apart: float
    score: float

    @property
    def lexical(self) -> float:
        return self.words.value


def fuse(
    dense: ArrayLike,
    lexical: ArrayLike,
    overlap: ArrayLike,
    filing: ArrayLike,
    apart: ArrayLike,
    weights: PassageWeights,
) -> NDArray[Any]:
    """The fused scores of passages: `(n,)`, as is all that they are made of.

    Args:
        dense: standardised cosines (`NullDistribution.standardised`).
        lexical: values of the words, 0 or more.
        overlap: with the trades of the query, 0 to 1; NaN where the encoder has not read the
            passage.
        filing: with where the query would be filed, 0 to 1; NaN where that is not known.
        apart: from the query, as a service is from a thing, 0 to 1.
        weights: how much each counts.
    """
    in_trades = np.where(np.isnan(overlap), weights.unknown_overlap, overlap)
    filed = np.where(np.isnan(filing), weights.unknown_filing, filing)
    score = np.asarray(dense) + weights.lexical * np.asarray(lexical)
    score += weights.overlap * np.log(in_trades + weights.least_overlap)
    score += weights.filing * (filed - weights.unknown_filing)
    return np.asarray(score - weights.apart * np.asarray(apart))


def filing_value(filing: float | None, weights: PassageWeights) -> float:
    """What a score gains or loses by an overlap in filing: nothing where it is unknown."""
    if filing is None:
        return 0.0
    return weights.filing * (filing - weights.unknown_filing)
