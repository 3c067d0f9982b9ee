"""Files and folders that are made ready under another name, and come out whole or not at all."""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

SCRATCH = ".quisait-"
"""Begins the names of scratch folders, and of links to them."""

_BEGINNINGS = (SCRATCH, ".restoring-", ".copying-")
"""Those of earlier versions of this program among them."""

_log = logging.getLogger(__name__)

_LOCK = "lock"
"""The file in a scratch folder that is locked by who works in it."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to; what is there replaces `path` if nothing raised, and goes in any case."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(path.parent, path.parent) as scratch:
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
def scratch_folder(inside: Path, base: Path) -> Iterator[Path]:
    """Makes a folder in another, for its owner alone, in which something of a base is made ready.

    It goes at the end. If this process is killed before, `delete_abandoned` deletes it, also of the
    folder of that base: a link there leads to it.
    """
    for folder in {inside, base}:
        delete_abandoned(folder)
    with ExitStack() as last:
        home = _locked_folder(inside, last)
        if base != inside:
            link = base / home.name
            with suppress(OSError):  # it cannot be written
                base.mkdir(mode=0o700, parents=True, exist_ok=True)  # of a base in PostgreSQL
                link.symlink_to(home.absolute())
                last.callback(link.unlink, missing_ok=True)
        ready = home / "ready"
        ready.mkdir(mode=0o700)
        yield ready


def _locked_folder(inside: Path, last: ExitStack) -> Path:
    """Makes a folder, locked until `last`, which deletes it."""
    while True:
        home = Path(tempfile.mkdtemp(dir=inside, prefix=SCRATCH))
        with suppress(FileNotFoundError):
            lock = last.enter_context((home / _LOCK).open("a"))
            with suppress(OSError):  # this disk has no locks
                fcntl.flock(lock, fcntl.LOCK_EX)
            if (home / _LOCK).exists():
                last.callback(shutil.rmtree, home, ignore_errors=True)
                return home
        # Somebody took it for abandoned before it was locked.


def delete_abandoned(folder: Path) -> list[Path]:
    """Deletes the scratch folders in a folder, or linked there, that nobody works in any more.

    Returns those that are left.
    """
    left = []
    for path in folder.glob(".*"):
        if not path.name.startswith(_BEGINNINGS):
            continue
        try:
            home = path.resolve()
            if home.name != path.name:
                continue
            if home.is_dir():
                with (home / _LOCK).open("a") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(home)
            if path.is_symlink():
                path.unlink()
        except FileNotFoundError:
            continue  # its owner has deleted it
        except OSError:
            left.append(path.resolve())
    return sorted(left)


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Waits until no other thread or process holds the lock of a folder, or of a file for that.

    Yields the descriptor. A process that inherits it holds the lock until it ends, too.
    """
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
