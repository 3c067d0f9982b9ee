"""The index of a process, shared by its threads and brought up to date with the store."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.errors import KnowledgeBaseError
from kb.indexing import saved_segment
from kb.indexing.dense_index import DenseIndex
from kb.indexing.faiss_index import Index
from kb.indexing.indexer import Indexer
from kb.store.pool import StorePool
from kb.store.store import SqliteStore, Store
from kb.whole_file import delete_abandoned, locked

logger = logging.getLogger(__name__)

REFRESH_PATIENCE_S = 0.1
"""Time that a search waits for another thread to bring the index up to date."""

MERGE_PATIENCE = 4
"""Times as crowded as it should be that an index becomes at most, while it is saved beside."""


class LiveIndex:
    """The index of a base by an indexer's encoder, saved in a folder, or kept by the store.

    An index that has grown is saved by a thread beside, and read again from the file: so its
    segments are merged while searches go on, and processes share the memory of the file.
    """

    def __init__(self, folder: Path, indexer: Indexer, stores: StorePool) -> None:
        self.folder = folder
        self._indexer = indexer
        self._stores = stores
        self._index: Index | None = None
        # The index as it was saved, to go on with at the next change.
        self._saved: Index | None = None
        self._read_card = ""
        self._saver: threading.Thread | None = None
        self._lock = threading.RLock()

    def fresh(self, store: Store) -> DenseIndex:
        """The index at the store's generation.

        While a thread brings it up to date, the others wait for a moment, which is mostly enough,
        and else search the former index.

        Raises:
            KnowledgeBaseError: the base was embedded by another encoder.
        """
        if not isinstance(store, SqliteStore):
            # psycopg is loaded by those alone who use it.
            from kb.indexing.stored_index import kept_by

            self._indexer.refuse_mismatch(store, outdated=False)
            return kept_by(store, self._indexer.encoder)
        former = self._index
        index = self._brought_up_to_date(store)
        if index is not former and index.should_be_saved:
            self._beside(self._save_or_take)
        return index

    def rebuild(self, store: Store) -> None:
        """Builds a new index from all that the store holds, unless it keeps one itself."""
        if not isinstance(store, SqliteStore):
            return
        with self._lock:
            encoder = self._indexer.encoder
            self._index = Index(encoder.fingerprint, encoder.dimension).refreshed(store)
            self._saved = None

    def save(self, store: Store) -> None:
        """Writes the index beside the database, so that the next start need not build it.

        A store that keeps the index itself is told that much may have come.
        """
        if not isinstance(store, SqliteStore):
            from kb.indexing.stored_index import tend

            tend(store)
            return
        try:
            with self.saving_alone():
                self._save(store)
        except OSError as error:
            # A cache that cannot be written is built again at the next start.
            logger.info("The index was not saved: %s", error)

    def delete_saved(self) -> None:
        """Deletes the saved index, of any format, the saved trades, and what killed processes left.

        Called once a change that erases is committed. A process that is saving may have read the
        state before, so this waits until it is done; who saves later has read what is left.
        """
        if not self.folder.is_dir():
            return  # of a base in PostgreSQL, nothing has to be here
        with self.saving_alone():
            for pattern in ("passages.*", ".passages.*"):
                for path in self.folder.glob(pattern):
                    path.unlink(missing_ok=True)

    @contextmanager
    def saving_alone(self) -> Iterator[None]:
        """Waits until no other process saves an index of this base, or deletes it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder):
            yield

    def scrub(self, store: Store, *, keeps_saved: bool = False) -> None:
        """Rewrites the database without what was erased from it, and deletes the saved index.

        With `keeps_saved`, nothing that was erased is in the index. What killed processes left of
        the base goes in any case.

        Raises:
            NotYetScrubbed: another process reads a former state of the base for too long.
        """
        if not keeps_saved:
            self.delete_saved()
        delete_abandoned(self.folder)
        try:
            store.scrub()
        finally:
            self.tend_beside(store)

    def tend_beside(self, store: Store) -> None:
        """Has a thread make what a store that keeps the index lacks of it, after an erasure too."""
        if not isinstance(store, SqliteStore):
            # What ends meanwhile need not wait: the server makes it to its end, or upkeep does.
            self._beside(self._tend, ends_with_process=True)

    def _tend(self) -> None:
        # Whatever keeps it from that, the next upkeep tries again.
        with contextlib.suppress(KnowledgeBaseError), self._stores.lend() as store:
            self.save(store)

    def _brought_up_to_date(self, store: SqliteStore) -> Index:
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
                index = self._saved or self._index or self._load()
                if index.generation != store.generation:
                    index = index.refreshed(store, patience=MERGE_PATIENCE)
                self._index, self._saved = index, None
        finally:
            self._lock.release()
        return index

    def _load(self) -> Index:
        encoder = self._indexer.encoder
        self._read_card = saved_segment.name_of_card(self.folder)
        return Index.load(self.folder, encoder.fingerprint, encoder.dimension)

    def _save(self, store: SqliteStore) -> None:
        with self._lock:
            index = self._brought_up_to_date(store)
        index.save(self.folder)
        self._take_saved()

    def _take_saved(self) -> None:
        """Goes on with the saved index: now if it is of this state, or else at the next change."""
        saved = self._load()
        with self._lock:
            if not saved.generation:
                return
            if self._index and self._index.generation == saved.generation:
                self._index, self._saved = saved, None
            else:
                self._saved = saved

    def _beside(self, save: Callable[[], None], *, ends_with_process: bool = False) -> None:
        if self._saver is None or not self._saver.is_alive():
            self._saver = threading.Thread(
                target=save, name="saves the index", daemon=ends_with_process
            )
            self._saver.start()

    def _save_or_take(self) -> None:
        """Saves the index, or goes on with the one that another process saved meanwhile."""
        # Whatever keeps it from that, the next change tries again.
        with contextlib.suppress(KnowledgeBaseError, OSError), self.saving_alone():
            if saved_segment.name_of_card(self.folder) not in {"", self._read_card}:
                self._take_saved()
                return
            with self._stores.lend() as store:
                if isinstance(store, SqliteStore):
                    self._save(store)
