"""BM25: how much a passage says of a stem, by how often it does, and how few others do.

As FTS5 has it (https://sqlite.org/fts5.html#the_bm25_function), to the last digit: the same steps
in the same order. It is worked out here for both engines, since it changes with each passage that
comes or goes, while what it is made of is remembered.
"""

import math

import numpy as np
from numpy.typing import NDArray

from kb.store.connection import StemUses, WordTotals

K1, B = 1.2, 0.75
"""How soon one more use counts less, and how much a long passage loses."""

LEAST_IDF = 1e-6
"""The weight of a stem that half of the passages have, or more."""


def bm25(found: StemUses, totals: WordTotals) -> NDArray[np.float64]:
    """The BM25 of passages with a stem, positive: `(n,)`.

    Raises:
        ValueError: there are fewer passages in all.
    """
    count = len(found.ids)
    if not count:
        return np.empty(0)
    if count > totals.passages:
        raise ValueError("more passages with a word than there are")
    idf = math.log((totals.passages - count + 0.5) / (count + 0.5))
    average = totals.stems / totals.passages
    uses = found.uses.astype(np.float64)
    length = 1 - B + B * found.lengths / average
    return (idf if idf > 0 else LEAST_IDF) * (uses * (K1 + 1) / (uses + K1 * length))
