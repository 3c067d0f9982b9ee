"""The backup of a base: one state of it in one file, made while it is in use."""

import importlib.metadata
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from kb.base_folder import DATABASE_FILE, SECRET_FILE, UPLOADS
from kb.errors import FileError, NotAKnowledgeBase
from kb.registers.clock import now
from kb.registers.jobs import waiting_uploads
from kb.store import migrations
from kb.store.copies import OnCopied, copy_database
from kb.store.database import explained
from kb.store.integrity import count_rows, damaged_pages
from kb.store.store import SqliteStore
from kb.upkeep.backup_file import BackupWriter, Manifest
from kb.whole_file import sync_folder

SCRATCH = ".quisait-backup-"
"""Begins the names of the folders, beside backups, in which they are made."""

OLD_SCRATCH_S = 24 * 3600.0

ATTEMPTS = 3
"""Most copies of the database that are made to get one whose uploads are all there."""


def back_up(
    folder: Path,
    target: Path,
    *,
    with_secret: bool = True,
    overwrite: bool = False,
    on_copied: OnCopied | None = None,
) -> Manifest:
    """Writes a backup of the base in a folder to a file, whole or not at all.

    The file can be read by its owner alone. Beside it there is need for room for the database.

    Raises:
        FileError: the file exists already, or cannot be written.
        NotAKnowledgeBase: there is no base in the folder, or its pages are damaged.
    """
    if target.exists() and not overwrite:
        raise FileError(f"{target} exists already: name another, or say --overwrite.")
    try:
        _tidy(target.parent)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=SCRATCH) as scratch:
            pending = Path(scratch) / "backup"
            pending.touch(mode=0o600)
            with pending.open("wb") as stream:
                manifest = back_up_to(
                    folder, stream, Path(scratch), with_secret=with_secret, on_copied=on_copied
                )
                stream.flush()
                os.fsync(stream.fileno())
            pending.replace(target)
            sync_folder(target.parent)
    except OSError as error:
        raise FileError(f"{target} cannot be written: {error.strerror}.") from None
    return manifest


def back_up_to(
    folder: Path,
    stream: BinaryIO,
    scratch: Path,
    *,
    with_secret: bool = True,
    on_copied: OnCopied | None = None,
) -> Manifest:
    """Writes a backup to a stream; `scratch` is a folder for a copy of the database.

    Raises:
        NotAKnowledgeBase: there is no base in the folder, or its pages are damaged.
        OSError: nothing can be written.
    """
    with _copy_of(folder, scratch, on_copied) as (copy, uploads), BackupWriter(stream) as writer:
        writer.add(DATABASE_FILE, copy.path)
        if with_secret and (folder / SECRET_FILE).exists():
            writer.add(SECRET_FILE, folder / SECRET_FILE)
        for path in uploads:
            with suppress(FileNotFoundError):  # its job has ended
                writer.add(path.relative_to(folder).as_posix(), path)
        manifest = Manifest(
            made_at=now(),
            program=importlib.metadata.version("quisait"),
            schema=migrations.version_of(copy.database.conn),
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
    folder: Path, scratch: Path, on_copied: OnCopied | None
) -> Iterator[tuple[SqliteStore, list[Path]]]:
    """A copy of the database that is whole, and the uploads that its jobs wait for.

    A job may end between the copy and the look for its files: then a newer copy is made.
    """
    for attempt in range(1, ATTEMPTS + 1):
        path = scratch / f"copy-{attempt}"
        with closing(SqliteStore.open(folder / DATABASE_FILE)) as store:
            try:
                copy_database(store.database.conn, path, on_copied)
            except sqlite3.DatabaseError as error:
                raise explained(error, store.path) from None
        with closing(SqliteStore.open_as_it_is(path)) as copy:
            damage = damaged_pages(copy, quick=True)
            if damage:
                raise NotAKnowledgeBase(
                    f"{folder / DATABASE_FILE} is damaged ({damage[0]}): no backup was made. Run "
                    "`quisait check`, and keep your last backup."
                )
            waiting = waiting_uploads(copy)
            found = [path for name in sorted(waiting) for path in _files_of(folder, name)]
            if attempt == ATTEMPTS or len({path.parent for path in found}) == len(waiting):
                yield copy, found
                return
        path.unlink()


def _tidy(folder: Path) -> None:
    """Deletes what a killed backup left: it has all that the base had."""
    for path in folder.glob(f"{SCRATCH}*"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > OLD_SCRATCH_S:
                shutil.rmtree(path, ignore_errors=True)


def _files_of(folder: Path, upload: str) -> list[Path]:
    try:
        return sorted(path for path in (folder / UPLOADS / upload).iterdir() if path.is_file())
    except FileNotFoundError:
        return []
