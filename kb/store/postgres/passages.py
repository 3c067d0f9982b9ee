"""Passages in PostgreSQL: by words in `postings`, which triggers keep; near ones by pgvector."""

from collections.abc import Collection, Mapping, Sequence
from typing import LiteralString

import numpy as np
import psycopg
from numpy.typing import NDArray

from kb.address import PostgresAddress
from kb.encoder.encoder import Embeddings
from kb.store.connection import LONGEST_STEM, WordMatches
from kb.store.passages import DocumentRow, StoredPassages
from kb.store.postgres.connection import PostgresConnection
from kb.store.postgres.statements import Halfvec, PostgresRow, embeddings_of, register

MORE_SHARE, MORE = 1 / 8, 8  # more are compared again, since float16 may exchange some

_WORD_MATCHES = """
with said as materialized (
  select stem, passage_id, uses, length, count(*) over (partition by stem) as passages_with
  from postings where stem = any (%s)
), weighed as (
  select stem, passage_id, uses * 2.2::float8 / (uses + 1.2::float8
      * (0.25 + 0.75::float8 * length / (t.words::float8 / t.passages))) as share,
    ln((t.passages - passages_with + 0.5)::float8 / (passages_with + 0.5)::float8) as idf
  from said, word_totals t
)
select passage_id, sum((case when idf > 0 then idf else 1e-6 end) * share order by stem)
from weighed group by passage_id order by passage_id
"""
"""BM25 as FTS5 has it (https://sqlite.org/fts5.html#the_bm25_function), with its k1 and b."""


class PostgresPassages(PostgresConnection, StoredPassages):
    def __init__(
        self, connection: psycopg.Connection[PostgresRow], address: PostgresAddress
    ) -> None:
        super().__init__(connection, address)
        register(connection)
        connection.execute("set jit = off")  # compiling a search takes longer than it saves

    def word_matches(self, stems: Collection[str]) -> WordMatches:
        asked = sorted({stem[:LONGEST_STEM] for stem in stems if stem})
        with self._connection.cursor(binary=True) as cursor:
            return WordMatches.of(cursor.execute(_WORD_MATCHES, [asked]).fetchall())

    def passages_saying(
        self, groups: Sequence[Collection[str]], most: int | None = None
    ) -> list[int]:
        values: dict[str, object] = {"most": most, "at_once": most if len(groups) == 1 else None}
        found = [_saying(phrases, values) for phrases in groups]
        if not found or not all(found):
            return []
        together = " intersect ".join(found)
        return [row[0] for row in self.run(f"{together} order by 1 limit :most", (), **values)]

    def insert_documents(self, rows: Sequence[DocumentRow]) -> Sequence[int]:
        if not rows:
            return []
        statement = (
            "insert into documents (kind, record_id, part, lang, text)"
            " values (%s, %s, %s, %s, %s) returning id"
        )
        with self._connection.cursor() as cursor:
            cursor.executemany(statement.encode(), rows, returning=True)
            ids = [cursor.fetchone()[0]]  # type: ignore[index]
            while cursor.nextset():
                ids.append(cursor.fetchone()[0])  # type: ignore[index]
        return ids

    def insert_embeddings(self, encoder: str, vectors: Mapping[str, Embeddings]) -> None:
        self.executemany(
            "insert into embeddings (text_hash, encoder, vector) values (?, ?, ?::halfvec)"
            " on conflict do nothing",
            [(text_hash, encoder, Halfvec(vector)) for text_hash, vector in vectors.items()],
        )

    def known_embeddings(
        self, encoder: str, ids: Collection[int] | None = None
    ) -> tuple[NDArray[np.int64], Embeddings]:
        return self._embedded(
            "select p.id, vector from passages p join embeddings e using (text_hash)"
            " where encoder = %(encoder)s and (%(ids)s::bigint[] is null or p.id = any (%(ids)s))"
            " order by p.id",
            {"encoder": encoder, "ids": None if ids is None else list(ids)},
        )

    def count_embedded(self, encoder: str) -> int:
        query = "select count(*) from passages join embeddings using (text_hash) where encoder = ?"
        return int(self.execute(query, [encoder]).fetchone()[0])  # type: ignore[index]

    def near_embeddings(
        self, encoder: str, near: Embeddings, k: int, among: Collection[int] | None = None
    ) -> tuple[NDArray[np.int64], Embeddings]:
        """The ids `(n,)` and embeddings of at least the `k` nearest passages, in any order."""
        return self._embedded(
            "select p.id, vector from passages p join embeddings e using (text_hash)"
            " where encoder = %(encoder)s"
            " and (%(among)s::bigint[] is null or p.id = any (%(among)s))"
            " order by vector <#> %(near)s::halfvec limit %(most)s",
            {
                "encoder": encoder,
                "among": None if among is None else list(among),
                "near": Halfvec(near),
                "most": k + int(MORE_SHARE * k) + MORE,
            },
        )

    def _embedded(
        self, statement: LiteralString, values: Mapping[str, object]
    ) -> tuple[NDArray[np.int64], Embeddings]:
        with self._connection.cursor(binary=True) as cursor:
            # Planned each time: how many passages are asked for decides which way is short.
            rows = cursor.execute(statement, values, prepare=False).fetchall()
        with self.decoding():
            ids = np.array([row[0] for row in rows], np.int64)
            return ids, embeddings_of([row[1] for row in rows])

    def tend(self) -> None:
        """Has the server know what is in the tables of a search, and which pages all may see."""
        for table in ("passages", "passage_words", "postings", "embeddings"):
            self.execute(f"vacuum (analyze) {table}")


def _saying(phrases: Collection[str], values: dict[str, object]) -> str:
    """The SQL that finds the ids of the passages with one of these phrases of stems."""

    def named(value: object) -> str:
        name = f"value_{len(values)}"
        values[name] = value
        return f":{name}"

    found = []
    stems = sorted({phrase[:LONGEST_STEM] for phrase in phrases if phrase and " " not in phrase})
    if stems:
        # The first of all are among the first of each stem: no more are read.
        found.append(
            "select of_stem.passage_id"  # noqa: S608 (only names of values)
            f" from unnest({named(stems)}::text[]) as asked,"
            " lateral (select passage_id from postings where stem = asked"
            " order by passage_id limit :at_once) as of_stem"
        )
    for phrase in sorted(phrase for phrase in phrases if " " in phrase):
        parts = sorted({part[:LONGEST_STEM] for part in phrase.split()})
        found.append(
            "select rowid as passage_id from passage_words where rowid in"  # noqa: S608
            f" (select passage_id from postings where stem in {named(parts)}"
            f" group by passage_id having count(*) = {len(parts)})"
            f" and strpos(' ' || words || ' ', {named(f' {phrase} ')}) > 0"
        )
    together = " union all ".join(found)
    return f"select distinct passage_id from ({together}) as said" if found else ""  # noqa: S608
