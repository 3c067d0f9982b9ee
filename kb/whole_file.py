"""Files and folders that are made ready under another name, and come out whole or not at all."""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SCRATCH = ".quisait-"  # begins the names of scratch folders
_log = logging.getLogger(__name__)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a path to write to, which replaces `path` at the end unless something raised."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(path.parent) as scratch:
        pending = scratch / path.name
        yield pending
        pending.replace(path)


def sync_folder(folder: Path) -> None:
    """Has the names of new files in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def scratch_folder(inside: Path) -> Iterator[Path]:
    """Makes a folder for its owner alone; `delete_abandoned` deletes it if this process dies."""
    delete_abandoned(inside)
    # It has its name once it is locked, so that nobody takes it for abandoned.
    made = Path(tempfile.mkdtemp(dir=inside, prefix=".making-"))
    home = inside / made.name.replace(".making-", SCRATCH)
    (made / "ready").mkdir(mode=0o700)
    descriptor = os.open(made, os.O_RDONLY)
    try:
        with suppress(OSError):  # this disk has no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        made.rename(home)
        yield home / "ready"
    finally:
        os.close(descriptor)
        shutil.rmtree(home, ignore_errors=True)


def delete_abandoned(folder: Path) -> list[Path]:
    """Deletes the scratch folders in a folder that nobody works in any more; returns the others."""
    left = []
    for home in sorted(folder.glob(f"{SCRATCH}*")):
        if home.is_symlink() or not home.is_dir():
            continue
        try:
            descriptor = os.open(home, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            continue  # its owner has deleted it
        except OSError:
            left.append(home.resolve())
    return left


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Waits until no other thread or process holds the lock of a folder, or of a file for that."""
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, flags, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _log.info("Waiting for another process that uses %s", path)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
