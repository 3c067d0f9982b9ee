"""A connection to the database of a knowledge base on a PostgreSQL server."""

import select
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Self

import psycopg
from psycopg import errors
from psycopg.abc import Buffer
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier
from psycopg.types.string import StrDumper

from kb.address import ASIDE, PostgresAddress
from kb.errors import KnowledgeBaseError, NoRoom, NotAKnowledgeBase, ReadOnlyKnowledgeBase
from kb.store import database
from kb.store.connection import CopiedRow, StoreConnection, Values
from kb.store.postgres import migrations
from kb.store.postgres.statements import PostgresRow, as_postgres, received, rows_by_name, sent

CONNECT_TIMEOUT_S = 10
SCHEMA_CHARS = 30  # in the name of a schema put aside, which has 63 bytes at most
_BEGIN = "begin; set local lock_timeout = '{}ms'"
READ_AT_ONCE = 200  # rows that come from the server together: pictures are rows, too
HALFVEC = "halfvec"


class _TextDumper(StrDumper):
    """Sends a string as text, and not as anything at all."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\ufffd"))


class PostgresConnection(StoreConnection):
    and_take = " for update skip locked"

    def __init__(
        self, connection: psycopg.Connection[PostgresRow], address: PostgresAddress
    ) -> None:
        super().__init__()
        self._connection, self._address = connection, address

    @classmethod
    def connect(cls, address: PostgresAddress, *, create: bool = False) -> Self:
        store = cls.connect_unmade(address, create=create)
        try:
            migrations.migrate(store._connection, store.called, create=create)
        except (psycopg.Error, KnowledgeBaseError) as error:
            store.close()
            raise (
                explained(error, address) if isinstance(error, psycopg.Error) else error
            ) from None
        return store

    @classmethod
    def connect_unmade(cls, address: PostgresAddress, *, create: bool = True) -> Self:
        """Connects to a database whose tables `make_tables` is to make in a transaction."""
        try:
            return cls(_connected(address, create=create), address)
        except psycopg.Error as error:
            raise explained(error, address) from None

    def make_tables(self, *, replace: bool) -> bool:
        """Makes the tables; returns whether there were none. Called in a transaction."""
        if migrations.version_of(self._connection):
            if not replace:
                return False
            row = self.execute("select left(current_schema(), ?)", [SCHEMA_CHARS]).fetchone()
            name = f"{ASIDE}{row and row[0]}-{datetime.now(UTC):%Y-%m-%dT%H%M%S}"
            self._connection.execute(SQL("create schema {}").format(Identifier(name)))
            migrations.move(self._connection, name)
        migrations.migrate(self._connection, self.called, create=True)
        return True

    @property
    def called(self) -> str:
        return str(self._address)

    def execute(self, sql: str, values: Values = (), /) -> psycopg.Cursor[PostgresRow]:
        return self._connection.execute(as_postgres(sql).encode(), values)

    def executemany(self, sql: str, rows: Iterable[Values], /) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(as_postgres(sql).encode(), rows)

    def run(self, sql: str, values: Collection[Any], **named: object) -> Sequence[PostgresRow]:
        if not values and "from :values" in sql:
            return []  # of no values, nothing tells their type
        named = {name: _listed(value) for name, value in named.items()}
        found = self.execute(sql, {"values": list(values), **named})
        return found.fetchall() if found.description else []

    def primary_key(self, table: str) -> Sequence[str]:
        rows = self.execute(
            "select attname from pg_index join pg_attribute on attrelid = indrelid"
            " and attnum = any (indkey) where indrelid = ?::regclass and indisprimary"
            " order by array_position(indkey::int2[], attnum)",
            [table],
        )
        return [row[0] for row in rows]

    def tables(self) -> Sequence[str]:
        rows = self.execute(
            "select tablename from pg_tables where schemaname = current_schema()"
            " and tablename not in ('quisait_schema', 'postings', 'word_totals', 'kept_files')"
        )
        return [row[0] for row in rows]

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[CopiedRow]:
        types = self._types(table)
        listed = SQL(", ").join(
            SQL("halfvec_send({})" if types[name] == HALFVEC else "{}").format(Identifier(name))
            for name in columns
        )
        places = [place for place, name in enumerate(columns) if types[name] == HALFVEC]
        with self._connection.cursor(name="copied", row_factory=tuple_row) as cursor:
            cursor.itersize = READ_AT_ONCE
            cursor.execute(SQL("select {} from {}").format(listed, Identifier(table)))
            for row in cursor:
                yield _exchanged(row, places, received)

    def put_rows(self, table: str, columns: Sequence[str], rows: Iterable[CopiedRow]) -> None:
        types = self._types(table)
        places = [place for place, name in enumerate(columns) if types[name] == HALFVEC]
        into = SQL("copy {} ({}) from stdin with (format binary)").format(
            Identifier(table), SQL(", ").join(map(Identifier, columns))
        )
        with self._connection.cursor() as cursor, cursor.copy(into) as copy:
            copy.set_types(["bytea" if types[n] == HALFVEC else types[n] for n in columns])
            for row in rows:
                copy.write_row(_exchanged(row, places, sent))

    def count_on(self) -> None:
        """Has new rows count on from the last that were put."""
        counting = self.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = current_schema() and is_identity = 'YES'"
        ).fetchall()
        for table, column in counting:
            self.execute(
                f"select setval(pg_get_serial_sequence('{table}', '{column}'),"  # noqa: S608 (ours)
                f' coalesce(max("{column}"), 0) + 1, false) from {table}'
            )

    def _types(self, table: str) -> Mapping[str, str]:
        rows = self.execute(
            "select attname, typname from pg_attribute join pg_type on pg_type.oid = atttypid"
            " where attrelid = ?::regclass and attnum > 0 and not attisdropped order by attnum",
            [table],
        )
        return {row[0]: row[1] for row in rows}

    @contextmanager
    def reading(self) -> Iterator[None]:
        if self._in_transaction:
            yield
            return
        self._connection.execute("begin isolation level repeatable read read only")
        try:
            yield
        finally:
            if not self._connection.closed:
                self._connection.rollback()

    @contextmanager
    def writing(self, *, waits: bool = True) -> Iterator[None]:
        with self._transaction(f"{_BEGIN}; {migrations.LOCK}", waits=waits):
            yield

    @contextmanager
    def writing_rows(self) -> Iterator[None]:
        with self._transaction(_BEGIN):
            yield

    @contextmanager
    def _transaction(self, begin: str, *, waits: bool = True) -> Iterator[None]:
        if self._in_transaction:
            raise psycopg.ProgrammingError("a transaction within a transaction")
        try:
            try:
                # Where this fails, the transaction is open already.
                most_ms = round(database.BUSY_TIMEOUT_S * 1000) if waits else 1
                self._connection.execute(begin.format(most_ms).encode())
                yield
                self._connection.commit()
            except BaseException:
                if not self._connection.closed:
                    self._connection.rollback()
                raise
        except psycopg.Error as error:
            if known := self.explained(error):
                raise known from None
            raise

    @property
    def _in_transaction(self) -> bool:
        return self._connection.info.transaction_status != TransactionStatus.IDLE

    @property
    def is_writable(self) -> bool:
        row = self.execute("select current_setting('transaction_read_only')").fetchone()
        return row is not None and row[0] == "off"

    def size_bytes(self) -> int:
        row = self.execute(
            "select cast(sum(pg_total_relation_size(oid)) as bigint) from pg_class"
            " where relnamespace = current_schema()::regnamespace and relkind = 'r'"
        ).fetchone()
        return int(row[0] or 0) if row else 0

    def outlived(self) -> bool:
        if self._connection.closed or self._connection.broken:
            return True
        # A server says nothing to who asks nothing, unless it goes.
        poll = select.poll()
        poll.register(self._connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def explained(self, error: Exception) -> KnowledgeBaseError | None:
        if isinstance(error, psycopg.ProgrammingError | psycopg.InterfaceError) and not isinstance(
            error, errors.InsufficientPrivilege
        ):
            return None
        return explained(error, self._address) if isinstance(error, psycopg.Error) else None

    def damaged(self, error: Exception) -> KnowledgeBaseError:
        return NotAKnowledgeBase(
            f"{self.called} holds what makes no sense ({error}): restore a copy, or ingest again."
        )

    def close(self) -> None:
        self._connection.close()


def explained(error: psycopg.Error, address: PostgresAddress) -> KnowledgeBaseError:
    said = (error.diag.message_primary or str(error)).strip()
    problem = " ".join(said.split()).rstrip(".")
    if isinstance(error, errors.LockNotAvailable):
        waited = f"{database.BUSY_TIMEOUT_S:.0f} s"
        return KnowledgeBaseError(
            f"{address} has been locked by another process for {waited}; try again."
        )
    if isinstance(error, errors.DiskFull):
        return NoRoom(f"{address}: the disk is full; nothing was changed.")
    if isinstance(error, errors.ReadOnlySqlTransaction | errors.InsufficientPrivilege):
        return ReadOnlyKnowledgeBase(f"{address} cannot be written: {problem}.")
    if isinstance(error, errors.ProgramLimitExceeded):
        return KnowledgeBaseError(
            f"{address}: a text is too long to be found by ({problem}): shorten it."
        )
    if isinstance(error, errors.InvalidCatalogName):
        return NotAKnowledgeBase(f"{address} is not there: {problem}.")
    return KnowledgeBaseError(f"{address}: {problem}.")


def version_at(address: PostgresAddress) -> int:
    try:
        with _connected(address, create=False) as connection:
            return migrations.version_of(connection)
    except NotAKnowledgeBase:
        return 0
    except psycopg.Error as error:
        raise explained(error, address) from None


def _connected(address: PostgresAddress, *, create: bool) -> psycopg.Connection[PostgresRow]:
    url = make_conninfo(
        address.url, connect_timeout=CONNECT_TIMEOUT_S, fallback_application_name="quisait"
    )
    connection = psycopg.connect(url, autocommit=True, row_factory=rows_by_name)
    connection.adapters.register_dumper(str, _TextDumper)
    if not address.schema:
        return connection
    try:
        schema = Identifier(address.schema)
        if create:
            connection.execute(SQL("create schema if not exists {}").format(schema))
        # What pgvector is in stands behind it.
        connection.execute(SQL("set search_path to {}, public").format(schema))
        current = connection.execute("select current_schema()").fetchone()
        if current is None or current[0] != address.schema:
            # Else the tables of another base, in `public`, would be taken for those.
            raise migrations.no_base(str(address))  # noqa: TRY301
    except BaseException:
        connection.close()
        raise
    return connection


def _exchanged(
    row: CopiedRow, places: Collection[int], exchange: Callable[[bytes], bytes]
) -> CopiedRow:
    if not places:
        return row
    return tuple(
        exchange(value) if place in places and isinstance(value, bytes) else value
        for place, value in enumerate(row)
    )


def _listed(value: object) -> object:
    is_list = isinstance(value, Collection) and not isinstance(value, str | bytes | list)
    return list(value) if is_list else value  # type: ignore[call-overload]
