"""The store in a PostgreSQL database."""

from collections.abc import Sequence

from kb.base_folder import ASIDE
from kb.errors import NotYetScrubbed
from kb.store.postgres.connection import SCHEMA_CHARS
from kb.store.postgres.passages import PostgresPassages
from kb.store.postgres.rewriting import rewrite
from kb.store.store import TO_SCRUB, Store


class PostgresStore(PostgresPassages, Store):
    """The store in a database on a PostgreSQL server."""

    def bases_aside(self) -> Sequence[str]:
        rows = self.execute(
            "select nspname from pg_namespace"
            " where starts_with(nspname, ? || left(current_schema(), ?) || '-') order by nspname",
            [ASIDE, SCHEMA_CHARS],
        )
        return [f"the schema {name} of {self.called}" for (name,) in rows.fetchall()]

    def scrub(self) -> None:
        with self.writing():
            self._drop_unused_embeddings()
            mark = self.property(TO_SCRUB)
            ((began,),) = self.execute("select pg_current_xact_id()::text").fetchall()
        if not rewrite(self, began):
            raise NotYetScrubbed
        self._note_scrubbed(mark)
