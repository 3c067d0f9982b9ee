"""A pool of stores, as many as are in use at once, for threads that come and go."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.store.database import explained
from kb.store.store import Store


class StorePool:
    """Lends stores of one database. A store is for one borrower at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[Store] = []
        self._closed = False
        self._lock = threading.Lock()

    @contextmanager
    def lend(self) -> Iterator[Store]:
        """Lends an idle store, or a new one, and takes it back when its borrower is done.

        Raises:
            KnowledgeBaseError: the borrower met with an error of SQLite's.
        """
        with self._lock:
            store = self._idle.pop() if self._idle else None
        if store and store.outlived(self._path):
            store.close()
            store = None
        store = store or Store.open(self._path)
        try:
            yield store
        except sqlite3.ProgrammingError:
            raise  # a fault of ours, not of the base
        except sqlite3.DatabaseError as error:
            raise explained(error, self._path) from None
        finally:
            self.keep(store)

    def keep(self, store: Store) -> None:
        """Takes a store to lend, or closes it if the pool is closed."""
        with self._lock:
            if not self._closed:
                self._idle.append(store)
                return
        store.close()

    def close(self) -> None:
        """Closes the idle stores now, and those that are lent when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for store in idle:
            store.close()
