"""The index of a process, shared by its threads and brought up to date with the store."""

import logging
import threading
from pathlib import Path

from kb.indexing.dense_index import DenseIndex
from kb.indexing.faiss_index import Index
from kb.indexing.indexer import Indexer
from kb.store.store import Store

logger = logging.getLogger(__name__)

REFRESH_PATIENCE_S = 0.1
"""Time that a search waits for another thread to bring the index up to date."""


class LiveIndex:
    """The index of the base in a folder, by the encoder of its indexer."""

    def __init__(self, folder: Path, indexer: Indexer) -> None:
        self._folder = folder
        self._indexer = indexer
        self._index: Index | None = None
        self._lock = threading.RLock()

    def fresh(self, store: Store) -> DenseIndex:
        """The index at the store's generation.

        While a thread brings it up to date, the others wait for a moment, which is mostly enough,
        and else search the former index.

        Raises:
            KnowledgeBaseError: the base was embedded by another encoder.
        """
        return self._fresh(store)

    def _fresh(self, store: Store) -> Index:
        self._indexer.refuse_mismatch(store, outdated=False)
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
                index = self._index
                if index is None:
                    index = Index.load(self._folder, encoder.fingerprint, encoder.dimension)
                if index.generation != store.generation:
                    index = index.refreshed(store)
                self._index = index
        finally:
            self._lock.release()
        return index

    def rebuild(self, store: Store) -> None:
        """Builds a new index from all that the store holds."""
        with self._lock:
            encoder = self._indexer.encoder
            self._index = Index(encoder.fingerprint, encoder.dimension).refreshed(store)

    def save(self, store: Store) -> None:
        """Writes the index beside the database, so that the next start need not build it."""
        erased = -1
        # Passages erased while the index is written would come back with it.
        while erased != (erased := store.count_erased()):
            with self._lock:
                index = self._fresh(store)
            try:
                index.save(self._folder)
            except (OSError, RuntimeError) as error:
                # A cache that cannot be written is built again at the next start.
                logger.info("The index was not saved: %s", error)

    def delete_saved(self) -> None:
        """Deletes the saved index, of any format, and what killed processes left of saving."""
        for pattern in ("passages.*", ".passages.*"):
            for path in self._folder.glob(pattern):
                path.unlink(missing_ok=True)
