"""The dense index where the store itself finds near embeddings: on a PostgreSQL server.

An index is made for each search, and reads the state of the base that the store reads then. What a
search has met once it does not ask for again.
"""

from collections.abc import Collection

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder
from kb.indexing.dense_index import (
    DenseIndex,
    EmbeddedPassages,
    Neighbours,
    PassageIds,
    id_array,
    nearest_first,
)
from kb.store.postgres.passages import PostgresPassages
from kb.store.store import Store

_NONE = Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))


class StoredIndex(DenseIndex):
    """The embeddings of the passages in the state of the base that a store reads."""

    def __init__(self, store: PostgresPassages, encoder: str, dimension: int) -> None:
        self.generation = store.property("generation")
        self.dimension = dimension
        self._store = store
        self._encoder = encoder
        # What was met, by id.
        self._ids = np.empty(0, np.int64)
        self._rows = np.empty((0, dimension), np.float32)

    @property
    def is_exact(self) -> bool:
        """Whether all embeddings are looked at for each query, and not those that HNSW leads to."""
        return self._store.indexed_embeddings(self._encoder) is None

    def __len__(self) -> int:
        return self._store.count_embedded(self._encoder)

    def __contains__(self, id_: int) -> bool:
        return len(self.embedded([id_]).ids) > 0

    def neighbours(
        self, query: Embeddings, k: int, among: PassageIds | Collection[int] | None = None
    ) -> Neighbours:
        chosen = None if among is None else id_array(among).tolist()
        if k < 1 or chosen == []:
            return _NONE
        ids, rows = self._store.near_embeddings(self._encoder, query, k, chosen)
        if not len(ids):
            return _NONE
        self._remember(ids, rows)
        # Each row by itself: the same embedding has the same cosine wherever it is.
        return nearest_first(ids, np.einsum("ij,j->i", rows, np.asarray(query, np.float32)), k)

    def neighbours_of_each(self, rows: Embeddings, k: int) -> list[Neighbours]:
        return [self.neighbours(row, k) for row in rows]

    def embedded(self, ids: PassageIds | Collection[int]) -> EmbeddedPassages:
        asked = id_array(ids)
        if unmet := asked[~np.isin(asked, self._ids)].tolist():
            self._remember(*self._store.known_embeddings(self._encoder, unmet))
        places = np.searchsorted(self._ids, asked)
        here = places < len(self._ids)
        here[here] = self._ids[places[here]] == asked[here]
        return EmbeddedPassages(asked[here], self._rows[places[here]])

    def _remember(self, ids: PassageIds, rows: Embeddings) -> None:
        if len(ids):
            met, first = np.unique(np.concatenate([self._ids, ids]), return_index=True)
            self._ids, self._rows = met, np.concatenate([self._rows, rows])[first]


def kept_by(store: Store, encoder: Encoder) -> StoredIndex:
    """The index that a store keeps itself, of this encoder."""
    return StoredIndex(_searching(store), encoder.fingerprint, encoder.dimension)


def tend(store: Store) -> None:
    """Has a store that keeps its index prepare for the embeddings that it holds now."""
    searched = _searching(store)
    encoder = searched.property("encoder")
    searched.tend_search(encoder, searched.dimension_of(encoder))


def _searching(store: Store) -> PostgresPassages:
    if not isinstance(store, PostgresPassages):
        raise TypeError("a store that keeps no index")
    return store
