"""The store in a PostgreSQL database."""

from kb.store.postgres.passages import PostgresPassages
from kb.store.postgres.side_tables import PostgresSideTables
from kb.store.side_tables import SideTables
from kb.store.store import Store


class PostgresStore(PostgresPassages, Store):
    """The store in a database on a PostgreSQL server."""

    @property
    def side(self) -> SideTables:
        return PostgresSideTables(self)

    def scrub(self) -> None:
        with self.writing():
            self.side.forget_erased()
        tables = self.execute(
            "select quote_ident(tablename) from pg_tables where schemaname = current_schema()"
        )
        for (table,) in tables.fetchall():
            self.execute(f"vacuum {table}")
        self._note_scrubbed()
