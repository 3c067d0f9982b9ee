"""Copies of a base: its file as it is, or all rows of all tables in a new base of any engine."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from kb.address import Place
from kb.errors import KnowledgeBaseError
from kb.store.migrations import copy_file
from kb.store.store import SqliteStore, Store

CACHE_KIB = 64_000  # for pages that wait: rows do not come in the order of their pages

LOADING = (
    "set constraints all deferred; set local statement_timeout = 0;"
    " set local idle_in_transaction_session_timeout = 0"
)
"""Rows come in any order of tables, and may take longer than a server gives to others."""


def copy_to_file(store: Store, path: Path) -> None:
    """Writes one state of a base to a new file, without companions, and syncs it."""
    if isinstance(store, SqliteStore):
        copy_file(store.connection, path)
        return
    with new_base(path) as copy:
        copy_tables(store, copy)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def new_base(place: Place, *, replace: bool = False) -> Iterator[Store]:
    """Makes the tables of a new base in one transaction, for the block to fill."""
    if isinstance(place, Path):
        with closing(SqliteStore.open(place, create=True)) as file:
            for pragma in ("journal_mode = off", "synchronous = off", "foreign_keys = off"):
                file.execute(f"pragma {pragma}")
            file.execute(f"pragma cache_size = -{CACHE_KIB}")
            with file.writing():
                yield file
        return
    # psycopg is loaded by those alone who use it.
    from kb.store.postgres.store import PostgresStore

    with closing(PostgresStore.connect_unmade(place)) as store, store.writing():
        if not store.make_tables(replace=replace):
            raise KnowledgeBaseError(
                f"{place} holds a base already: name an empty database, or a schema of its "
                "own with ?schema=NAME."
            )
        store.execute(LOADING)
        yield store
        store.execute("set constraints all immediate")
        store.count_on()


def copy_tables(source: Store, target: Store) -> None:
    """Copies one state of a base to the tables of a new one, and counts the rows there."""
    with source.reading(), source.decoding():
        for table in sorted({*source.tables(), *target.tables()}):
            columns = _columns(source, target, table)
            target.put_rows(table, columns, source.rows(table, columns))
            copied, there = source.count(table), target.count(table)
            if copied != there:
                raise KnowledgeBaseError(
                    f"{table} came out otherwise: {copied} rows were copied, and {there} are "
                    "there. Nothing was kept of the copy."
                )


def row_counts(store: Store) -> Mapping[str, int]:
    return {table: store.count(table) for table in sorted(store.tables())}


def _columns(source: Store, target: Store, table: str) -> Sequence[str]:
    """The columns of a table to be copied, with the places of rows where they are numbered."""
    ours, theirs = (
        list(store.columns(table)) if table in store.tables() else [] for store in (source, target)
    )
    if not {*ours} ^ {*theirs} <= {"rowid"} or not (ours and theirs):
        raise KnowledgeBaseError(
            f"{source.called} has another table {table!r} than this version of the program: it was"
            " not copied."
        )
    return max(ours, theirs, key=len)
