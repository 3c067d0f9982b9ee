"""The tables in PostgreSQL: those of `kb.store.migrations`, with the same numbers."""

import re
from importlib.resources import files
from typing import Any

import psycopg

from kb.errors import NotAKnowledgeBase
from kb.store import migrations
from kb.store.postgres.statements import definitions

LOCK = "select pg_advisory_xact_lock(x'51534146'::int, hashtext(current_schema()))"
"""Waits until no other process writes in this schema, and keeps others from it (`"QSAF"`)."""


def version_of(connection: "psycopg.Connection[Any]") -> int:
    """The version of the tables in the current schema; 0 if there are none."""
    # Schemas behind it on the search path may have tables of another base.
    there = connection.execute(
        "select to_regclass(quote_ident(current_schema()) || '.quisait_schema')"
    ).fetchone()
    if there is None or there[0] is None:
        return 0
    row = connection.execute("select number from quisait_schema").fetchone()
    return int(row[0]) if row else 0


def migrate(connection: "psycopg.Connection[Any]", called: str, *, create: bool) -> None:
    """Brings the tables to the version of this program; does nothing if they are there."""
    version = version_of(connection)
    migrations.refuse_other(version, migrations.SCHEMA_VERSION)
    if version == migrations.SCHEMA_VERSION:
        return
    if version == 0 and not create:
        raise no_base(called)
    with connection.transaction():
        connection.execute(LOCK)
        version = version_of(connection)  # another process may have been faster
        if version == migrations.SCHEMA_VERSION:
            return
        connection.execute(_script("functions.sql"))
        if not version:
            _make(connection, called)
        for migration in migrations.later_than(version):
            for statement in (*map(definitions, migration.both), *migration.postgres):
                connection.execute(statement.encode())
        connection.execute("update quisait_schema set number = %s", [migrations.SCHEMA_VERSION])


def move(connection: "psycopg.Connection[Any]", schema: str) -> None:
    """Moves the tables of a base, of whatever version, and its functions to another schema."""
    functions = re.findall(rb"create or replace function (\w+)", _script("functions.sql"))
    moves = connection.execute(
        "select format('alter table %%s set schema %%I', oid::regclass, %(schema)s::text)"
        " from pg_class c where relnamespace = current_schema()::regnamespace and relkind = 'r'"
        " and not exists (select from pg_depend where objid = c.oid and deptype = 'e')"
        " union all"
        " select format('alter function %%s set schema %%I', oid::regprocedure, %(schema)s::text)"
        " from pg_proc where pronamespace = current_schema()::regnamespace"
        " and proname = any (%(functions)s)",
        {"schema": schema, "functions": [name.decode() for name in functions]},
    ).fetchall()
    for (statement,) in moves:
        connection.execute(statement.encode())


def no_base(called: str) -> NotAKnowledgeBase:
    return NotAKnowledgeBase(
        f"{called} is not a knowledge base: it has no tables of one. "
        "Make one with `quisait ingest`, or name another with --kb."
    )


def _make(connection: "psycopg.Connection[Any]", called: str) -> None:
    others = connection.execute(
        "select tablename from pg_tables where schemaname = current_schema() limit 1"
    ).fetchone()
    if others:
        raise NotAKnowledgeBase(
            f"{called} holds something else ({others[0]}): name an empty database, or a schema "
            "of its own with ?schema=NAME."
        )
    connection.execute(definitions(migrations.schema_script()).encode())
    connection.execute(_script("tables.sql"))


def _script(name: str) -> bytes:
    return (files("kb.store.postgres") / name).read_bytes()
