"""The file of the store: a SQLite database, opened, read and written in transactions."""

import contextlib
import json
import os
import re
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import fields
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sqlite_utils import Database

from kb.errors import KnowledgeBaseError, NoRoom, NotAKnowledgeBase, ReadOnlyKnowledgeBase
from kb.store import migrations
from kb.store.connection import StoreConnection, StoreRow, Values, WordMatches

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

FILES_OF_SCHEMA_30 = (
    *(f"passages.{ending}" for ending in ("faiss", "codes.faiss", "faiss.npz")),
    *(f"passages.{ending}" for ending in ("trades", "trades.json")),
)
"""The index as it was kept beside the database: it has vectors of what was erased since."""

BUSY_TIMEOUT_S = 10.0  # how long a writer waits for another process's transaction

LOOK_EVERY_S = 0.005  # SQLite by itself sleeps for 100 ms, and misses the gaps of long work

SYNCHRONOUS = "full"  # synced at each commit: what was acknowledged survives a loss of power


class StoreFile(StoreConnection):
    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection = connection
        self._frozen_at: tuple[int, int] | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        return self._connection

    @property
    def called(self) -> str:
        return str(self.path)

    @property
    def path(self) -> Path:
        return Path(self._connection.execute("pragma database_list").fetchone()[2])

    @classmethod
    def open_file(cls, path: Path, *, create: bool = False) -> Self:
        if not create and not path.is_file():
            raise NotAKnowledgeBase(
                f"{path.parent} is not a knowledge base: it has no {path.name}. "
                "Make one with `quisait ingest`, or name another with --kb."
            )
        writable = is_writable(path)
        try:
            store = cls(_connect(path, "mode=rwc")) if writable else cls._open_to_read(path)
            store._check(path, create=create, writable=writable)
            if writable:
                store._connection.execute("pragma journal_mode = wal")
                store._connection.execute(f"pragma synchronous = {SYNCHRONOUS}")
        except sqlite3.DatabaseError as error:
            raise explained(error, path) from None
        except UnicodeDecodeError as error:  # the message of an error, with a damaged name in it
            raise _damaged(path, error) from None
        return store

    @classmethod
    def _open_to_read(cls, path: Path) -> Self:
        """Opens a base that cannot be written; without an index of the WAL, until `outlived`."""
        with contextlib.suppress(sqlite3.OperationalError):
            connection = _connect(path, "mode=ro")
            with contextlib.ExitStack() as unless_it_reads:
                unless_it_reads.callback(connection.close)
                migrations.version_of(connection)
                unless_it_reads.pop_all()
                return cls(connection)
        frozen_at = _state_of_file(path)
        store = cls(_connect(path, "immutable=1"))
        store._frozen_at = frozen_at
        return store

    @classmethod
    def open_as_it_is(cls, path: Path) -> Self:
        """Opens a database only to read it, of whatever schema it is."""
        try:
            store = cls._open_to_read(path)
            version = migrations.version_of(store._connection)
        except sqlite3.DatabaseError as error:
            raise explained(error, path) from None
        if version == 0:
            store.close()
            raise NotAKnowledgeBase(f"{path} is a database, but not one of this program.")
        return store

    def outlived(self) -> bool:
        """Returns whether the base was written since it was opened as an unchanging file."""
        if self._frozen_at is None:
            return False
        path = self.path
        return (
            self._frozen_at != _state_of_file(path) or path.with_name(f"{path.name}-wal").exists()
        )

    def close(self) -> None:
        self._connection.close()

    def _check(self, path: Path, *, create: bool, writable: bool) -> None:
        version = migrations.version_of(self._connection)
        (application,) = self._connection.execute("pragma application_id").fetchone()
        (tables,) = self._connection.execute("select count(*) from sqlite_master").fetchone()
        if application != migrations.APPLICATION_ID and (tables or not create):
            self.close()
            raise NotAKnowledgeBase(f"{path} is a database, but not one of this program.")
        if version != migrations.SCHEMA_VERSION:
            is_earlier = migrations.FIRST_VERSION <= version < migrations.SCHEMA_VERSION
            if writable and is_earlier:
                migrations.keep_before_migration(self._connection, path)
            migrations.migrate(self._connection)
            if is_earlier:
                for name in FILES_OF_SCHEMA_30:
                    path.with_name(name).unlink(missing_ok=True)

    def execute(self, sql: str, values: Values = (), /) -> sqlite3.Cursor:
        return self._connection.execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Values], /) -> sqlite3.Cursor:
        return self._connection.executemany(sql, rows)

    def run(self, sql: str, values: Collection[Any], **named: object) -> list[sqlite3.Row]:
        listed = {
            name: json.dumps(list(value)) if isinstance(value, (list, tuple, Set)) else value
            for name, value in named.items()
        }
        listed["values"] = json.dumps(list(values))
        return self.execute(_with_lists(sql), listed).fetchall()

    def primary_key(self, table: str) -> Sequence[str]:
        return list(Database(self._connection).table(table).pks)

    def passages_saying(
        self, groups: Sequence[Collection[str]], most: int | None = None
    ) -> list[int]:
        query = fts_query(groups)
        if not query:
            return []
        rows = self.execute(
            "select rowid from passage_words where passage_words match ? order by rowid limit ?",
            [query, -1 if most is None else most],
        )
        return [row[0] for row in rows]

    def word_matches(self, stems: Collection[str]) -> WordMatches:
        query = fts_query([stems])
        statement = (
            "select rowid, -bm25(passage_words) from passage_words where passage_words match ?"
            " order by rowid"
        )
        return WordMatches.of(self.execute(statement, [query]).fetchall() if query else [])

    def tables(self) -> Sequence[str]:
        rows = self.execute(
            "select name from sqlite_master where type = 'table'"
            " and name not glob 'sqlite_*' and name not glob 'passage_words_*'"
        )
        return [row[0] for row in rows]

    @contextmanager
    def reading(self) -> Iterator[None]:
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("begin")
        try:
            yield
        finally:
            self._connection.rollback()

    @contextmanager
    def writing(self, *, waits: bool = True) -> Iterator[None]:
        try:
            self._begin_to_write(waits=waits)
            try:
                yield
                # Where this fails, as on a full disk, the transaction is still open.
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise
        except sqlite3.DatabaseError as error:
            raise explained(error, self.path) from None

    @property
    def is_writable(self) -> bool:
        return is_writable(self.path)

    def size_bytes(self) -> int:
        return self.path.stat().st_size

    def explained(self, error: Exception) -> KnowledgeBaseError | None:
        if isinstance(error, sqlite3.ProgrammingError):
            return None
        return explained(error, self.path) if isinstance(error, sqlite3.DatabaseError) else None

    def damaged(self, error: Exception) -> KnowledgeBaseError:
        return _damaged(self.path, error)

    def _begin_to_write(self, *, waits: bool) -> None:
        until = time.monotonic() + (BUSY_TIMEOUT_S if waits else 0)
        self._connection.execute("pragma busy_timeout = 0")
        try:
            while True:
                try:
                    self._connection.execute("begin immediate")
                    break
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() >= until:
                        raise
                time.sleep(LOOK_EVERY_S)
        finally:
            self._connection.execute(f"pragma busy_timeout = {BUSY_TIMEOUT_S * 1000:.0f}")

    def truncate_wal(self) -> bool:
        until = time.monotonic() + BUSY_TIMEOUT_S
        while self.execute("pragma wal_checkpoint(truncate)").fetchone()[0]:
            if time.monotonic() >= until:
                return False
            time.sleep(LOOK_EVERY_S)
        return True


