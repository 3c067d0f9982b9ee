"""What a search reads, and finds, with SQLite and FAISS, and the same base in PostgreSQL.

    python -m tests.benchmarks.postgres --kb build/firms-100000

The base is copied to a server of its own, in a temporary folder. Both engines are asked the same
needs in turns, in one process: first while pgvector looks at all embeddings, then by its index.
Prints a table in Markdown: medians in milliseconds, and the share of the needs that have the same
ten best actors, in the same order, with scores less than 0.001 apart. How long whole searches take
is measured by `python -m tests.benchmarks`, in a process for each.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from kb.address import PostgresAddress
from kb.encoder.encoder import Encoder, TextKind
from kb.encoder.prepared import load_encoder
from kb.indexing.stored_index import StoredIndex
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.search.context import SearchContext
from kb.search.pipeline import search
from kb.search.results import SearchResult
from kb.settings import Settings
from kb.store.copying.copied import copy_tables
from kb.store.pool import open_store
from kb.store.postgres.store import PostgresStore
from kb.store.store import Store
from kb.text.analysis import query_stems
from tests.benchmarks.corpus import needs
from tests.postgres import SETTINGS, postgres_server

CANDIDATES = 400
CLOSE = 1e-3

SERVER = {
    **SETTINGS,
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "shared_buffers": "2GB",
    "work_mem": "32MB",
}
"""Settings of a server that has this machine for itself."""

Rows = Iterator[tuple[str, str]]


class Comparison:
    """A base, and the same base on a server."""

    def __init__(self, base: KnowledgeBase, address: PostgresAddress, encoder: Encoder) -> None:
        self.server = PostgresStore.connect(address)
        self._base = base
        self._encoder = encoder
        self._embedded = Store.open(base.folder / DATABASE_FILE)
        self._index = base._index.fresh(self._embedded)

    def measured(self, asked: tuple[str, ...]) -> Rows:
        """Yields what was measured, each as a line of a table."""
        rows = self._encoder.encode(list(asked), TextKind.QUERY)
        words, near = [], []
        recall, same = [], []
        for query, row in zip(asked, rows, strict=True):
            stems = query_stems(query)
            words.append(
                self._in_turns(
                    lambda: self._embedded.word_matches(stems),  # noqa: B023 (at once)
                    lambda: self.server.word_matches(stems),  # noqa: B023
                )
            )
            near.append(
                self._in_turns(
                    lambda: self._index.neighbours(row, CANDIDATES),  # noqa: B023
                    lambda: self._served().neighbours(row, CANDIDATES),  # noqa: B023
                )
            )
            ours, theirs = near[-1][1]
            recall.append(len({*ours.ids[:10].tolist()} & {*theirs.ids[:10].tolist()}) / 10)
            same.append(_is_same(self._base.search(query), self._search(query)))
        for step, turns in (("words", words), ("near", near)):
            sqlite, server = (statistics.median(ms[engine] for ms, _ in turns) for engine in (0, 1))
            yield step, f"{sqlite:.1f} | {server:.1f} | {server / sqlite:.2f}"
        yield "of its ten nearest, found", f"| {statistics.mean(recall):.4f} |"
        yield "same ten best", f"| {statistics.mean(same):.4f} |"

    def _served(self) -> StoredIndex:
        return StoredIndex(self.server, self._encoder.fingerprint, self._encoder.dimension)

    def _search(self, query: str) -> SearchResult:
        index, calibration = self._served(), self._base._calibrated()
        with self.server.reading():
            return search(query, SearchContext(self.server, index, self._encoder, calibration))

    def _in_turns(
        self, sqlite: Callable[[], Any], server: Callable[[], Any]
    ) -> tuple[tuple[float, float], tuple[Any, Any]]:
        """The milliseconds that each took, and what they returned."""
        started = time.perf_counter()
        ours = sqlite()
        between = time.perf_counter()
        theirs = server()
        ended = time.perf_counter()
        return (1000 * (between - started), 1000 * (ended - between)), (ours, theirs)


def _is_same(ours: SearchResult, theirs: SearchResult) -> bool:
    return [hit.actor.id for hit in ours.hits] == [hit.actor.id for hit in theirs.hits] and all(
        abs(hit.score - other.score) < CLOSE
        for hit, other in zip(ours.hits, theirs.hits, strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.postgres")
    parser.add_argument("--kb", type=Path, required=True, help="a knowledge base in a folder")
    parser.add_argument("--queries", type=int, default=500, help="how many needs are asked")
    given = parser.parse_args()
    settings = Settings.from_environment(kb=given.kb)
    encoder = load_encoder(settings)
    asked = needs()[: given.queries]
    with postgres_server(SERVER) as server, closing(KnowledgeBase.open(settings)) as base:
        address = PostgresAddress(server.create("base"))
        started = time.perf_counter()
        with closing(open_store(given.kb / DATABASE_FILE)) as embedded:
            copy_tables(embedded, address)
        print(f"copied in {time.perf_counter() - started:.0f} s")
        comparison = Comparison(base, address, encoder)
        with closing(comparison.server) as store:
            store.execute("vacuum (analyze)")
            _print("all looked at", comparison.measured(asked))
            started = time.perf_counter()
            store.tend_search(encoder.fingerprint, encoder.dimension)
            print(f"\nindex made in {time.perf_counter() - started:.0f} s")
            _print("by the index", comparison.measured(asked))
            size = "select pg_size_pretty(pg_database_size(current_database()))"
            print(f"\n{store.execute(size).fetchone()[0]} in all")  # type: ignore[index]


def _print(how: str, rows: Rows) -> None:
    print(f"\n| {how} | SQLite and FAISS | PostgreSQL | ratio |\n| --- | ---: | ---: | ---: |")
    for what, values in rows:
        print(f"| {what} | {values} |", flush=True)


if __name__ == "__main__":
    main()
