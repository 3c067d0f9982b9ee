"""A base copied to another place: between a folder and a PostgreSQL database, either way."""

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from kb.address import PostgresAddress
from kb.base_folder import DATABASE_FILE
from kb.errors import FileError
from kb.registers.jobs import waiting_uploads
from kb.settings import Settings
from kb.store.copying.copied import OnRows, copy_tables
from kb.store.copying.tables import Tables
from kb.store.pool import StorePool
from kb.store.store import SqliteStore, Store
from kb.upkeep.files_beside import (
    KEPT,
    KEPT_COLUMNS,
    Beside,
    FolderFiles,
    base_at,
    kept_rows,
    names_beside,
)
from kb.whole_file import delete_abandoned, scratch_folder, sync_folder


@dataclass(frozen=True, slots=True)
class BaseCopy:
    """A copy: how many rows each table has, and which files came with it, by their names."""

    rows: Mapping[str, int]
    files: tuple[str, ...]


def copy_base(
    source: Settings,
    target: Settings,
    on_rows: OnRows = lambda _: None,
    *,
    replace: bool = False,
) -> BaseCopy:
    """Copies one state of a base, which may be in use, to where there is none.

    The copy is there once it is compared with what was read, and not before; a process that is
    killed leaves no base. With it come the secret and the uploads that wait for their job, which
    are files in a folder, and rows in PostgreSQL. With `replace`, a base in
    PostgreSQL is put aside in the same transaction.

    Raises:
        NotAKnowledgeBase: there is no base to copy; or something else is where it is to go.
        FileError: the folder has something in it, or cannot be written.
        KnowledgeBaseError: there is a base already, or it cannot be read or written.
    """
    try:
        with base_at(source) as (store, beside):
            if target.database:
                return _copied_to_address(store, beside, target.database, on_rows, replace)
            return _copied_to_folder(store, beside, target.folder, source.folder, on_rows)
    except OSError as error:
        raise FileError(f"{target.folder} cannot be written: {error.strerror}.") from None


def _copied_to_folder(
    store: Store, beside: Beside, folder: Path, source: Path, on_rows: OnRows
) -> BaseCopy:
    """Makes the base in a folder of its own, inside: the database comes out last."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    delete_abandoned(folder)
    if any(folder.iterdir()):
        raise FileError(f"{folder} is not empty: name another.")
    with scratch_folder(folder, source) as ready:
        database = ready / DATABASE_FILE
        database.touch(mode=0o600)
        rows = copy_tables(store, database, on_rows)
        with closing(SqliteStore.open(database)) as copy:
            files = names_beside(beside, waiting_uploads(copy))
        for name in files:
            FolderFiles(ready).keep(name, beside.pieces(name))
        with database.open("rb+") as file:
            os.fsync(file.fileno())
        for path in sorted(ready.iterdir(), key=lambda path: path == database):
            path.rename(folder / path.name)
        sync_folder(folder)
    return BaseCopy(rows, files)


def _copied_to_address(
    store: Store, beside: Beside, address: PostgresAddress, on_rows: OnRows, replace: bool
) -> BaseCopy:
    """Makes the base in one transaction, and its index after that."""
    files: tuple[str, ...] = ()

    def with_files(copy: Tables) -> None:
        nonlocal files
        files = names_beside(beside, waiting_uploads(copy.store))
        copy.put(KEPT, KEPT_COLUMNS, kept_rows(beside, files))

    rows = copy_tables(store, address, on_rows, with_files, replace=replace)
    # psycopg is loaded by those alone who use it.
    from kb.store.postgres.store import PostgresStore

    with closing(StorePool(address)) as stores, stores.lend() as copy:
        encoder = copy.property("encoder")
        if isinstance(copy, PostgresStore) and (dimension := copy.dimension_of(encoder)):
            copy.tend_search(encoder, dimension)
    return BaseCopy(rows, files)
