"""Fusion: the score of a passage from its cosine, its BM25 and its overlap in trades.

The dense score is a cosine standardised against the background (`kb.search.background`), and BM25
is added to it with a small weight. This is a convex combination of scores up to a scale (Bruch, Gai
and Ingber 2022, "An analysis of fusion functions for hybrid retrieval"), which unlike reciprocal
rank fusion leaves a dense ranking alone where no word matches, as across languages.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kb.search.weights import PassageWeights
from kb.store.passages import Passage


class Fusion(StrEnum):
    """Methods that join the two scores; the second is only a baseline for evaluations."""

    STANDARDISED = "standardised"
    RECIPROCAL_RANK = "reciprocal rank"


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage and its score, made of its standardised cosine, its BM25 and its `overlap`.

    The overlap is that with the trades that the query points to, 0 to 1.
    """

    passage: Passage
    dense: float
    lexical: float
    overlap: float
    score: float


def fuse(dense: float, bm25: float, overlap: float | None, weights: PassageWeights) -> float:
    """The fused score of a passage.

    Args:
        dense: standardised cosine (`kb.search.background.NullDistribution.standardised`).
        bm25: 0 or more.
        overlap: with the trades of the query, 0 to 1; None where the encoder has not read the
            passage.
        weights: how much each counts.
    """
    known = weights.unknown_overlap if overlap is None else overlap
    return (
        dense + weights.lexical * bm25 + weights.overlap * math.log(known + weights.least_overlap)
    )


def reciprocal_rank(k: int, *rankings: Sequence[int]) -> dict[int, float]:
    """Σ 1 / (k + rank), ranks from 1, over the rankings that have a passage, by its id."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, id_ in enumerate(ranking, start=1):
            scores[id_] = scores.get(id_, 0.0) + 1 / (k + rank)
    return scores
