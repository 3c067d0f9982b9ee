"""The tables of a base: `schema.sql`, and numbered migrations after it, for both engines.

The version is SQLite's `user_version`, and PostgreSQL's table `quisait_schema`. Each migration runs
in one transaction together with its number, so that a base is always of one version. Published
migrations are never edited.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple

from kb.errors import SchemaTooNew, SchemaTooOld

APPLICATION_ID = 0x51534146
"""SQLite's `application_id` of a knowledge base: "QSAF"."""

SCHEMA_FILE_VERSION = 31
"""The version of `schema.sql`."""


class Migration(NamedTuple):
    """The SQL that makes a version of the one before, and what one engine alone needs."""

    both: Sequence[str]
    sqlite: Sequence[str] = ()
    postgres: Sequence[str] = ()


MIGRATIONS: Mapping[int, Migration] = {
    31: Migration(both=("drop table if exists place_words",)),
}
"""By the version that each makes."""

FIRST_VERSION = min(MIGRATIONS) - 1
"""The earliest version that is migrated."""

SCHEMA_VERSION = max(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def schema_script() -> str:
    return (files("kb.store") / "schema.sql").read_text(encoding="utf-8")


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the database to the version of this program; does nothing if it is there.

    Raises:
        SchemaTooNew: the database was written by a later version.
        SchemaTooOld: it was written by an early version, whose tables are not known.
    """
    for number in versions_to_make(version_of(connection)):
        with connection:
            connection.execute("begin immediate")
            if version_of(connection) >= number:  # another process was faster
                continue
            if number == SCHEMA_FILE_VERSION and not version_of(connection):
                statements: Sequence[str] = schema_script().split(";\n")
            else:
                statements = [*MIGRATIONS[number].both, *MIGRATIONS[number].sqlite]
            for statement in statements:
                connection.execute(
                    statement
                )  # not `executescript`, which would end the transaction
            connection.execute(f"pragma application_id = {APPLICATION_ID}")
            connection.execute(f"pragma user_version = {number}")


def versions_to_make(version: int) -> Iterator[int]:
    """The versions that a base of a version has yet to become; 0 is one without tables.

    Raises:
        SchemaTooNew, SchemaTooOld: as `migrate`.
    """
    refuse_other(version, SCHEMA_VERSION)
    yield from range(version + 1 if version else SCHEMA_FILE_VERSION, SCHEMA_VERSION + 1)


def refuse_other(version: int, known: int) -> None:
    """Raises what `migrate` raises of a base of a version; 0 is one without tables."""
    if version > known:
        raise SchemaTooNew(
            f"The knowledge base has schema {version}; this program knows {known} at "
            "most. Use the version that wrote it, or a later one."
        )
    if 0 < version < FIRST_VERSION:
        raise SchemaTooOld(
            f"The knowledge base has schema {version}; this program knows {FIRST_VERSION} at "
            "least. With the version that wrote it, run `quisait export DIR`; then ingest DIR "
            "into a new one: the catalogue goes over, but no accounts, drafts, history, alerts "
            "or sites."
        )
