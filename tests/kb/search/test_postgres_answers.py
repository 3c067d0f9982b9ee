"""The same base in SQLite with FAISS and in PostgreSQL gives the same answers."""

from collections.abc import Iterator
from contextlib import closing
from operator import itemgetter

import pytest

from ingest.pipeline import ingest
from kb.address import PostgresAddress
from kb.encoder.encoder import Encoder
from kb.indexing.faiss_index import LiveIndex
from kb.indexing.stored_index import StoredIndex
from kb.knowledge_base import DATABASE_FILE
from kb.models import Actor
from kb.search.context import SearchContext
from kb.search.pipeline import search
from kb.search.results import Filters, SearchResult
from kb.status import status_of
from kb.store.copying import copy_tables, new_base
from kb.store.pool import open_store
from kb.store.postgres.store import PostgresStore
from tests.benchmarks.corpus import TERRITORY, firms, needs
from tests.conftest import OpenBase
from tests.postgres import PostgresServer

FIRMS, QUERIES = 60, 20


@pytest.fixture(scope="module")
def served(postgres: PostgresServer) -> Iterator[PostgresAddress]:
    yield PostgresAddress(postgres.create("answers"))
    postgres.drop("answers")


@pytest.mark.slow
@pytest.mark.thorough
def test_both_engines_give_the_same_answers(
    open_base: OpenBase, real_encoder: Encoder, served: PostgresAddress
) -> None:
    base = open_base(real_encoder)
    ingest(base, [TERRITORY])
    fields = itemgetter("id", "name", "description", "department")
    told = map(fields, firms(FIRMS))
    base.put([Actor(id_, name, text, department=of) for id_, name, text, of in told])
    with closing(open_store(base.folder / DATABASE_FILE)) as database, new_base(served) as made:
        copy_tables(database, made)
    store = PostgresStore.connect(served)
    live = LiveIndex(base.folder, base._indexer)
    store.tend()
    assert isinstance(live.fresh(store), StoredIndex)
    assert status_of(store, served, base._indexer).index == "exact, in the database"
    for number, query in enumerate(needs()[:QUERIES]):
        filters = Filters(department="16" if number % 5 == 0 else "")
        expected = base.search(query, filters=filters)
        with store.reading():
            context = SearchContext(store, live.fresh(store), base._calibrated())
            found = search(query, context, filters=filters)
        assert is_same(found, expected), query
    store.close()


def is_same(found: SearchResult, expected: SearchResult) -> bool:
    """Returns whether both have the same actors, whose scores differ by less than 1e-3."""
    pairs = list(zip(found.hits, expected.hits, strict=False))
    return len(found.hits) == len(expected.hits) and all(
        ours.actor.id == theirs.actor.id and abs(ours.score - theirs.score) < 1e-3
        for ours, theirs in pairs
    )
