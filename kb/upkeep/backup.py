"""The backup of a base: one state of it in one file, made while it is in use."""

import importlib.metadata
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from kb.base_folder import DATABASE_FILE, SECRET_FILE
from kb.errors import FileError, NotAKnowledgeBase
from kb.registers.clock import now
from kb.registers.jobs import waiting_uploads
from kb.settings import Settings
from kb.store import migrations
from kb.store.copies import OnCopied, copy_database
from kb.store.copying.copied import copy_tables
from kb.store.integrity import count_rows, damaged_pages
from kb.store.store import SqliteStore, Store
from kb.upkeep.backup_file import BackupWriter, Manifest
from kb.upkeep.files_beside import Beside, FolderFiles, base_at, names_beside
from kb.whole_file import scratch_folder, sync_folder

ATTEMPTS = 3
"""Most copies of the database that are made to get one whose uploads are all there."""


def back_up(
    settings: Settings,
    target: Path | BinaryIO,
    *,
    with_secret: bool = True,
    overwrite: bool = False,
    on_copied: OnCopied | None = None,
) -> Manifest:
    """Writes a backup of a base, in a folder or in PostgreSQL, to a file, whole or not at all.

    The file can be read by its owner alone. Beside it there is need for room for the database; if
    the target is a stream, in the system's folder for temporary files.

    Raises:
        FileError: the file exists already, or cannot be written.
        NotAKnowledgeBase: there is no base, or its pages are damaged.
        KnowledgeBaseError: it cannot be reached.
    """
    inside, called = Path(tempfile.gettempdir()), "Standard output"
    if isinstance(target, Path):
        inside, called = target.parent, str(target)
        if target.exists() and not overwrite:
            raise FileError(f"{target} exists already: name another, or say --overwrite.")
    try:
        with (
            base_at(settings) as (store, beside),
            scratch_folder(inside, settings.folder) as scratch,
            _copy_of(store, beside, scratch, on_copied) as (copy, names),
        ):
            packed = [name for name in names if with_secret or name != SECRET_FILE]
            if not isinstance(target, Path):
                return _pack(copy, beside, packed, target)
            pending = scratch / "backup"
            pending.touch(mode=0o600)
            with pending.open("wb") as stream:
                manifest = _pack(copy, beside, packed, stream)
                stream.flush()
                os.fsync(stream.fileno())
            pending.replace(target)
            sync_folder(target.parent)
    except OSError as error:
        raise FileError(f"{called} cannot be written: {error.strerror}.") from None
    return manifest


def _pack(copy: SqliteStore, beside: Beside, names: Sequence[str], stream: BinaryIO) -> Manifest:
    """Writes a copy of a database, and what lies beside, to a stream."""
    with BackupWriter(stream) as writer:
        writer.add(DATABASE_FILE, FolderFiles(copy.path.parent).pieces(copy.path.name))
        for name in names:
            writer.add(name, beside.pieces(name))
        manifest = Manifest(
            made_at=now(),
            program=importlib.metadata.version("quisait"),
            schema=migrations.version_of(copy.connection),
            generation=copy.generation,
            encoder=copy.property("encoder"),
            model=copy.property("model"),
            derivation=copy.property("derivation"),
            rows=count_rows(copy),
            members=tuple(writer.members),
        )
        writer.finish(manifest)
    return manifest


@contextmanager
def _copy_of(
    store: Store, beside: Beside, scratch: Path, on_copied: OnCopied | None
) -> Iterator[tuple[SqliteStore, Sequence[str]]]:
    """A copy of the database that is whole, with the names of the secret and of what jobs wait for.

    A job may end between the copy and the look for its files: then a newer copy is made.
    """
    for attempt in range(1, ATTEMPTS + 1):
        path = scratch / f"copy-{attempt}"
        _copy(store, path, on_copied)
        with closing(SqliteStore.open_as_it_is(path)) as copy:
            damage = damaged_pages(copy, quick=True)
            if damage:
                raise NotAKnowledgeBase(
                    f"{store.called} is damaged ({damage[0]}): no backup was made. Run "
                    "`quisait check`, and keep your last backup."
                )
            waiting = waiting_uploads(copy)
            names = names_beside(beside, waiting)
            found = {name.rpartition("/")[0] for name in names} - {""}
            if attempt == ATTEMPTS or len(found) == len(waiting):
                yield copy, names
                return
        path.unlink()


def _copy(store: Store, path: Path, on_copied: OnCopied | None) -> None:
    if isinstance(store, SqliteStore):
        copy_database(store.connection, path, on_copied)
        return
    done = 0

    def copied(rows: int) -> None:
        nonlocal done
        done += rows
        if on_copied:
            on_copied(-done, 0)

    copy_tables(store, path, copied)
