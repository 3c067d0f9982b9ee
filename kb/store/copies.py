"""Copies of the database file, made while it is in use.

A copy is read in one transaction: it is of one state of the base, no writer waits for it, and none
makes it begin again. A copy is made before each migration, for whoever wants the former version of
the program back.
"""

import logging
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from kb.store import migrations
from kb.whole_file import replacing

logger = logging.getLogger(__name__)

PAGES_AT_ONCE = 1_000
"""Count of pages, of 4 KiB as a rule, that are copied before other threads have their turn."""

COPIES_KEPT = 2
"""Count of the latest copies made before a migration that are kept."""

OnCopied = Callable[[int, int], None]
"""Called with how many pages are still to be copied, and of how many, after each step.

Of rows, nobody knows how many there are: these are minus those that were copied, and 0.
"""


def copy_database(
    source: sqlite3.Connection, target: Path, on_copied: OnCopied | None = None
) -> None:
    """Writes the state of a database, which is not in a transaction, to a new file, and syncs it.

    The file has no companions: its journal mode is `delete`.

    Raises:
        sqlite3.DatabaseError: the source cannot be read, or the target not be written.
    """
    source.execute("begin")
    try:
        # A transaction begins with its first read. SQLite then copies the state it sees.
        migrations.version_of(source)
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            source.backup(
                copy,
                pages=PAGES_AT_ONCE,
                progress=lambda _, *pages: on_copied(*pages) if on_copied else None,
            )
            copy.execute("pragma journal_mode = delete")
    finally:
        source.rollback()
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def keep_before_migration(source: sqlite3.Connection, path: Path) -> None:
    """Copies the database at `path`, of an earlier schema, to a file beside it."""
    kept = path.with_name(f"{path.stem}.before-schema-{migrations.SCHEMA_VERSION}{path.suffix}")
    with replacing(kept) as pending:
        pending.touch(mode=0o600)  # what is kept of a killed process, too, is for nobody else
        copy_database(source, pending)
        shutil.copymode(path, pending)
    logger.warning(
        "%s is changed for this version of the program; a copy of it as it was is kept in %s",
        path,
        kept.name,
    )
    for former in kept_copies(path)[:-COPIES_KEPT]:
        former.unlink(missing_ok=True)


def kept_copies(path: Path) -> Sequence[Path]:
    """The copies of the database at `path` that were made before migrations, earliest first."""
    name = re.compile(rf"{re.escape(path.stem)}\.before-schema-(\d+){re.escape(path.suffix)}")
    found = {other: name.fullmatch(other.name) for other in path.parent.iterdir()}
    numbered = {other: int(match[1]) for other, match in found.items() if match}
    return sorted(numbered, key=numbered.__getitem__)
