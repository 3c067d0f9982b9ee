"""The dense index where the store itself finds near embeddings: on a PostgreSQL server."""

from collections.abc import Collection

import numpy as np

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import (
    DenseIndex,
    EmbeddedPassages,
    Neighbours,
    PassageIds,
    id_array,
    nearest_first,
    places_in,
)
from kb.store.postgres.passages import PostgresPassages
from kb.store.store import Store

_NONE = Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))


class StoredIndex(DenseIndex):
    def __init__(self, store: Store, encoder: str, dimension: int) -> None:
        if not isinstance(store, PostgresPassages):
            raise TypeError("a store that keeps no index")
        self.generation = store.property("generation")
        self.dimension, self._store, self._encoder = dimension, store, encoder

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
        # Each row by itself: the same embedding has the same cosine wherever it is.
        return nearest_first(ids, np.einsum("ij,j->i", rows, np.asarray(query, np.float32)), k)

    def embedded(self, ids: PassageIds | Collection[int]) -> EmbeddedPassages:
        asked = id_array(ids)
        found, rows = self._store.known_embeddings(self._encoder, asked.tolist())
        places = places_in(found, asked)
        here = places >= 0
        return EmbeddedPassages(asked[here], rows.reshape(-1, self.dimension)[places[here]])
