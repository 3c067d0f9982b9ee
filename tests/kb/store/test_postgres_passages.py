"""Passages in PostgreSQL: the same words, scores and neighbours as in SQLite and FAISS."""

import itertools
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from kb.address import PostgresAddress
from kb.encoder.encoder import Embeddings
from kb.indexing.derivation import derive
from kb.indexing.faiss_index import Index
from kb.indexing.stored_index import StoredIndex
from kb.models import Actor, Kind, Record
from kb.reference.trades import trades
from kb.store.postgres import passages as postgres_passages
from kb.store.postgres.store import PostgresStore
from kb.store.store import Store
from kb.text.analysis import query_stems, spellings, words
from tests.kb.records import RECORDS, matches
from tests.postgres import PostgresServer

ENCODER, DIMENSION = "By-Chance", 12
NEAR = "public.embeddings_near_by_chance"
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


@pytest.mark.parametrize("query", QUERIES)
def test_words_have_the_same_bm25(stores: tuple[Store, PostgresStore], query: str) -> None:
    sqlite, server = stores
    stems = query_stems(query)
    expected, found = matches(sqlite, stems), matches(server, stems)
    assert found.keys() == expected.keys() == stems
    for stem in stems:
        assert dict(found[stem]) == pytest.approx(dict(expected[stem]), rel=1e-12)


@pytest.mark.parametrize("text", ["porte-fût", "gel", "hydro-alcoolique", "cuir", "nulle part"])
@pytest.mark.parametrize("most", [1, 3, 100_000])
def test_phrases_find_the_same_passages(
    stores: tuple[Store, PostgresStore], text: str, most: int
) -> None:
    sqlite, server = stores
    groups = [spellings(word) for word in words(text)]
    assert server.passages_saying(groups) == sqlite.passages_saying(groups)
    assert server.passages_saying(groups[:1], most) == sqlite.passages_saying(groups[:1], most)
    assert server.records_saying(text) == sqlite.records_saying(text)
    assert server.uses_of_word(text, 50, most) == sqlite.uses_of_word(text, 50, most)


def test_nothing_is_found_of_nothing(stores: tuple[Store, PostgresStore]) -> None:
    for store in stores:
        assert matches(store, []) == {}
        assert matches(store, [""]) == {"": []}
        assert store.passages_saying([]) == store.passages_saying([["gel"], []]) == []


def test_words_of_what_is_removed_count_no_longer(stores: tuple[Store, PostgresStore]) -> None:
    stems = query_stems(trades()[3].fr)
    before = matches(stores[1], stems)
    record = Actor(id="passing", name="Passing", description=trades()[3].fr * 2)
    for store in stores:
        with store.changing():
            put(store, record)
    expected, between = (matches(store, stems) for store in stores)
    for store in stores:
        with store.changing():
            store.remove(Kind.ACTOR, record.id)
    for stem in stems:
        assert dict(between[stem]) == pytest.approx(dict(expected[stem]))
    assert len(set().union(*between.values())) > len(set().union(*before.values()))
    for stem in stems:
        assert dict(matches(stores[1], [stem])[stem]) == pytest.approx(dict(before[stem]))
    totals = stores[1].execute("select passages, words from word_totals").fetchone()
    counted = stores[1].execute(
        "select count(*), sum(cardinality(string_to_array(words, ' '))) from passage_words"
    )
    assert totals == counted.fetchone()


def test_a_word_may_be_of_any_length(stores: tuple[Store, PostgresStore]) -> None:
    _, server = stores
    endless = "z" * 3_000
    row = {"rowid": 5, "words": f"{endless} gel {endless}"}
    server.insert("passage_words", row)
    assert (
        server.passages_saying([[endless]]) == server.passages_saying([[f"{endless} gel"]]) == [5]
    )
    assert [id_ for id_, _ in matches(server, [endless])[endless]] == [5]
    server.execute("delete from passage_words where rowid = 5")
    assert matches(server, [endless]) == {endless: []}


