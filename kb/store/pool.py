"""A pool of stores, as many as are in use at once, up to a number, for threads that come and go."""

import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from kb.address import Place
from kb.errors import KnowledgeBaseError, StoresBusy
from kb.store.migrations import version_of
from kb.store.store import SqliteStore, Store

MOST_STORES = 20  # stores that one process lends at once, unless told otherwise
WAIT_S = 10.0  # how long a thread waits for a store
_log = logging.getLogger(__name__)


def open_store(place: Place, *, create: bool = False) -> Store:
    if isinstance(place, Path):
        return Store.open(place, create=create)
    from kb.store.postgres.store import PostgresStore

    return PostgresStore.connect(place, create=create)


def store_as_it_is(place: Place) -> Store:
    """Opens the database at a place only to read it, of whatever schema it is."""
    if isinstance(place, Path):
        return SqliteStore.open_as_it_is(place)
    from kb.store.postgres.store import PostgresStore

    return PostgresStore.connect_unmade(place)


def schema_at(place: Place) -> int:
    """The version of the tables at a place, which are left as they are; 0 if there are none."""
    if isinstance(place, Path):
        try:
            place.stat()
        except (FileNotFoundError, NotADirectoryError):
            return 0
        except OSError as error:
            raise KnowledgeBaseError(f"{place} cannot be read: {error.strerror}.") from None
        with closing(SqliteStore.open_as_it_is(place)) as store:
            return version_of(store.connection)
    from kb.store.postgres.connection import version_at

    return version_at(place)


class StorePool:
    """Lends stores of one database; one too many sooner than that borrowers deadlock."""

    def __init__(self, place: Place, most: int = MOST_STORES) -> None:
        self.place, self._most = place, most
        self._idle: list[Store] = []
        # Threads that borrow, once for each store.
        self._borrowers: list[int] = []
        self._closed = False
        self._room = threading.Condition()

    @contextmanager
    def lend(self) -> Iterator[Store]:
        borrower = threading.get_ident()
        with self._room:
            if not self._room.wait_for(
                lambda: len(self._borrowers) < self._most or borrower in self._borrowers, WAIT_S
            ):
                _log.warning("All %d connections were in use for %.0f s", self._most, WAIT_S)
                raise StoresBusy("stores_busy")
            self._borrowers.append(borrower)
            store = self._idle.pop() if self._idle else None
        try:
            if store and store.outlived():
                store.close()
                store = None
            store = store or open_store(self.place)
            try:
                yield store
            except Exception as error:
                if known := store.explained(error):
                    raise known from None
                raise
            finally:
                self.keep(store)
        finally:
            with self._room:
                self._borrowers.remove(borrower)
                self._room.notify()

    def keep(self, store: Store) -> None:
        """Takes a store to lend; closes it if the pool is closed, or has enough."""
        with self._room:
            if not self._closed and len(self._idle) + len(self._borrowers) <= self._most:
                self._idle.append(store)
                return
        store.close()

    def close(self) -> None:
        """Closes the idle stores now, and those that are lent when they come back."""
        with self._room:
            self._closed = True
            idle, self._idle = self._idle, []
        for store in idle:
            store.close()
