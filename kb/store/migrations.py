"""The database's tables: `schema.sql`, and numbered migrations after it.

Each migration is a function that takes the database from the version before to its own; the
version is SQLite's `user_version`. Each runs in one transaction together with its number, so
that a base is always of one version. Published migrations are never edited.
"""

import sqlite3
from collections.abc import Callable
from importlib.resources import files

from sqlite_utils import Database

from kb.errors import SchemaTooNew, SchemaTooOld

APPLICATION_ID = 0x51534146
"""SQLite's `application_id` of a knowledge base: "QSAF"."""

FIRST_VERSION = 29
"""The version of `schema.sql`."""


def _first_tables(db: Database) -> None:
    script = (files("kb.store") / "schema.sql").read_text(encoding="utf-8")
    for statement in script.split(";\n"):
        db.execute(statement)  # not `executescript`, which would end the transaction


def _addresses_of_accounts(db: Database) -> None:
    # Where the link for a forgotten password is sent. Mails are answered to the site alone.
    db.table("accounts").add_column("email", str, not_null_default="")
    db.execute("alter table outbox drop column reply_to")


def _trades_of_embeddings(db: Database) -> None:
    # Where a passage would be filed among trades takes long to find out (`kb.search.trades`).
    db.table("embeddings").add_column("trades", bytes)
    db.table("embeddings").add_column("trades_by", str)


MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    _addresses_of_accounts,
    _trades_of_embeddings,
)
"""After `FIRST_VERSION`."""

SCHEMA_VERSION = FIRST_VERSION + len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def migrate(db: Database) -> None:
    """Brings the database to the version of this program; does nothing if it is there.

    Raises:
        SchemaTooNew: the database was written by a later version.
        SchemaTooOld: it was written by an early version, whose tables are no longer known.
    """
    version = version_of(db.conn)
    refuse_other(version, SCHEMA_VERSION)
    for number in range(max(version + 1, FIRST_VERSION), SCHEMA_VERSION + 1):
        with db.conn:
            db.conn.execute("begin immediate")
            if version_of(db.conn) >= number:  # another process was faster
                continue
            make = (_first_tables, *MIGRATIONS)[number - FIRST_VERSION]
            make(db)
            db.conn.execute(f"pragma application_id = {APPLICATION_ID}")
            db.conn.execute(f"pragma user_version = {number}")


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
