"""The index of a process, shared by its threads and brought up to date with the store."""

import threading
from pathlib import Path

from kb.indexing.dense_index import DenseIndex
from kb.indexing.faiss_index import Index
from kb.indexing.indexer import Indexer
from kb.store.store import SqliteStore, Store
from kb.whole_file import delete_abandoned

REFRESH_PATIENCE_S = 0.1
"""Time that a search waits for another thread to bring the index up to date."""


class LiveIndex:
    """The index of a base by an indexer's encoder, in memory, or kept by the store."""

    def __init__(self, folder: Path, indexer: Indexer) -> None:
        self.folder = folder
        self._indexer = indexer
        self._index: Index | None = None
        self._lock = threading.Lock()

    def fresh(self, store: Store) -> DenseIndex:
        """The index at the store's generation."""
        self._indexer.refuse_mismatch(store, outdated=False)
        if not isinstance(store, SqliteStore):
            # psycopg is loaded by those alone who use it.
            from kb.indexing.stored_index import StoredIndex

            encoder = self._indexer.encoder
            return StoredIndex(store, encoder.fingerprint, encoder.dimension)
        index = self._index
        if index is not None and index.generation == store.generation:
            return index
        if index is None:
            self._lock.acquire()
        elif not self._lock.acquire(timeout=REFRESH_PATIENCE_S):
            return index
        try:
            with store.reading():
                encoder = self._indexer.encoder
                index = self._index or Index(encoder.fingerprint, encoder.dimension)
                if index.generation != store.generation:
                    index = self._index = index.refreshed(store)
        finally:
            self._lock.release()
        return index

    def scrub(self, store: Store) -> None:
        """Rewrites the database without what was erased from it."""
        delete_abandoned(self.folder)
        store.scrub()
