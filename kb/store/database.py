"""The file of the store: a SQLite database, opened, read and written in transactions.

`explained` puts what goes wrong with the file in a line.
"""

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

import numpy as np
from numpy.typing import NDArray

from kb.errors import KnowledgeBaseError, NoRoom, NotAKnowledgeBase, ReadOnlyKnowledgeBase
from kb.store import migrations
from kb.store.connection import (
    KnownLengths,
    PassageLengths,
    PassageStems,
    StemUses,
    StoreConnection,
    StoreRow,
    Values,
    WordTotals,
    is_plain,
)
from kb.store.copies import keep_before_migration

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_STEM_PLACES = (
    "create virtual table temp.stem_places using fts5vocab(main, passage_words, instance)"
)
"""A row for each place of each stem, of this connection alone:
https://sqlite.org/fts5.html#the_fts5vocab_virtual_table_module.
"""

_PLACES = "select group_concat(doc, ' ') from stem_places where term = ?"
"""The passages with a stem, as often as they use it; in order, though FTS5 promises none.

SQLite makes a line of them: handing over hundreds of thousands of rows takes longer, and keeps
other threads waiting. The same is done with lengths, which FTS5 keeps in a table of their own:
https://sqlite.org/fts5.html#fts5_data_structures.
"""

_LENGTHS_OF_PLACES = (
    "select group_concat(coalesce(hex(sz), ''), ' ')"
    " from stem_places left join passage_words_docsize on id = doc where term = ?"
)
_LENGTHS = "select group_concat(id, ' '), group_concat(hex(sz), ' ') from passage_words_docsize"

_TOTALS = 1
"""The row of `passage_words_data` with the totals."""

T = TypeVar("T", bound="DataclassInstance")

BUSY_TIMEOUT_S = 10.0
"""Time that a writer waits for another process's transaction before it gives up."""

LOOK_EVERY_S = 0.005
"""Time between two looks of a writer whether another is done.

SQLite by itself comes to sleep for 100 ms, and then mostly misses the moment between two
transactions of long work.
"""

SYNCHRONOUS = "full"
"""The log is synced at each commit, so that what was acknowledged survives a loss of power, too.

See https://sqlite.org/pragma.html#pragma_synchronous.
"""


