"""The store in a PostgreSQL database."""

from collections.abc import Collection, Iterable
from typing import ClassVar

from kb.store.postgres.connection import PostgresConnection
from kb.store.store import Store


class PostgresStore(PostgresConnection, Store):
    """The store in a database on a PostgreSQL server."""

    matching: ClassVar[str] = (
        "select rowid from passage_words"
        " where array_to_tsvector(string_to_array(words, ' ')) @@ (:words)::tsquery"
    )

    def words_query(self, groups: Iterable[Collection[str]]) -> str:
        queries = [" | ".join(map(_phrase, sorted(filter(None, stems)))) for stems in groups]
        return " & ".join(f"({query})" for query in queries) if all(queries) else ""

    def scrub(self) -> None:
        for table in ("actors", "cases", "documents", "passages", "passage_words", "embeddings"):
            self.execute(f"vacuum {table}")
        self._note_scrubbed()


def _phrase(words: str) -> str:
    quoted = ("'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in words.split())
    return f"({' <-> '.join(quoted)})"
