"""The tables of a base as they are copied: which, their columns, and their rows.

Rows are tuples of None, int, float, str and bytes, and the same in each engine: an embedding is the
bytes that SQLite stores. They come in the order of their key, which both engines compare alike.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

from kb.store.side_tables import MADE_BY
from kb.store.store import Store

CopiedRow = tuple[int | float | str | bytes | None, ...]

ROWID = "rowid"
"""The column that counts rows in the order in which they came, where that is asked for."""


class Tables(ABC):
    """The tables of a store that hold what is known.

    Those that an engine fills by itself are none of them, nor those of a rebuild under way.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    @abstractmethod
    def names(self) -> Sequence[str]:
        """The names of the tables, in order."""

    @abstractmethod
    def columns(self, table: str) -> Sequence[str]:
        """The columns of a table; `rowid` is one where it counts, and no other column does."""

    @abstractmethod
    def rows(self, table: str, columns: Sequence[str]) -> Iterator[CopiedRow]:
        """The rows of a table in the order of its key, a few of them in memory."""

    @abstractmethod
    def put(self, table: str, columns: Sequence[str], rows: Iterable[CopiedRow]) -> None:
        """Adds rows to a table that has none, as they come."""

    def key(self, table: str) -> Sequence[str]:
        return self.store.primary_key(table)

    @abstractmethod
    def finish(self) -> None:
        """Has all that was put refer to what is there, and new rows count on from the last."""


def select(table: str, columns: Sequence[str], key: Sequence[str]) -> str:
    """The SQL that reads a table in the order of its key, without the mark of a rebuild."""
    chosen = f" where name <> '{MADE_BY}'" if table == "properties" else ""
    return f"select {listed(columns)} from {table}{chosen} order by {listed(key)}"  # noqa: S608


def listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
