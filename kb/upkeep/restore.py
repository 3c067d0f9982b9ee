"""The way back: a base as it was when a backup was made."""

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kb.address import ASIDE, DATABASE_FILE, Place
from kb.errors import FileError, KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.registers.records.versions import Withdrawal, erased_records
from kb.settings import Settings
from kb.store.pool import open_store, schema_at, store_as_it_is
from kb.upkeep.backup import BackupFile, Manifest
from kb.upkeep.base_copy import copy_base
from kb.upkeep.check import Finding, check_base
from kb.whole_file import SCRATCH, delete_abandoned, scratch_folder, sync_folder


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored base: what the backup was, what was erased again, and what a check found."""

    manifest: Manifest
    erased_again: int
    findings: Sequence[Finding]
    aside: str


def restore(
    path: Path, settings: Settings, *, replace: bool = False, erased_from: Place | None = None
) -> Restored:
    """Brings a backup back to the folder, or the database, once all of it is found to be whole."""
    folder = settings.folder
    with BackupFile(path) as backup:
        backup.verify()
        unpacked_bytes = backup.unpacked_bytes
    try:
        delete_abandoned(folder)
        there = _refuse_what_is_there(settings, replace)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_in_use(folder)
        if shutil.disk_usage(folder).free < 2 * unpacked_bytes:
            raise FileError(
                f"{folder} needs {2 * unpacked_bytes // 1_000_000} MB on its disk: make room. "
                "Nothing was changed."
            )
        erased = _erased(settings, there, erased_from)
        with scratch_folder(folder) as unpacked:
            with BackupFile(path) as source:
                source.unpack(unpacked)
            base = settings.model_copy(update={"kb": unpacked, "read_url": None})
            again, findings = _brought_up_to_date(base, erased)
            findings += check_base(base)
            if settings.database is None:
                _as_before(folder, unpacked)
                _refuse_in_use(folder)
                aside = _exchange(folder, unpacked)
            else:
                copy_base(base, settings, replace=replace)
                with closing(open_store(settings.database)) as store:
                    aside = store.bases_aside()[-1] if there else ""
    except OSError as error:
        raise FileError(f"{folder} cannot be written: {error.strerror}.") from None
    return Restored(backup.manifest, again, findings, aside)


def _refuse_what_is_there(settings: Settings, replace: bool) -> bool:
    """Refuses a place that is not empty, unless that is to be replaced; returns whether it is."""
    if settings.database:
        there = schema_at(settings.database) > 0
    else:
        there = settings.folder.exists() and any(settings.folder.iterdir())
    if there and not replace:
        raise FileError(
            f"{settings.kb} is not empty: name another with --kb, or say --replace to put what is "
            "in it aside."
        )
    return there


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
            if error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise KnowledgeBaseError(
                    f"{folder} is in use: stop the server and its worker first."
                ) from None


def _erased(settings: Settings, there: bool, erased_from: Place | None) -> Sequence[Withdrawal]:
    """What was erased in the base that is there, as far as it can be read, and in another."""
    found: list[Withdrawal] = []
    if erased_from:
        other = settings.model_copy(update={"kb": erased_from})
        with closing(open_store(other.store)) as store:
            found += erased_records(store)
    places: list[Place] = [settings.database] if settings.database and there else []
    if settings.database is None:
        folders = [settings.folder, *settings.folder.glob(f"{ASIDE}*")]
        places += (path for folder in folders if (path := folder / DATABASE_FILE).is_file())
    for place in places:
        with (
            suppress(KnowledgeBaseError, sqlite3.DatabaseError),
            closing(store_as_it_is(place)) as store,
        ):
            found += erased_records(store)
    return found


def _brought_up_to_date(
    settings: Settings, erased: Sequence[Withdrawal]
) -> tuple[int, list[Finding]]:
    """Ends all sessions, those that were ended since too, and erases what was erased."""
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


def _exchange(folder: Path, unpacked: Path) -> str:
    """Puts aside what is in the folder, and what was unpacked in its place; returns where to."""
    former = [path for path in folder.iterdir() if not path.name.startswith((ASIDE, SCRATCH))]
    aside = folder / f"{ASIDE}{datetime.now(UTC):%Y-%m-%dT%H%M%S.%f}"
    if former:
        aside.mkdir(mode=0o700)
        for path in sorted(former, key=lambda path: path.name != DATABASE_FILE):
            path.rename(aside / path.name)
    for path in sorted(unpacked.iterdir(), key=lambda path: path.name == DATABASE_FILE):
        path.rename(folder / path.name)
    sync_folder(folder)
    return str(aside) if former else ""
