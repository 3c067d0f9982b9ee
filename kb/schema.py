"""The database's tables, as numbered migrations.

Each migration is a function that takes the database from the version before to its own; the
version is SQLite's `user_version`. Each runs in one transaction together with its number, so
that a base is always of one version. Published migrations are never edited.
"""

import sqlite3
from collections.abc import Callable

from sqlite_utils import Database

from kb.errors import SchemaTooNew

APPLICATION_ID = 0x51534146
"""SQLite's `application_id` of a knowledge base: "QSAF"."""


def _first_tables(db: Database) -> None:
    db.table("actors").create(
        {
            "id": str,
            "name": str,
            "description": str,
            "place": str,
            "department": str,
            "country": str,
            "activity_code": str,
            "siret": str,
            "website": str,
            "lang": str,
            "themes": str,
            "source_url": str,
            "facts": str,
            "updated_at": str,
        },
        pk="id",
        not_null={"id", "name"},
    )
    db.table("actors").create_index(["department"])
    db.table("actors").create_index(["siret"])
    db.table("cases").create(
        {
            "id": str,
            "title": str,
            "text": str,
            "lang": str,
            "date": str,
            "modified": str,
            "author": str,
            "moderator": str,
            "themes": str,
            "need": str,
            "source_url": str,
            "translation_of": str,
            "updated_at": str,
        },
        pk="id",
        not_null={"id", "title"},
    )
    db.table("cases").create_index(["translation_of"])
    # actor_id is no foreign key: a case may name an actor whose directory comes later.
    db.table("participations").create(
        {
            "case_id": str,
            "position": int,
            "actor_id": str,
            "name": str,
            "role": str,
            "contribution": str,
            "source_url": str,
        },
        pk=("case_id", "position"),
        foreign_keys=[("case_id", "cases", "id")],
    )
    db.table("participations").create_index(["actor_id"])
    # What actors and cases are filtered by, folded for comparison.
    db.table("themes").create(
        {"kind": str, "record_id": str, "key": str, "name": str},
        pk=("kind", "record_id", "key"),
    )
    db.table("themes").create_index(["key"])
    # What an actor is called, folded, for exact names.
    db.table("names").create({"key": str, "actor_id": str}, pk=("key", "actor_id"))
    db.table("documents").create(
        {"id": int, "kind": str, "record_id": str, "part": str, "lang": str, "text": str},
        pk="id",
        not_null={"kind", "record_id", "part", "text"},
    )
    db.table("documents").create_index(["kind", "record_id", "part"], unique=True)
    # A passage's id is made from what it says and where (see kb.store.passage_id).
    db.table("passages").create(
        {"id": int, "document_id": int, "start": int, "end": int, "text_hash": str},
        pk="id",
        not_null={"document_id", "start", "end"},
        foreign_keys=[("document_id", "documents", "id")],
    )
    db.table("passages").create_index(["document_id"])
    db.table("passages").create_index(["text_hash"])
    db.table("embeddings").create(
        {"text_hash": str, "encoder": str, "vector": bytes}, pk=("text_hash", "encoder")
    )
    # Not contentless: FTS5 does not take what is deleted there out of BM25's statistics.
    db.execute(
        """
        create virtual table passage_words using fts5(
            words, tokenize="unicode61 remove_diacritics 0"
        )
        """
    )
    db.table("properties").create({"name": str, "value": str}, pk="name")


MIGRATIONS: tuple[Callable[[Database], None], ...] = (_first_tables,)
SCHEMA_VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def migrate(db: Database) -> None:
    """Brings the database to the version of this program; does nothing if it is there.

    Raises:
        SchemaTooNew: the database was written by a later version.
    """
    version = version_of(db.conn)
    if version > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"The knowledge base has schema {version}; this program knows {SCHEMA_VERSION} at "
            "most. Use the version that wrote it, or a later one."
        )
    for number in range(version + 1, SCHEMA_VERSION + 1):
        with db.conn:
            db.conn.execute("begin immediate")
            if version_of(db.conn) >= number:  # another process was faster
                continue
            MIGRATIONS[number - 1](db)
            db.conn.execute(f"pragma application_id = {APPLICATION_ID}")
            db.conn.execute(f"pragma user_version = {number}")
