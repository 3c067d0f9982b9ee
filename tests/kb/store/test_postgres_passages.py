"""Passages in PostgreSQL: the same words, scores and neighbours as in SQLite and FAISS."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from kb.address import PostgresAddress
from kb.encoder.encoder import Embeddings
from kb.indexing.derivation import derive
from kb.indexing.faiss_index import Index
from kb.indexing.stored_index import StoredIndex
from kb.models import Actor, Kind, Record
from kb.reference.trades import trades
from kb.store.postgres.store import PostgresStore
from kb.store.store import Store
from kb.text.analysis import query_stems, spellings, words
from tests.kb.records import RECORDS, matches
from tests.postgres import PostgresServer

ENCODER, DIMENSION = "By-Chance", 12
FIRMS = 400


@pytest.fixture(scope="module")
def stores(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> Iterator[tuple[Store, PostgresStore]]:
    """The same records in SQLite and in PostgreSQL."""
    address = PostgresAddress(postgres.create("passages"))
    sqlite = Store.open(tmp_path_factory.mktemp("passages") / "kb.sqlite", create=True)
    server = PostgresStore.connect(address, create=True)
    records = [*RECORDS, *firms()]
    for store in (sqlite, server):
        with store.changing():
            store.set_property("encoder", ENCODER)
            for record in records:
                put(store, record)
    yield sqlite, server
    for store in (sqlite, server):
        store.close()
    postgres.drop("passages")


def firms() -> Iterator[Record]:
    """Firms of all trades, told in French, some of them in the same words."""
    for number, trade in zip(range(FIRMS), itertools.cycle(trades()[:300]), strict=False):
        told = f"Nous faisons : {trade.fr}. " + "Gel hydro-alcoolique. " * (number % 3)
        yield Actor(id=f"firm-{number}", name=f"Porte-Fût {number % 7}", description=told)


def put(store: Store, record: Record) -> None:
    derived = derive(record)
    store.put(record, derived.documents, derived.names)
    store.put_embeddings(ENCODER, {key: embedding(key) for key in derived.encoder_texts})


def embedding(text_hash: str) -> Embeddings:
    """An embedding that float16 has as it is, so that both engines compare the same."""
    chance = np.random.default_rng(int(text_hash[:8], 16)).normal(size=DIMENSION)
    row: Embeddings = (chance / np.linalg.norm(chance)).astype(np.float16).astype(np.float32)
    return row


QUERIES = [
    *(trade.fr for trade in trades()[:300:15]),
    *(trade.en for trade in trades()[:300:50]),
    "gel hydroalcoolique",
    "gants",
    "faire",
    "fut",
    "nothing has this",
    "l'hôpital % _ ' \" \\ : | & ! ( )",
]


def test_words_have_the_same_bm25(stores: tuple[Store, PostgresStore]) -> None:
    stems = set().union(*map(query_stems, QUERIES))
    expected, found = (matches(store, stems) for store in stores)
    for stem in stems:
        assert dict(found[stem]) == pytest.approx(dict(expected[stem]), rel=1e-12)


def test_phrases_find_the_same_passages(stores: tuple[Store, PostgresStore]) -> None:
    for text in ("porte-fût", "gel", "hydro-alcoolique", "cuir", "nulle part"):
        groups = [spellings(word) for word in words(text)]
        expected, found = (
            [
                store.passages_saying(groups),
                store.passages_saying(groups[:1], 3),
                store.records_saying(text),
                store.uses_of_word(text, 50, 3),
            ]
            for store in stores
        )
        assert found == expected, text


def test_neighbours_are_those_of_faiss(stores: tuple[Store, PostgresStore]) -> None:
    sqlite, server = stores
    faiss = Index(ENCODER, DIMENSION).refreshed(sqlite)
    index = StoredIndex(server, ENCODER, DIMENSION)
    rows = np.random.default_rng(1).normal(size=(5, DIMENSION)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    among = sorted(sqlite.passage_ids_of(Kind.ACTOR, [f"firm-{n}" for n in range(0, FIRMS, 3)]))
    for row, k in itertools.product(rows, (1, 7, 300, 10_000)):
        for chosen in (None, among, [], [5]):
            expected, found = faiss.neighbours(row, k, chosen), index.neighbours(row, k, chosen)
            assert found.ids.tolist() == expected.ids.tolist()
            np.testing.assert_allclose(found.cosines, expected.cosines, atol=1e-6)
