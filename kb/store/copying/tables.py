"""The tables of a base as they are copied: which, their columns, and their rows.

Rows are tuples of None, int, float, str and bytes, the same in each engine: an embedding is the
bytes that SQLite stores.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from kb.store.migrations import schema_script
from kb.store.store import SqliteStore, Store

CopiedRow = tuple[int | float | str | bytes | None, ...]

CACHE_KIB = 64_000
"""Memory for pages that wait to be written, as rows do not come in the order of their pages."""


class Tables(ABC):
    """The tables of a store that hold what is known, but for those that an engine fills itself."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @abstractmethod
    def names(self) -> Sequence[str]:
        """The names of the tables."""

    @abstractmethod
    def columns(self, table: str) -> Sequence[str]:
        """The columns of a table; `rowid` is one where rows are numbered by it."""

    @abstractmethod
    def rows(self, table: str, columns: Sequence[str]) -> Iterator[CopiedRow]:
        """The rows of a table, a few of them in memory."""

    @abstractmethod
    def put(self, table: str, columns: Sequence[str], rows: Iterable[CopiedRow]) -> None:
        """Adds rows to a table that has none, as they come."""

    @abstractmethod
    def finish(self) -> None:
        """Has all that was put refer to what is there, and new rows count on from the last."""


class SqliteTables(Tables):
    """The tables in a file of SQLite's, which counts on from the last row by itself."""

    store: SqliteStore

    @classmethod
    @contextmanager
    def made(cls, path: Path) -> Iterator[Self]:
        """Makes a new file for the block to fill; what is left of it after an error is no base.

        Raises:
            KnowledgeBaseError: it cannot be written, or the disk is full.
        """
        with closing(SqliteStore.open(path, create=True)) as store:
            # Nobody needs the way back of a file that nobody has.
            for pragma in ("journal_mode = off", "synchronous = off", "foreign_keys = off"):
                store.execute(f"pragma {pragma}")
            store.execute(f"pragma cache_size = -{CACHE_KIB}")
            with store.writing():
                yield cls(store)

    def names(self) -> Sequence[str]:
        rows = self.store.execute(
            "select name from sqlite_master where type = 'table'"
            " and name not glob 'sqlite_*' and name not glob 'passage_words_*'"
        )
        return [row[0] for row in rows]

    def columns(self, table: str) -> Sequence[str]:
        columns = self.store.columns(table)
        numbered = re.findall(r"create table (\w+) \(  -- numbered", schema_script())
        return ["rowid", *columns] if table in {*numbered, "passage_words"} else columns

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[CopiedRow]:
        yield from map(tuple, self.store.execute(select(table, columns)))

    def put(self, table: str, columns: Sequence[str], rows: Iterable[CopiedRow]) -> None:
        marks = ", ".join("?" * len(columns))
        self.store.executemany(
            f"insert into {table} ({listed(columns)}) values ({marks})",  # noqa: S608 (ours)
            rows,
        )

    def finish(self) -> None:
        """Does nothing: SQLite counts on by itself."""


def select(table: str, columns: Sequence[str]) -> str:
    """The SQL that reads a table."""
    return f"select {listed(columns)} from {table}"  # noqa: S608 (our tables and columns)


def listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
