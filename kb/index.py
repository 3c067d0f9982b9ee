"""The index: nearest neighbours of an embedding among the passages, by passage id.

It holds the embeddings in memory and in a file beside the database; both are caches of what the
store holds. An id always means the same text, and so the same embedding: an index of any state
of the base is brought up to date by the ids that came and those that went. The store remembers
the last of these; an index that is older than that is compared with all that the store holds.

The search is exact: every embedding is compared, by FAISS's inner product of rows that we hold.
They are cosines, since rows are unit vectors. FAISS's own indexes cannot be searched while they
are added to, and copying one of 100,000 passages at each change takes longer than searching it.
"""

import contextlib
import os
import zipfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from kb.embedding import Embeddings
from kb.store import Store

INDEX_FILE = "passages.npz"
FORMER_FILES = ("passages.faiss", "passages.faiss.json")
INDEX_FORMAT = "2"
BATCH = 10_000
ROOM = 1_000
"""At least so many rows are free after a copy, and so many may be gone before one."""
ROOM_SHARE = 0.25
"""The same as a share of the rows in use: how often they are copied, and what is wasted."""
PRIOR_PASSAGES = 10
"""How many passages of the overall mean a group's own mean is mixed with."""

Rows = NDArray[np.int64]


class Index:
    """An index in memory. It never changes, so that threads share it; `refreshed` makes another.

    An index and the one refreshed from it share their rows, which are only added to: what tells
    them apart is which rows are theirs. One thread at a time may refresh.
    """

    def __init__(self, encoder: str, dimension: int) -> None:
        self.encoder = encoder
        self.dimension = dimension
        self.generation = ""
        self._rows = _Rows.empty(dimension, ROOM)
        self._is_here = np.zeros(0, np.bool_)
        self._sums = _Sums.of_none(dimension)

    def __len__(self) -> int:
        return self._sums.count

    def search(
        self, query: Embeddings, k: int, among: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` nearest passages to a `(dimension,)` embedding: id and cosine, best first.

        With `among`, only those passages are looked at. Fewer than `k` come back if there are
        fewer. Of equal cosines, the lower id comes first.
        """
        rows = np.flatnonzero(self._is_here) if among is None else self._rows_of(set(among))
        cosines = self._rows.cosines(query, rows)
        if k <= 0:
            return []
        if k < len(rows):
            least = np.partition(cosines, -k)[-k]
            near = cosines >= least
            rows, cosines = rows[near], cosines[near]
        ids = self._rows.ids[rows]
        best = np.lexsort((ids, -cosines))[:k]
        return list(zip(ids[best].tolist(), cosines[best].tolist(), strict=True))

    def cosines(self, query: Embeddings, ids: Sequence[int]) -> dict[int, float]:
        """The cosines of a `(dimension,)` embedding to these passages; ids not here left out."""
        rows = self._rows_of(ids)
        cosines = self._rows.cosines(query, rows)
        return dict(zip(self._rows.ids[rows].tolist(), cosines.tolist(), strict=True))

    def standardised(self, query: Embeddings, cosines: Mapping[int, float]) -> dict[int, float]:
        """Cosines to a `(dimension,)` embedding as deviations from a chance passage's.

        Each is compared with the passages of its own group, those of its kind and language: a
        query prefers text in its own language, and short texts, whatever they say. With μ the
        mean embedding of a group, drawn towards the mean of all where its passages are few, and
        Σ the covariance within groups, the cosines to a group have mean q·μ and variance qᵀΣq.
        """
        means, deviation = self._sums.chance(query)
        group_of = self._rows.group_of
        return {id_: (cosine - means[group_of(id_)]) / deviation for id_, cosine in cosines.items()}

    def refreshed(self, store: Store) -> "Index":
        """An index at the store's generation: this one, less what is gone, plus what is new."""
        result = Index(self.encoder, self.dimension)
        with store.reading():
            result.generation = store.generation
            touched = store.passages_touched_since(self.generation)
            wanted = store.embedded_passages(self.encoder, touched)
            if touched is None:
                touched = set(self._rows.ids[np.flatnonzero(self._is_here)].tolist())
            known = touched if len(touched) < len(wanted) else wanted.keys()
            del known
            gone = self._rows_of(touched - wanted.keys())
            here = set(self._rows.ids[self._rows_of(wanted)].tolist())
            missing = sorted(wanted.keys() - here)
            result._take(self, gone, len(missing))
            for first in range(0, len(missing), BATCH):
                ids = missing[first : first + BATCH]
                groups = [wanted[id_] for id_ in ids]
                result._add(ids, groups, store.embeddings(self.encoder, ids))
        return result

    def _rows_of(self, ids: Collection[int]) -> Rows:
        """The rows of the passages that are here, in the order given."""
        row_of = self._rows.row_of
        rows = np.fromiter((row_of.get(id_, -1) for id_ in ids), np.int64, len(ids))
        # What is not here may have a row that another index has added, or that was given up.
        rows = rows[(rows >= 0) & (rows < len(self._is_here))]
        return rows[self._is_here[rows]]
