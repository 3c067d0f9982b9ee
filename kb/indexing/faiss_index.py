"""The index in memory: FAISS compares an embedding with those of all passages."""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import faiss
import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import (
    DenseIndex,
    EmbeddedPassages,
    Neighbours,
    PassageIds,
    ascending,
    id_array,
    nearest_first,
    places_in,
)
from kb.indexing.indexer import Indexer
from kb.one_thread import take_one_thread
from kb.store.store import SqliteStore, Store
from kb.whole_file import delete_abandoned

MOST_TOUCHED_SHARE = 0.5  # share of the passages up to which changes are taken over one by one
WAIT_S = 0.1  # how long a search waits for another's refresh before it uses the former index
_NONE = Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))


class Index(DenseIndex):
    """An index that never changes, so that threads share it; `refreshed` makes another."""

    def __init__(self, encoder: str, dimension: int) -> None:
        self.encoder, self.dimension = encoder, dimension
        self.generation = ""
        self.ids: PassageIds = np.empty(0, np.int64)
        self._flat: Any = faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self._rows: NDArray[np.float16] = np.empty((0, dimension), np.float16)

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, id_: int) -> bool:
        return bool(places_in(self.ids, id_array([id_]))[0] >= 0)

    def neighbours(
        self, query: Embeddings, k: int, among: PassageIds | Collection[int] | None = None
    ) -> Neighbours:
        take_one_thread()
        row = np.ascontiguousarray(query, np.float32).reshape(1, self.dimension)
        places = None
        if among is not None:
            places = places_in(self.ids, ascending(id_array(among)))
            places = places[places >= 0]
        total = len(self) if places is None else len(places)
        if k < 1 or not total:
            return _NONE
        with self._chosen(places) as chosen:
            # The stubs do not know of the argument `sel`.
            parameters = faiss.SearchParameters(sel=chosen)  # type: ignore[call-arg]
            found, cosines = _with_equals(
                k, total, lambda most: self._flat.search(row, most, params=parameters)
            )
        return nearest_first(self.ids[found], cosines, k)

    def embedded(self, ids: PassageIds | Collection[int]) -> EmbeddedPassages:
        asked = id_array(ids)
        places = places_in(self.ids, asked)
        here = places >= 0
        return EmbeddedPassages(asked[here], self._rows[places[here]].astype(np.float32))

    def refreshed(self, store: Store) -> "Index":
        """An index at the store's generation."""
        with store.reading():
            result = Index(self.encoder, self.dimension)
            result.generation = store.generation
            touched = store.passages_touched_since(self.generation)
            if touched is None or len(touched) > MOST_TOUCHED_SHARE * len(self):
                parts = [store.known_embeddings(self.encoder)]
            elif touched:
                kept = np.flatnonzero(~np.isin(self.ids, id_array(touched)))
                new = store.known_embeddings(self.encoder, touched)
                parts = [(self.ids[kept], self._rows[kept].astype(np.float32)), new]
            else:
                result.ids, result._flat, result._rows = self.ids, self._flat, self._rows
                return result
            with store.decoding():
                result._take(*parts)
        return result

    def _take(self, *parts: tuple[PassageIds, NDArray[np.floating]]) -> None:
        """Takes passages, before any other thread has the index."""
        ids = np.concatenate([ids for ids, _ in parts])
        order = np.argsort(ids)
        self.ids = ids[order]
        if not len(ids):
            return
        size = len(ids) * self._flat.code_size
        self._flat.codes.resize(size)
        self._flat.ntotal = len(ids)
        codes = np.asarray(faiss.rev_swig_ptr(self._flat.codes.data(), size))
        self._rows = codes.view(np.float16).reshape(len(ids), self.dimension)
        places = np.argsort(order)
        for of_part, rows in parts:
            at, places = places[: len(of_part)], places[len(of_part) :]
            if len(of_part):
                self._rows[at] = rows.reshape(len(of_part), self.dimension)

    @contextmanager
    def _chosen(self, places: NDArray[np.int64] | None) -> Iterator[Any]:
        """What tells FAISS which rows to look at; all if it is None."""
        if places is None:
            yield faiss.IDSelectorAll()
            return
        chosen = np.zeros(len(self), bool)
        chosen[places] = True
        bits = np.packbits(chosen, bitorder="little")
        yield faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))


def _with_equals(
    k: int, total: int, search: Callable[[int], Any]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The `k` nearest, and all that are as near as the last: FAISS leaves out any of equals."""
    most = k + 1
    while True:
        cosines, places = (row[0] for row in search(min(most, total)))
        # FAISS pads what it cannot find with the place -1.
        if most >= total or places[-1] < 0 or cosines[-1] < cosines[k - 1]:
            return places[places >= 0], cosines[places >= 0]
        most *= 2


class LiveIndex:
    """The index of a base, in memory for all threads of a process, or kept by the store."""

    def __init__(self, folder: Path, indexer: Indexer) -> None:
        self.folder, self._indexer = folder, indexer
        self._index: Index | None = None
        self._lock = threading.Lock()

    def fresh(self, store: Store) -> DenseIndex:
        self._indexer.refuse_mismatch(store, outdated=False)
        encoder = self._indexer.encoder
        if not isinstance(store, SqliteStore):
            # psycopg is loaded by those alone who use it.
            from kb.indexing.stored_index import StoredIndex

            return StoredIndex(store, encoder.fingerprint, encoder.dimension)
        # Who would wait for another's refresh searches the former state, if there is one.
        former = self._index
        if not self._lock.acquire(timeout=-1 if former is None else WAIT_S):
            return cast("Index", former)
        try:
            with store.reading():
                index = self._index
                if index is None:
                    index = Index(encoder.fingerprint, encoder.dimension)
                if index.generation != store.generation:
                    index = index.refreshed(store)
                self._index = index
        finally:
            self._lock.release()
        return index

    def scrub(self, store: Store) -> None:
        """Rewrites the database without what was erased from it."""
        delete_abandoned(self.folder)
        store.scrub()
