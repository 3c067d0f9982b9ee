"""The way back: a base as it was when a backup was made."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kb.base_folder import DATABASE_FILE
from kb.errors import FileError, KnowledgeBaseError, SchemaTooNew
from kb.knowledge_base import KnowledgeBase
from kb.registers.versions import Withdrawal, erased_records
from kb.settings import Settings
from kb.store import migrations
from kb.store.store import SqliteStore
from kb.upkeep.backup_file import BackupFile, Manifest
from kb.upkeep.check import ASIDE, check_base, make_index_anew
from kb.upkeep.finding import Finding
from kb.whole_file import sync_folder

SPARE_BYTES = 50_000_000
"""Room on the disk that a restored base leaves to others."""


RESTORING = ".restoring-"
"""Begins the names of the folders in which a base is made ready."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored base: what the backup was, what was erased again, and what a check found.

    `aside` is the folder with what was replaced, if anything was.
    """

    manifest: Manifest
    erased_again: int
    findings: Sequence[Finding]
    aside: Path | None


def verified(path: Path) -> Manifest:
    """Reads a backup to its end, and returns what it says of itself.

    Raises:
        FileError: it is no backup, or not a whole one.
        SchemaTooNew: a later version of this program made it.
    """
    with BackupFile(path) as backup:
        if backup.manifest.schema > migrations.SCHEMA_VERSION:
            raise SchemaTooNew(
                f"{path} has schema {backup.manifest.schema}; this program knows "
                f"{migrations.SCHEMA_VERSION} at most. Use the version that wrote it "
                f"({backup.manifest.program}), or a later one."
            )
        backup.verify()
        return backup.manifest


def restore(
    path: Path, settings: Settings, *, replace: bool = False, erased_from: Path | None = None
) -> Restored:
    """Unpacks a backup into the folder of the settings, once all of it is found to be whole.

    With `replace`, what is in the folder is put aside when the restored base is complete. What was
    erased in the base in the folder, or in `erased_from`, is erased again. Everybody is signed out.

    Raises:
        FileError: it is no whole backup, or the folder has something in it, or cannot be written.
        SchemaTooNew: a later version of this program made it.
        KnowledgeBaseError: the base in the folder is in use.
    """
    folder = settings.folder_for("restoring", "Use pg_restore.")
    manifest = verified(path)
    is_empty = not folder.exists() or not any(folder.iterdir())
    if not is_empty and not replace:
        raise FileError(
            f"{folder} is not empty: name another with --kb, or say --replace to put what is in "
            "it aside."
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_without_room(folder, manifest)
        _refuse_in_use(folder)
        for left in folder.glob(f"{RESTORING}*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        erased = _erased(folder, erased_from)
        with tempfile.TemporaryDirectory(dir=folder, prefix=RESTORING) as scratch:
            unpacked = Path(scratch)
            _unpack(path, manifest, unpacked)
            base = settings.model_copy(update={"kb": unpacked})
            again, findings = _brought_up_to_date(base, erased)
            with closing(SqliteStore.open(unpacked / DATABASE_FILE)) as store:
                make_index_anew(store)
            findings += check_base(base)
            _as_before(folder, unpacked)
            _refuse_in_use(folder)
            aside = _exchange(folder, unpacked)
    except OSError as error:
        raise FileError(f"{folder} cannot be written: {error.strerror}.") from None
    return Restored(manifest, again, findings, aside)


def _refuse_without_room(folder: Path, manifest: Manifest) -> None:
    """Raises `FileError` if the disk has no room for the members and what is made of them."""
    needed = 2 * manifest.size + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise FileError(
            f"{folder} needs {needed // 1_000_000} MB on its disk; {free // 1_000_000} MB are "
            "free: make room. Nothing was changed."
        )


def _refuse_in_use(folder: Path) -> None:
    """Refuses a folder whose base another process has open: it would go on with what was there."""
    database = folder / DATABASE_FILE
    if not database.exists():
        return
    with closing(sqlite3.connect(database, timeout=1, isolation_level=None)) as alone:
        try:
            alone.execute("pragma locking_mode = exclusive")
            alone.execute("begin exclusive")
            alone.rollback()
        except sqlite3.DatabaseError as error:
            # One that is damaged is why there are backups.
            if error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise KnowledgeBaseError(
                    f"{folder} is in use: stop the server and its worker first."
                ) from None


def _erased(folder: Path, erased_from: Path | None) -> Sequence[Withdrawal]:
    """What was erased in the base in the folder, as far as it can be read, and in another."""
    found: list[Withdrawal] = []
    if erased_from:
        with closing(SqliteStore.open(erased_from / DATABASE_FILE)) as store:
            found += erased_records(store)
    database = folder / DATABASE_FILE
    if database.is_file():
        with (
            suppress(KnowledgeBaseError, sqlite3.DatabaseError),
            closing(SqliteStore.open_as_it_is(database)) as store,
        ):
            found += erased_records(store)
    return found


def _unpack(path: Path, manifest: Manifest, unpacked: Path) -> None:
    with BackupFile(path) as backup:
        for member in manifest.members:
            target = unpacked / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            backup.unpack(member.name, target)


def _brought_up_to_date(
    settings: Settings, erased: Sequence[Withdrawal]
) -> tuple[int, list[Finding]]:
    """Ends all sessions, those that were ended since too, and erases what was erased.

    Returns the count of what was erased, and findings about what is left.
    """
    count, findings = 0, []
    with closing(KnowledgeBase.open(settings)) as base:
        base.accounts.end_all_sessions()
        for withdrawal, record_id in base.back_again(erased):
            try:
                base.erase(withdrawal.kind, record_id, by=withdrawal.by)
                count += 1
            except KnowledgeBaseError as error:
                findings.append(
                    Finding(
                        "erased",
                        f"the {withdrawal.kind} {record_id!r} was erased since, and is here again "
                        f"({error})",
                        "Erase it on its page.",
                    )
                )
    return count, findings


def _as_before(folder: Path, unpacked: Path) -> None:
    """Gives what was unpacked to the owner of the folder, and the database its former mode."""
    if (folder / DATABASE_FILE).exists():
        shutil.copymode(folder / DATABASE_FILE, unpacked / DATABASE_FILE)
    owner = folder.stat()
    for path in unpacked.rglob("*"):
        status = path.stat()
        if (status.st_uid, status.st_gid) != (owner.st_uid, owner.st_gid):
            with suppress(PermissionError):
                os.chown(path, owner.st_uid, owner.st_gid)


def _exchange(folder: Path, unpacked: Path) -> Path | None:
    """Puts aside what is in the folder, and what was unpacked in its place.

    The database goes first and comes last: whatever is interrupted, half a base is none.
    """
    former = [
        path for path in folder.iterdir() if path != unpacked and not path.name.startswith(ASIDE)
    ]
    aside = None
    if former:
        aside = folder / f"{ASIDE}{datetime.now(UTC):%Y-%m-%dT%H%M%S}"
        aside.mkdir(mode=0o700)
    for path in sorted(former, key=_database_last, reverse=True):
        path.rename(aside / path.name if aside else path)
    for path in sorted(unpacked.iterdir(), key=_database_last):
        path.rename(folder / path.name)
    sync_folder(folder)
    return aside


def _database_last(path: Path) -> bool:
    return path.name == DATABASE_FILE