class StoreFile(StoreConnection):
    """A connection to the database in a file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection = connection
        self._frozen_at: tuple[int, int] | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for copies and checks of the file."""
        return self._connection

    @property
    def called(self) -> str:
        return str(self.path)

    @property
    def path(self) -> Path:
        """The file of the database."""
        return Path(self._connection.execute("pragma database_list").fetchone()[2])

    @classmethod
    def open_file(cls, path: Path, *, create: bool = False) -> Self:
        """Opens the database at `path`; with `create`, makes it if there is none.

        A base of an older schema is migrated, unless it cannot be written; a copy of it as it was
        is kept beside it.

        Raises:
            NotAKnowledgeBase: there is no file, or it is something else.
            SchemaTooNew: a later version of this program wrote it.
            ReadOnlyKnowledgeBase: it has to be made or migrated, and cannot be written.
            NoRoom: it has to be migrated, and the disk has no room for that.
        """
        if not create and not path.is_file():
            raise NotAKnowledgeBase(
                f"{path.parent} is not a knowledge base: it has no {path.name}. "
                "Make one with `quisait ingest`, or name another with --kb."
            )
        writable = is_writable(path)
        try:
            store = cls(_connect(path, "mode=rwc")) if writable else cls._open_to_read(path)
            store._check(path, create=create, writable=writable)
            store._connection.execute(_STEM_PLACES)
            if writable:
                store._connection.execute("pragma journal_mode = wal")
                store._connection.execute(f"pragma synchronous = {SYNCHRONOUS}")
        except sqlite3.DatabaseError as error:
            raise explained(error, path) from None
        return store

    @classmethod
    def _open_to_read(cls, path: Path) -> Self:
        """Opens a base that cannot be written, with what writers may still have in their WAL.

        Where no process has it open to write, there is no WAL index to read along with: such a
        base is read as a file that does not change, until `outlived` finds that it did.
        """
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
        """Opens a database only to read it, of whatever schema it is.

        Raises:
            NotAKnowledgeBase: it is something else.
        """
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
        return self._frozen_at != _state_of_file(path) or _wal(path).exists()

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
            if writable and migrations.FIRST_VERSION <= version < migrations.SCHEMA_VERSION:
                keep_before_migration(self._connection, path)
            migrations.migrate(self._connection)

    def execute(self, sql: str, values: Values = (), /) -> sqlite3.Cursor:
        return self._connection.execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Values], /) -> sqlite3.Cursor:
        return self._connection.executemany(sql, rows)

    def run(self, sql: str, values: Collection[Any], **named: object) -> list[sqlite3.Row]:
        listed = {
            name: json.dumps(list(value)) if isinstance(value, _LISTS) else value
            for name, value in named.items()
        }
        listed["values"] = json.dumps(list(values))
        return self.execute(_with_lists(sql), listed).fetchall()

    def primary_key(self, table: str) -> Sequence[str]:
        rows = self.execute("select name from pragma_table_info(?) where pk order by pk", [table])
        return [row[0] for row in rows]

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

    def uses_of(self, stems: Collection[str], lengths: KnownLengths) -> dict[str, StemUses]:
        known = lengths.all(self._all_lengths)
        found = {}
        for stem in stems:
            if is_plain(stem):
                found[stem] = self._uses(stem, known)
                if known is None:
                    lengths.looked_up(len(found[stem].ids))
            else:
                found[stem] = self._uses_as_matched(stem)
        return found

    def _uses(self, stem: str, known: PassageLengths | None) -> StemUses:
        (places,) = self._connection.execute(_PLACES, [stem]).fetchone()
        with self.decoding():
            read = _numbers(places)
            order = np.argsort(read, kind="stable")
            each = read[order]
            first = np.flatnonzero(np.diff(each, prepend=-1))
            ids = each[first]
            uses = np.diff(first, append=len(each)).astype(np.int32)
            if known is None:
                (sizes,) = self._connection.execute(_LENGTHS_OF_PLACES, [stem]).fetchone()
                return StemUses(ids, uses, _lengths(sizes, len(each))[order[first]])
            at = np.searchsorted(known.ids, ids)
            if not np.array_equal(known.ids[at[at < len(known.ids)]], ids):
                raise ValueError("a passage without a length")
            return StemUses(ids, uses, known.lengths[at])

    def _all_lengths(self) -> PassageLengths:
        ids, sizes = self._connection.execute(_LENGTHS).fetchone()
        with self.decoding():
            in_order = _numbers(ids)
            return PassageLengths(in_order, _lengths(sizes, len(in_order)))

    def _uses_as_matched(self, stem: str) -> StemUses:
        """Who uses a stem that FTS5 may fold or part once more, as it does what `½` is folded to.

        Where a passage writes it otherwise, it counts once.
        """
        said = self.stems_of(self.passages_saying([[stem]]))
        found = [(id_, max(of.stems.count(stem), 1), of.length) for id_, of in sorted(said.items())]
        ids, uses, lengths = np.array(found, np.int64).reshape(-1, 3).T
        return StemUses(ids.copy(), uses.astype(np.int32), lengths.astype(np.int32))

    def stems_of(self, ids: Collection[int]) -> dict[int, PassageStems]:
        rows = self.run(
            "select id, words, hex(sz) from passage_words_docsize"
            " join passage_words w on w.rowid = id where id in :values",
            ids,
        )
        with self.decoding():
            return {
                id_: PassageStems(words.split(), int(_lengths(size, 1)[0]))
                for id_, words, size in rows
            }

    def word_totals(self) -> WordTotals:
        row = self.execute(
            "select block from passage_words_data where id = ?", [_TOTALS]
        ).fetchone()
        with self.decoding():
            passages, stems = _varints(row[0]).tolist() or (0, 0)
            return WordTotals(passages, stems)

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
        # A fault of ours is none of the base's.
        if isinstance(error, sqlite3.ProgrammingError):
            return None
        return explained(error, self.path) if isinstance(error, sqlite3.DatabaseError) else None

    def damaged(self, error: Exception) -> KnowledgeBaseError:
        return _damaged(self.path, error)

    def _begin_to_write(self, *, waits: bool) -> None:
        until = time.monotonic() + (BUSY_TIMEOUT_S if waits else 0)
        self._connection.execute("pragma busy_timeout = 0")
        try:
            while not self._has_begun(until):
                time.sleep(LOOK_EVERY_S)
        finally:
            self._connection.execute(f"pragma busy_timeout = {BUSY_TIMEOUT_S * 1000:.0f}")

    def _has_begun(self, until: float) -> bool:
        """Begins to write, unless another does; from the time `until` on, that is an error."""
        try:
            self._connection.execute("begin immediate")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() >= until:
                raise
            return False
        return True

    def truncate_wal(self) -> bool:
        """Empties the WAL, which keeps former states of pages; returns whether it could.

        It cannot while another process reads a former state for too long. SQLite waits for
        readers by itself, but not for a writer who is moving the same WAL into the database.
        """
        until = time.monotonic() + BUSY_TIMEOUT_S
        while self.execute("pragma wal_checkpoint(truncate)").fetchone()[0]:
            if time.monotonic() >= until:
                return False
            time.sleep(LOOK_EVERY_S)
        return True


