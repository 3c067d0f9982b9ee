"""Fusion: the score of a passage, a·z + b·BM25 + c·(filing - u) + d·able, of learnt weights."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kb.search.weights import PassageWeights
from kb.store.passages import Passage


class ScoredPassage(NamedTuple):
    """A passage and its score: `dense` is z, `lexical` BM25, `filing` and `able` overlaps."""

    passage: Passage
    dense: float
    lexical: float
    filing: float | None
    able: float | None
    score: float


def fuse(
    dense: ArrayLike,
    lexical: ArrayLike,
    filing: ArrayLike,
    able: ArrayLike,
    weights: PassageWeights,
) -> NDArray[Any]:
    """The scores of passages, `(n,)`, as is each feature; NaN in `filing` and `able` is unknown."""
    score = weights.dense * np.asarray(dense) + weights.lexical * np.asarray(lexical)
    score += weights.filing * (
        np.nan_to_num(filing, nan=weights.unknown_filing) - weights.unknown_filing
    )
    return np.asarray(score + weights.able * np.nan_to_num(able))
