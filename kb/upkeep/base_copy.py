"""A base copied to another place: between a folder and a PostgreSQL database, either way."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kb.address import DATABASE_FILE, SECRET_FILE, UPLOADS, PostgresAddress
from kb.errors import FileError
from kb.registers.clock import now
from kb.registers.jobs import waiting_uploads
from kb.registers.kept_files import PIECE_BYTES, KeptFiles
from kb.settings import Settings
from kb.store.connection import CopiedRow
from kb.store.copying import copy_tables, copy_to_file, new_base, row_counts
from kb.store.pool import StorePool
from kb.store.store import SqliteStore, Store
from kb.whole_file import delete_abandoned, scratch_folder, sync_folder


class FolderFiles:
    """The files in the folder of a base; it reads as `KeptFiles` does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self, begin: str) -> list[str]:
        """The names of the files of a folder that ends with a slash, or of this file."""
        path = self._folder / begin
        paths = sorted(path.glob("*")) if begin.endswith("/") else [path]
        return [found.relative_to(self._folder).as_posix() for found in paths if found.is_file()]

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content of a file, piece by piece, at least one; nothing if it is gone."""
        with suppress(FileNotFoundError), (self._folder / name).open("rb") as file:
            yield file.read(PIECE_BYTES)
            while piece := file.read(PIECE_BYTES):
                yield piece


Beside = FolderFiles | KeptFiles  # the files beside a database, whichever it is


@contextmanager
def base_at(settings: Settings) -> Iterator[tuple[Store, Beside]]:
    with closing(StorePool(settings.store)) as stores, stores.lend() as store:
        yield store, KeptFiles(stores) if settings.database else FolderFiles(settings.folder)


def names_beside(beside: Beside, uploads: Collection[str]) -> tuple[str, ...]:
    """The names of the secret, and of the uploads in the folders of these names, if there are."""
    beginnings = [SECRET_FILE, *(f"{UPLOADS}/{upload}/" for upload in sorted(uploads))]
    return tuple(
        name
        for begin in beginnings
        for name in beside.names(begin)
        if "/" not in name.removeprefix(begin)
    )


@dataclass(frozen=True, slots=True)
class BaseCopy:
    rows: Mapping[str, int]
    files: tuple[str, ...]


def copy_base(source: Settings, target: Settings, *, replace: bool = False) -> BaseCopy:
    """Copies one state of a base, which may be in use, to where there is none."""
    try:
        with base_at(source) as (store, beside):
            if target.database:
                return _copied_to_address(store, beside, target.database, replace)
            return _copied_to_folder(store, beside, target.folder)
    except OSError as error:
        raise FileError(f"{target.folder} cannot be written: {error.strerror}.") from None


def _copied_to_folder(store: Store, beside: Beside, folder: Path) -> BaseCopy:
    """Makes the base in a folder of its own, inside: the database comes out last."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    delete_abandoned(folder)
    if any(folder.iterdir()):
        raise FileError(f"{folder} is not empty: name another.")
    with scratch_folder(folder) as ready:
        database = ready / DATABASE_FILE
        database.touch(mode=0o600)
        copy_to_file(store, database)
        with closing(SqliteStore.open_as_it_is(database)) as copy:
            files, rows = names_beside(beside, waiting_uploads(copy)), row_counts(copy)
        for name in files:
            path = ready / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            with path.open("wb") as file:
                file.writelines(beside.pieces(name))
        for path in sorted(ready.iterdir(), key=lambda path: path == database):
            path.rename(folder / path.name)
        sync_folder(folder)
    return BaseCopy(rows, files)


def _copied_to_address(
    store: Store, beside: Beside, address: PostgresAddress, replace: bool
) -> BaseCopy:
    """Makes the base in one transaction, and its index after that."""
    with new_base(address, replace=replace) as made:
        copy_tables(store, made)
        files, rows = names_beside(beside, waiting_uploads(made)), row_counts(made)
        made.put_rows("kept_files", ("name", "piece", "content", "at"), kept_rows(beside, files))
    with closing(StorePool(address)) as stores, stores.lend() as copy:
        copy.tend()
    return BaseCopy(rows, files)


def kept_rows(beside: Beside, names: Iterable[str]) -> Iterator[CopiedRow]:
    at = now()
    for name in names:
        for number, piece in enumerate(beside.pieces(name)):
            yield name, number, piece, at