@pytest.mark.parametrize("k", [1, 7, 300, 10_000])
def test_neighbours_are_those_of_faiss(stores: tuple[Store, PostgresStore], k: int) -> None:
    sqlite, server = stores
    faiss = Index(ENCODER, DIMENSION).refreshed(sqlite)
    index = StoredIndex(server, ENCODER, DIMENSION)
    rows = np.random.default_rng(k).normal(size=(5, DIMENSION)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    among = sorted(sqlite.passage_ids_of(Kind.ACTOR, [f"firm-{n}" for n in range(0, FIRMS, 3)]))
    for row in rows:
        for chosen in (None, among, [], [5]):
            expected, found = faiss.neighbours(row, k, chosen), index.neighbours(row, k, chosen)
            assert found.ids.tolist() == expected.ids.tolist()
            np.testing.assert_allclose(found.cosines, expected.cosines, atol=1e-6)


def test_embeddings_are_those_of_the_store(stores: tuple[Store, PostgresStore]) -> None:
    sqlite, server = stores
    faiss = Index(ENCODER, DIMENSION).refreshed(sqlite)
    index = StoredIndex(server, ENCODER, DIMENSION)
    index.neighbours(embedding("00000000"), 5)
    ids = sorted(sqlite.embedded_passages(ENCODER))
    found = index.embedded([*ids[50:], 5, *ids[:50]])
    expected = faiss.embedded([*ids[50:], 5, *ids[:50]])
    assert found.ids.tolist() == expected.ids.tolist()
    assert np.array_equal(found.embeddings, expected.embeddings)
    for asked in (ids[:9], None):
        ours, theirs = (store.known_embeddings(ENCODER, asked) for store in stores)
        assert np.array_equal(ours[0], theirs[0])
        assert np.array_equal(ours[1], theirs[1])
    assert len(index) == len(faiss) == len(ids)
    assert ids[0] in index
    assert 5 not in index


def test_near_embeddings_are_found_by_an_index_once_there_are_many(
    stores: tuple[Store, PostgresStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite, server = stores
    faiss = Index(ENCODER, DIMENSION).refreshed(sqlite)
    monkeypatch.setattr(postgres_passages, "HNSW_FROM", 100)
    assert StoredIndex(server, ENCODER, DIMENSION).is_exact
    server.tend()
    server.tend()
    server.execute("set enable_sort = off")
    try:
        index = StoredIndex(server, ENCODER, DIMENSION)
        assert not index.is_exact
        firms_ = [f"firm-{n}" for n in range(0, FIRMS, 3)]
        among = sorted(sqlite.passage_ids_of(Kind.ACTOR, firms_))
        same = 0
        for number in range(20):
            row = embedding(f"{number:08}")
            for chosen in (None, among):
                expected, found = (
                    faiss.neighbours(row, 10, chosen),
                    index.neighbours(row, 10, chosen),
                )
                same += len(set(expected.ids.tolist()) & set(found.ids.tolist()))
        assert same >= 0.98 * 20 * 2 * 10
        server.execute("select pg_stat_force_next_flush()")
        used = server.execute(
            "select idx_scan from pg_stat_user_indexes where indexrelname = ?",
            ["embeddings_near_by_chance"],
        ).fetchone()
        assert used is not None
        assert used[0] > 0
    finally:
        server.execute("set enable_sort = on")
        server.execute("drop index embeddings_near_by_chance")


def test_the_index_of_a_base_in_another_schema_is_left_alone(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_passages, "HNSW_FROM", 1)
    address = PostgresAddress(postgres.create("schemas"))
    second = PostgresAddress(f"{address.given}&schema=second")
    with closing(PostgresStore.connect(address, create=True)) as store:
        with store.changing():
            store.set_property("encoder", ENCODER)
            put(store, next(firms()))
        store.tend()
        # As while it is made.
        store.execute(
            "update pg_index set indisvalid = false where indexrelid = ?::regclass", [NEAR]
        )
        with closing(PostgresStore.connect(second, create=True)) as other:
            other.tend()
        assert store.execute("select to_regclass(?) is not null", [NEAR]).fetchone() == (True,)
        store.tend()
        made = store.execute(
            "select indisvalid from pg_index where indexrelid = ?::regclass", [NEAR]
        )
        assert made.fetchone() == (True,)
    postgres.drop("schemas")
