"""A copy of all tables of a base, whose counts and checksums are compared with what was read."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from kb.address import Place
from kb.errors import KnowledgeBaseError
from kb.store.copying.tables import CopiedRow, SqliteTables, Tables
from kb.store.store import SqliteStore, Store

TOLD_EVERY = 1_000
"""Rows between two calls of `OnRows`."""

OnRows = Callable[[int], object]
"""Called with how many rows were copied, or compared, since it was called before."""


def tables_of(store: Store) -> Tables:
    """The tables of a store."""
    if isinstance(store, SqliteStore):
        return SqliteTables(store)
    # psycopg is loaded by those alone who use it.
    from kb.store.copying.postgres_tables import PostgresTables
    from kb.store.postgres.store import PostgresStore

    if not isinstance(store, PostgresStore):
        raise TypeError("a store of another engine")
    return PostgresTables(store)


def _new_tables(place: Place, *, replace: bool) -> AbstractContextManager[Tables]:
    """Makes the tables of a new base, in a file or at an address, for the block to fill.

    At an address, they are there when the block has ended well, and not before. With `replace`,
    a base that is there is put aside.
    """
    if isinstance(place, Path):
        return SqliteTables.made(place)
    from kb.store.copying.postgres_tables import PostgresTables

    return PostgresTables.made(place, replace=replace)


def copy_tables(
    source: Store,
    place: Place,
    on_rows: OnRows = lambda _: None,
    finish: Callable[[Tables], object] = lambda _: None,
    *,
    replace: bool = False,
) -> Mapping[str, int]:
    """Copies one state of a base, as it is read, to a new one; returns the rows of each table.

    The count and checksum of each table are compared with those of what was read; then `finish`
    adds what else belongs to the copy, and then it counts. With `replace`, a base at an address is
    put aside.

    Raises:
        KnowledgeBaseError: there is something already, or it cannot hold what the source does.
    """
    with _new_tables(place, replace=replace) as target, _explaining(target.store):
        with source.reading(), source.decoding():
            given = tables_of(source)
            with _explaining(source):
                columns = _columns(given, target)
            copied = {}
            for table, names in columns.items():
                copied[table] = _Checksum(on_rows)
                target.put(table, names, copied[table].of(_read(given, table, names)))
        target.finish()
        for table, names in columns.items():
            there = _Checksum(on_rows)
            for _ in there.of(target.rows(table, names)):
                pass
            if (there.count, there.sum) != (copied[table].count, copied[table].sum):
                raise KnowledgeBaseError(
                    f"{table} came out otherwise: {copied[table].count} rows were copied, and "
                    f"{there.count} are there, or others. Nothing was kept of the copy."
                )
        finish(target)
    return {table: checksum.count for table, checksum in copied.items()}


def _columns(source: Tables, target: Tables) -> Mapping[str, Sequence[str]]:
    """The columns to be copied of each table.

    Raises:
        KnowledgeBaseError: one has others.
    """
    ours, theirs = ({name: of.columns(name) for name in of.names()} for of in (source, target))
    for table in sorted(ours.keys() | theirs.keys()):
        if {*ours.get(table, ())} != {*theirs.get(table, ())}:
            raise KnowledgeBaseError(
                f"{source.store.called} has another table {table!r} than this version of the "
                "program: it was not copied."
            )
    return ours


def _read(source: Tables, table: str, columns: Sequence[str]) -> Iterator[CopiedRow]:
    # What is wrong with the source is no fault of where its rows go.
    with _explaining(source.store):
        yield from source.rows(table, columns)


@contextmanager
def _explaining(store: Store) -> Iterator[None]:
    """Puts what goes wrong with a store in a line."""
    try:
        yield
    except Exception as error:
        if known := store.explained(error):
            raise known from None
        raise


class _Checksum:
    """The count of rows, and the sum of their hashes, as they go by in whatever order."""

    def __init__(self, on_rows: OnRows) -> None:
        self._on_rows = on_rows
        self.count = self.sum = 0

    def of(self, rows: Iterable[CopiedRow]) -> Iterator[CopiedRow]:
        for row in rows:
            self.sum += int.from_bytes(hashlib.sha256(repr(row).encode()).digest())
            self.count += 1
            if self.count % TOLD_EVERY == 0:
                self._on_rows(TOLD_EVERY)
            yield row
        self._on_rows(self.count % TOLD_EVERY)
