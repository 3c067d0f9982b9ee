"""The store in a PostgreSQL database."""

from kb.store.postgres.passages import PostgresPassages
from kb.store.store import Store


class PostgresStore(PostgresPassages, Store):
    """The store in a database on a PostgreSQL server."""

    def scrub(self) -> None:
        for table in ("actors", "cases", "documents", "passages", "passage_words", "embeddings"):
            self.execute(f"vacuum {table}")
        self._note_scrubbed()
