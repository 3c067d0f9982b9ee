"""The store in PostgreSQL; only `vacuum full` leaves no byte of what was deleted."""

import time
from collections.abc import Callable, Sequence

from psycopg.errors import LockNotAvailable

from kb.address import ASIDE
from kb.errors import NotYetScrubbed
from kb.store import database
from kb.store.postgres.connection import SCHEMA_CHARS, PostgresConnection
from kb.store.postgres.passages import PostgresPassages
from kb.store.store import TO_SCRUB, Store

SNAPSHOTS_END_IN_S = 30.0  # how long transactions that began before are waited for
QUEUES_MS = 1_000  # queued for a table at a time: later readers wait behind
LOOK_EVERY_S = 0.05

_OLDER_SNAPSHOTS = """
select exists (
  select from pg_stat_activity where pid != pg_backend_pid()
    and coalesce(datname, current_database()) = current_database()
    and greatest(age(backend_xmin), age(backend_xid)) >= age(:began::xid8::xid)
) or exists (
  select from pg_replication_slots where age(xmin) >= age(:began::xid8::xid)
) or exists (
  select from pg_prepared_xacts where database = current_database()
    and age(transaction) >= age(:began::xid8::xid)
)
"""

_FILLED_TABLES = """
select oid::regclass::text from pg_class
where relnamespace = current_schema()::regnamespace and relkind = 'r'
  and (pg_relation_size(oid) + coalesce(pg_relation_size(nullif(reltoastrelid, 0)), 0) > 0
  or exists (select from pg_index where indrelid = oid and pg_relation_size(indexrelid) > 8192)
)
order by 1
"""
"""Those whose files have pages, with rows or without: an index begins with one of its own."""

_STATISTICS_OF_CONTENTS = """
select quote_ident(tablename), quote_ident(attname),
  udt_name || coalesce(' collate ' || quote_ident(collation_name), '')
from pg_stats join information_schema.columns
  on (schemaname, tablename, attname) = (table_schema, table_name, column_name)
where schemaname = current_schema() and udt_name in ('text', 'bytea', 'halfvec')
order by 1, 2
"""


class PostgresStore(PostgresPassages, Store):
    def bases_aside(self) -> Sequence[str]:
        rows = self.execute(
            "select nspname from pg_namespace"
            " where starts_with(nspname, ? || left(current_schema(), ?) || '-') order by nspname",
            [ASIDE, SCHEMA_CHARS],
        )
        return [f"the schema {name} of {self.called}" for (name,) in rows.fetchall()]

    def scrub(self) -> None:
        with self.writing():
            self.drop_unused_embeddings()
            mark = self.property(TO_SCRUB)
            ((began,),) = self.execute("select pg_current_xact_id()::text").fetchall()
        if not rewrite(self, began):
            raise NotYetScrubbed
        self._note_scrubbed(mark)


def rewrite(store: PostgresConnection, began: str) -> bool:
    """Rewrites all tables, after a transaction with the id `began`."""
    if not _within(SNAPSHOTS_END_IN_S, lambda: not _yes(store, _OLDER_SNAPSHOTS, began=began)):
        return False
    tables = [table for (table,) in store.execute(_FILLED_TABLES).fetchall()]
    # `analyze` replaces what the server knew of values that are gone, but not for tables without
    # rows. Only who owns the database may rewrite where it stood.
    statistics = [
        f"alter table {table} alter {column} type {its_type}"
        for table, column, its_type in store.execute(_STATISTICS_OF_CONTENTS).fetchall()
        if not _yes(store, f"select exists (select from {table})")  # noqa: S608 (our tables)
    ]
    full = [f"vacuum (full, analyze) {table}" for table in tables]
    statements = (*full, *statistics, "vacuum full pg_statistic")
    try:
        is_done = all(_alone(store, statement) for statement in statements)
    finally:
        store.execute("reset lock_timeout")
    for table in tables:
        # Which pages all may see, so that an index alone answers.
        store.execute(f"vacuum {table}")
    return is_done


def _alone(store: PostgresConnection, statement: str) -> bool:
    """Runs a statement that needs a table for itself; returns whether it had it."""
    store.execute(f"set lock_timeout = {QUEUES_MS}")

    def has_run() -> bool:
        try:
            store.execute(statement)
        except LockNotAvailable:
            return False
        return True

    return _within(database.BUSY_TIMEOUT_S, has_run)


def _yes(store: PostgresConnection, question: str, **values: object) -> bool:
    row = store.execute(question, values).fetchone()
    return bool(row and row[0])


def _within(most_s: float, is_done: Callable[[], bool]) -> bool:
    """Returns whether something is done within a time, while it is tried again and again."""
    until = time.monotonic() + most_s
    while not is_done():
        if time.monotonic() >= until:
            return False
        time.sleep(LOOK_EVERY_S)
    return True
