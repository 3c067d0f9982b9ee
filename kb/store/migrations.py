"""The tables of a base: `schema.sql`, and numbered migrations after it, for both engines."""

import logging
import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from kb.errors import SchemaTooNew, SchemaTooOld
from kb.whole_file import replacing

_log = logging.getLogger(__name__)
APPLICATION_ID = 0x51534146  # SQLite's `application_id` of a knowledge base: "QSAF"
FILE_VERSION = 32  # the version of `schema.sql`


class Migration(NamedTuple):
    """The SQL that makes a version of the one before, and what one engine alone needs."""

    both: Sequence[str]
    sqlite: Sequence[str] = ()
    postgres: Sequence[str] = ()


MIGRATIONS: Mapping[int, Migration] = {
    31: Migration(
        both=(
            *(
                f"drop table if exists {table}"
                for table in (
                    "place_words side_passage_words side_passages side_documents"
                    " rebuild_waiting embeddings_ahead"
                ).split()
            ),
            "delete from properties where name in ('rebuild', 'rebuilt names')",
            "delete from jobs where part_of != ''",
            "alter table jobs drop column part_of",
            "alter table embeddings add column trades blob",
            "alter table embeddings add column trades_by text",
        ),
        sqlite=(
            *(
                f"drop trigger if exists rebuild_waiting_{kind}_{event}"
                for kind in ("actor", "case")
                for event in ("insert", "update", "delete")
            ),
            "drop trigger if exists rebuild_waiting_embeddings",
        ),
        postgres=(
            "do $$ declare near text; begin"
            " for near in select indexrelid::regclass::text from pg_index"
            " join pg_class c on c.oid = indexrelid join pg_am a on a.oid = c.relam"
            " where indrelid = 'embeddings'::regclass and amname = 'hnsw'"
            " loop execute 'drop index ' || near; end loop; end $$",
            "drop function if exists wait_for_rebuild() cascade",
            "drop function if exists keep_for_rebuild() cascade",
        ),
    ),
    32: Migration(
        both=(
            "drop index idx_contact_list_members_account",
            "alter table contact_lists rename to dossiers",
            "alter table dossiers rename column name to title",
            *(
                f"alter table dossiers add column {column} text not null default ''"
                for column in ("need", "quantity", "place", "until", "reader", "writer")
            ),
            "alter table contact_list_members rename to dossier_members",
            "alter table dossier_members rename column list_id to dossier_id",
            "alter table dossier_members drop column takes_picks",
            "create index idx_dossier_members_account on dossier_members (account)",
            "alter table contact_list_entries rename to dossier_entries",
            "alter table dossier_entries rename column list_id to dossier_id",
            "alter table dossier_entries add column why text not null default '{}'",
            "alter table dossier_entries add column signed text not null default ''",
            "alter table accounts add column confirmed text not null default ''",
            "alter table outbox add column reply_to text not null default ''",
            "update dossiers set need = coalesce((select need from dossier_entries"
            " where dossier_id = dossiers.id and need != '' order by position limit 1), '')",
        )
    ),
}
"""By the version that each makes."""

FIRST_VERSION = min(MIGRATIONS) - 1  # the earliest version that is migrated
SCHEMA_VERSION = max(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def schema_script() -> str:
    return (files("kb.store") / "schema.sql").read_text(encoding="utf-8")


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the database to the version of this program; does nothing if it is there."""
    if version_of(connection) == SCHEMA_VERSION:
        return
    refuse_other(version_of(connection), SCHEMA_VERSION)
    with connection:
        connection.execute("begin immediate")
        version = version_of(connection)  # another process may have been faster
        statements = [] if version else schema_script().split(";\n")
        for migration in later_than(version):
            statements += [*migration.both, *migration.sqlite]
        for statement in statements:
            connection.execute(statement)  # not `executescript`, which would end the transaction
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
        connection.execute(f"pragma user_version = {SCHEMA_VERSION}")


def later_than(version: int) -> Sequence[Migration]:
    """The migrations that a base of a version has yet to see; 0 is one whose tables are new."""
    return [
        MIGRATIONS[number] for number in sorted(MIGRATIONS) if number > (version or FILE_VERSION)
    ]


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


def copy_file(source: sqlite3.Connection, target: Path) -> None:
    """Writes one state of a database, which may be in use, to a new file, and syncs it."""
    source.execute("vacuum into ?", [str(target)])
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def keep_before_migration(source: sqlite3.Connection, path: Path) -> None:
    """Copies the database at `path`, of an earlier schema, to a file beside it; one is kept."""
    former = [*path.parent.glob(f"{path.stem}.before-schema-*{path.suffix}")]
    kept = path.with_name(f"{path.stem}.before-schema-{SCHEMA_VERSION}{path.suffix}")
    with replacing(kept) as pending:
        copy_file(source, pending)
        shutil.copymode(path, pending)
    said = "%s is changed for this version of the program; a copy of it as it was is kept in %s"
    _log.warning(said, path, kept.name)
    for other in former:
        if other != kept:
            other.unlink(missing_ok=True)
