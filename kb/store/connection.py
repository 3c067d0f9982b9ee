"""The connection of a store: what SQLite and PostgreSQL both do, so that one SQL serves both.

Statements have `?` or `:name` for values, read JSON as SQLite does, and take lists:

    select id from actors where id in :values      -- `run`: one of a list of values
    select value from :values                      -- the values themselves, a row each
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from kb.errors import KnowledgeBaseError

ALL_ROWS = 2**62  # the limit of a statement that has none
LONGEST_STEM = 255  # characters: an index of PostgreSQL takes no longer values


class WordMatches(NamedTuple):
    """The passages with a stem: `(n,)` ids, ascending, and BM25 as FTS5 has it, but positive."""

    ids: NDArray[np.int64]
    bm25: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Sequence[Any]) -> "WordMatches":
        ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        return cls(ids, np.fromiter((row[1] for row in rows), np.float64, len(rows)))


Values = Sequence[Any] | Mapping[str, Any]
CopiedRow = tuple[int | float | str | bytes | None, ...]  # embeddings as SQLite stores them


class StoreRow(Protocol):
    """A row of a result: its values by place and by name. `dict(row)` has the names as keys."""

    def __getitem__(self, key: Any, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...
    def keys(self) -> Collection[str]: ...


class Result(Protocol):
    """What a statement found, or how many rows it changed."""

    @property
    def rowcount(self) -> int: ...
    @property
    def description(self) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class StoreConnection(ABC):
    and_take = ""  # ends a query for rows to change: passes over those that others change

    @property
    @abstractmethod
    def called(self) -> str:
        """How lines for people call the base; without a password."""

    @abstractmethod
    def execute(self, sql: str, values: Values = (), /) -> Result: ...

    @abstractmethod
    def executemany(self, sql: str, rows: Iterable[Values], /) -> object: ...

    @abstractmethod
    def run(self, sql: str, values: Collection[Any], **named: object) -> Sequence[Any]:
        """Runs a statement with a list of values, `:values`; returns its rows."""

    @abstractmethod
    def primary_key(self, table: str) -> Sequence[str]: ...

    @abstractmethod
    def passages_saying(
        self, groups: Sequence[Collection[str]], most: int | None = None
    ) -> list[int]:
        """The passages with one of the stems, or phrases of stems, of each group, by id."""

    @abstractmethod
    def word_matches(self, stems: Collection[str]) -> WordMatches: ...

    @abstractmethod
    def reading(self) -> AbstractContextManager[None]:
        """Gives all reads inside one state of the base, whatever other processes write."""

    @abstractmethod
    def writing(self, *, waits: bool = True) -> AbstractContextManager[None]:
        """Runs a transaction that changes nothing a search can find; no other writes meanwhile."""

    def writing_rows(self) -> AbstractContextManager[None]:
        """Runs a transaction that changes rows by themselves, of which nothing else is made."""
        return self.writing()

    @abstractmethod
    def outlived(self) -> bool:
        """Returns whether this connection shows the base no longer, and is to be closed."""

    @abstractmethod
    def explained(self, error: Exception) -> KnowledgeBaseError | None: ...

    @abstractmethod
    def damaged(self, error: Exception) -> KnowledgeBaseError:
        """An error that what is stored makes no sense."""

    @abstractmethod
    def close(self) -> None: ...

    @property
    @abstractmethod
    def is_writable(self) -> bool: ...

    @abstractmethod
    def size_bytes(self) -> int: ...

    def tend(self) -> None:  # noqa: B027 (SQLite has none)
        """Has the engine look at what is in the tables, after many changes."""

    @abstractmethod
    def tables(self) -> Sequence[str]:
        """The names of the tables, but for those that the engine fills itself."""

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[CopiedRow]:
        """The rows of a table, a few of them in memory."""
        yield from map(tuple, self.execute(f"select {_listed(columns)} from {table}"))  # noqa: S608 (ours)

    def put_rows(self, table: str, columns: Sequence[str], rows: Iterable[CopiedRow]) -> None:
        marks = ", ".join("?" * len(columns))
        into = f"insert into {table} ({_listed(columns)})"
        self.executemany(f"{into} values ({marks})", rows)

    def count(self, table: str) -> int:
        return int(self.execute(f"select count(*) from {table}").fetchone()[0])  # noqa: S608 (ours)

    def truncate_wal(self) -> bool:
        """Empties the log in which a file of ours keeps former states; returns whether it could."""
        return True

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Makes values inside of what is stored, which comes back even if it is damaged."""
        try:
            yield
        except (ValueError, TypeError, KeyError) as error:
            raise self.damaged(error) from error

    def columns(self, table: str) -> Sequence[str]:
        found = self.execute(f"select * from {table} limit 0")  # noqa: S608 (our tables)
        return [column[0] for column in found.description]

    def insert(self, table: str, row: Mapping[str, object], key: Collection[str] = ()) -> None:
        """Adds a row to a table, or changes that which has these columns of its key."""
        self.insert_all(table, [row], key)

    def insert_all(
        self, table: str, rows: Sequence[Mapping[str, object]], key: Collection[str] = ()
    ) -> None:
        """Adds rows of the same columns to a table, as `insert`."""
        if not rows:
            return
        names = rows[0].keys()
        marks = ", ".join("?" * len(names))
        changes = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in key)
        otherwise = f" on conflict ({_listed(key)}) do update set {changes}" if key else ""
        into = f"insert into {table} ({_listed(names)}) values ({marks})"  # noqa: S608 (ours)
        self.executemany(into + otherwise, [list(row.values()) for row in rows])

    def update(self, table: str, key: Mapping[str, object], row: Mapping[str, object]) -> None:
        changes = ", ".join(f'"{column}" = ?' for column in row)
        same = " and ".join(f'"{column}" = ?' for column in key)
        sql = f"update {table} set {changes} where {same}"  # noqa: S608 (our tables and columns)
        self.execute(sql, [*row.values(), *key.values()])

    def property(self, name: str) -> str:
        row = self.execute("select value from properties where name = ?", [name]).fetchone()
        return row[0] if row else ""

    def set_property(self, name: str, value: str) -> None:
        self.execute(
            "insert into properties (name, value) values (?, ?)"
            " on conflict (name) do update set value = excluded.value",
            [name, value],
        )


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
