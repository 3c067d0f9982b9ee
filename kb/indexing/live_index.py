"""The index of a process, shared by its threads and brought up to date with the store."""

import contextlib
import threading
from pathlib import Path

from kb.errors import KnowledgeBaseError
from kb.indexing.dense_index import DenseIndex
from kb.indexing.faiss_index import Index
from kb.indexing.indexer import Indexer
from kb.store.pool import StorePool
from kb.store.store import SqliteStore, Store
from kb.whole_file import delete_abandoned

REFRESH_PATIENCE_S = 0.1
"""Time that a search waits for another thread to bring the index up to date."""


class LiveIndex:
    """The index of a base by an indexer's encoder, in memory, or kept by the store."""

    def __init__(self, folder: Path, indexer: Indexer, stores: StorePool) -> None:
        self.folder = folder
        self._indexer = indexer
        self._stores = stores
        self._index: Index | None = None
        self._tending: threading.Thread | None = None
        self._lock = threading.Lock()

    def fresh(self, store: Store) -> DenseIndex:
        """The index at the store's generation.

        While a thread brings it up to date, the others wait for a moment, which is mostly enough,
        and else search the former index.

        Raises:
            KnowledgeBaseError: the base was embedded by another encoder.
        """
        self._indexer.refuse_mismatch(store, outdated=False)
        if not isinstance(store, SqliteStore):
            # psycopg is loaded by those alone who use it.
            from kb.indexing.stored_index import kept_by

            return kept_by(store, self._indexer.encoder)
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

    def tend(self, store: Store) -> None:
        """Tells a store that keeps the index itself that much may have come."""
        if not isinstance(store, SqliteStore):
            from kb.indexing.stored_index import tend

            tend(store)

    def scrub(self, store: Store) -> None:
        """Rewrites the database without what was erased from it.

        What killed processes left of the base goes as well.

        Raises:
            NotYetScrubbed: another process reads a former state of the base for too long.
        """
        delete_abandoned(self.folder)
        try:
            store.scrub()
        finally:
            self.tend_beside(store)

    def tend_beside(self, store: Store) -> None:
        """Has a thread make what a store that keeps the index lacks of it, after an erasure too."""
        if isinstance(store, SqliteStore) or (self._tending and self._tending.is_alive()):
            return
        # What ends meanwhile need not wait: the server makes it to its end, or upkeep does.
        self._tending = threading.Thread(target=self._tend, name="tends the index", daemon=True)
        self._tending.start()

    def _tend(self) -> None:
        # Whatever keeps it from that, the next upkeep tries again.
        with contextlib.suppress(KnowledgeBaseError), self._stores.lend() as store:
            self.tend(store)