_LISTS = (list, tuple, Set)


def fts_query(groups: Iterable[Collection[str]]) -> str:
    """An FTS5 query for one of the stems, or phrases of stems, of each group.

    Empty if nothing is asked for in a group. Nothing in a stem is FTS5 syntax once it is quoted.
    """
    queries = [" OR ".join(map(_phrase, sorted(filter(None, stems)))) for stems in groups]
    return " AND ".join(f"({query})" for query in queries) if all(queries) else ""


def _phrase(words: str) -> str:
    return '"' + words.replace('"', '""') + '"'


def _varints(data: bytes) -> NDArray[np.int64]:
    """Whole numbers as SQLite packs them, of up to 56 bits: seven to a byte, the first ones first.

    Each byte of a number but its last has the eighth bit, too.
    """
    read = np.frombuffer(data, np.uint8)
    last = np.flatnonzero(read < 0x80)
    sizes = np.diff(last, prepend=-1)
    numbers = np.zeros(len(last), np.int64)
    for size in range(int(sizes.max(initial=0)), 0, -1):
        longer = sizes >= size
        numbers[longer] = numbers[longer] << 7 | (read[last[longer] - size + 1] & 0x7F)
    return numbers


def _numbers(listed: str | None) -> NDArray[np.int64]:
    """The numbers of a line, which is None if there are none."""
    return np.fromstring(listed or "", np.int64, sep=" ")


def _lengths(listed: str | None, count: int) -> NDArray[np.int32]:
    """The lengths of so many passages, of a line of them in hexadecimal.

    Raises:
        ValueError: some are missing.
    """
    lengths = _varints(bytes.fromhex(listed or "")).astype(np.int32)
    if len(lengths) != count:
        raise ValueError("a passage without a length")
    return lengths


@lru_cache(maxsize=1_000)
def _with_lists(sql: str) -> str:
    """A statement as SQLite reads it, which has no lists but those in JSON."""
    sql = re.sub(r"\bin :(\w+)", r"in (select value from json_each(:\1))", sql)
    return sql.replace("from :values", "from json_each(:values)")


def dataclass_of(made: type[T], row: StoreRow | Mapping[str, Any], **converted: object) -> T:
    """The dataclass whose fields are the columns of their names, or else `converted`.

    Columns that are no fields are ignored; fields without a column have their default.
    """
    values = {**dict(row), **converted}
    return made(**{name: values[name] for name in field_names(made) if name in values})


@cache
def field_names(made: type[Any]) -> tuple[str, ...]:
    """The names of the fields of a dataclass: asked for every row that is read or written."""
    return tuple(field.name for field in fields(made))


def is_writable(path: Path) -> bool:
    """Returns whether this process may write the database at `path`, or make it.

    Raises:
        ReadOnlyKnowledgeBase: there is none and it cannot be made.
    """
    if not path.exists() and not os.access(path.parent, os.W_OK):
        raise ReadOnlyKnowledgeBase(f"{path.parent} cannot be written.")
    return os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))


def explained(error: sqlite3.DatabaseError, path: Path) -> KnowledgeBaseError:
    """The project's own error for an error of SQLite's, with what it means here in a line."""
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
    """A connection in autocommit mode."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,  # lent from thread to thread, one at a time
    )
    connection.row_factory = sqlite3.Row
    connection.execute("pragma foreign_keys = on")
    # What is deleted is overwritten, and not only marked as free.
    connection.execute("pragma secure_delete = on")
    return connection


def _state_of_file(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