def fts_query(groups: Iterable[Collection[str]]) -> str:
    """An FTS5 query for one of the stems, or phrases of stems, of each group."""
    queries = [" OR ".join(map(_phrase, sorted(filter(None, stems)))) for stems in groups]
    return " AND ".join(f"({query})" for query in queries) if all(queries) else ""


def _phrase(words: str) -> str:
    return '"' + words.replace('"', '""') + '"'


@lru_cache(maxsize=1_000)
def _with_lists(sql: str) -> str:
    """A statement as SQLite reads it, which has no lists but those in JSON."""
    sql = re.sub(r"\bin :(\w+)", r"in (select value from json_each(:\1))", sql)
    return sql.replace("from :values", "from json_each(:values)")


def dataclass_of(made: type[T], row: StoreRow | Mapping[str, Any], **converted: object) -> T:
    """The dataclass whose fields are the columns of their names, or else `converted`."""
    values = {**dict(row), **converted}
    return made(**{name: values[name] for name in field_names(made) if name in values})


@cache
def field_names(made: type[Any]) -> tuple[str, ...]:
    """The names of the fields of a dataclass: asked for every row that is read or written."""
    return tuple(field.name for field in fields(made))


def is_writable(path: Path) -> bool:
    """Returns whether this process may write the database at `path`, or make it."""
    if not path.exists() and not os.access(path.parent, os.W_OK):
        raise ReadOnlyKnowledgeBase(f"{path.parent} cannot be written.")
    return os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))


def explained(error: sqlite3.DatabaseError, path: Path) -> KnowledgeBaseError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_NOTADB"):
        return NotAKnowledgeBase(f"{path} is not a knowledge base: {error}.")
    if name.startswith("SQLITE_CORRUPT"):
        return _damaged(path, error)
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return ReadOnlyKnowledgeBase(f"{path} cannot be written: {error}.")
    if name.startswith("SQLITE_BUSY"):
        return KnowledgeBaseError(
            f"{path} has been locked by another process for {BUSY_TIMEOUT_S:.0f} s; try again."
        )
    if name.startswith("SQLITE_FULL"):
        return NoRoom(f"{path}: the disk is full; nothing was changed.")
    problem = str(error)
    if name.startswith("SQLITE_IOERR"):
        problem = f"the disk is full, or at fault ({error}); nothing was changed"
    return KnowledgeBaseError(f"{path}: {problem}.")


def _damaged(path: Path, error: Exception) -> NotAKnowledgeBase:
    return NotAKnowledgeBase(
        f"{path} is damaged ({error}): restore a copy, or ingest again into a new folder."
    )


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{mode}"
    # Stores are lent from thread to thread, to one at a time.
    connection = sqlite3.connect(
        uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma secure_delete = on")  # what is deleted is overwritten
    return connection


def _state_of_file(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
