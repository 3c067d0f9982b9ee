"""The tables of a base in a PostgreSQL database."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Self

from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from kb.address import PostgresAddress
from kb.errors import KnowledgeBaseError
from kb.store.copying.tables import CopiedRow, Tables, select
from kb.store.postgres.halfvec import received, sent
from kb.store.postgres.store import PostgresStore

READ_AT_ONCE = 200
"""Rows that come from the server together: pictures are rows, too."""

NOT_COPIED = ("quisait_schema", "postings", "word_totals", "kept_files")
"""Tables that come with the schema, that triggers fill, or that are files elsewhere."""

LOADING = (
    "set constraints all deferred; set local statement_timeout = 0;"
    " set local idle_in_transaction_session_timeout = 0"
)
"""Rows come in any order of tables, and may take longer than a server gives to others."""

_EMBEDDING = "halfvec"


class PostgresTables(Tables):
    """The tables at an address."""

    store: PostgresStore

    @classmethod
    @contextmanager
    def made(cls, address: PostgresAddress, *, replace: bool = False) -> Iterator[Self]:
        """Makes the tables for the block to fill, all in one transaction: there are none before.

        With `replace`, it puts those aside that are there.

        Raises:
            KnowledgeBaseError: there is a base, or the server cannot be reached or written.
            NotAKnowledgeBase: there is something else.
        """
        with closing(PostgresStore.connect_unmade(address)) as store, store.writing():
            if not store.make_tables(replace=replace):
                raise KnowledgeBaseError(
                    f"{address} holds a base already: name an empty database, or a schema of its "
                    "own with ?schema=NAME."
                )
            store.execute(LOADING)
            yield cls(store)

    def names(self) -> Sequence[str]:
        rows = self.store.execute(
            "select tablename from pg_tables where schemaname = current_schema()"
            " and tablename not in (?, ?, ?, ?)",
            NOT_COPIED,
        )
        return [row[0] for row in rows]

    def columns(self, table: str) -> Sequence[str]:
        return list(self._types(table))

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[CopiedRow]:
        types = self._types(table)
        places = [place for place, name in enumerate(columns) if types[name] == _EMBEDDING]
        statement = select(table, columns).encode()
        connection = self.store.connection
        with connection.cursor(name="copied", binary=True, row_factory=tuple_row) as cursor:
            cursor.itersize = READ_AT_ONCE
            cursor.execute(statement)
            for row in cursor:
                yield _exchanged(row, places, received) if places else row

    def put(self, table: str, columns: Sequence[str], rows: Iterable[CopiedRow]) -> None:
        types = self._types(table)
        places = [place for place, name in enumerate(columns) if types[name] == _EMBEDDING]
        into = SQL("copy {} ({}) from stdin with (format binary)").format(
            Identifier(table), SQL(", ").join(map(Identifier, columns))
        )
        with self.store.connection.cursor() as cursor, cursor.copy(into) as copy:
            copy.set_types(
                ["bytea" if types[name] == _EMBEDDING else types[name] for name in columns]
            )
            for row in rows:
                copy.write_row(_exchanged(row, places, sent) if places else row)

    def finish(self) -> None:
        self.store.execute("set constraints all immediate")
        counting = self.store.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = current_schema() and is_identity = 'YES'"
        ).fetchall()
        for table, column in counting:
            self.store.execute(
                f"select setval(pg_get_serial_sequence('{table}', '{column}'),"  # noqa: S608 (ours)
                f' coalesce(max("{column}"), 0) + 1, false) from {table}'
            )

    def _types(self, table: str) -> Mapping[str, str]:
        rows = self.store.execute(
            "select attname, typname from pg_attribute join pg_type on pg_type.oid = atttypid"
            " where attrelid = ?::regclass and attnum > 0 and not attisdropped order by attnum",
            [table],
        )
        return {row[0]: row[1] for row in rows}


def _exchanged(
    row: CopiedRow, places: Collection[int], exchange: Callable[[bytes], bytes]
) -> CopiedRow:
    """A row with other bytes in some places."""
    return tuple(
        exchange(value) if place in places and isinstance(value, bytes) else value
        for place, value in enumerate(row)
    )
