import random
import sqlite3
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.indexing.derivation import derive
from kb.indexing.faiss_index import Index
from kb.models import Actor, Case, Kind, Record
from kb.store.passages import VECTOR
from kb.store.store import SqliteStore, Store
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder

DIMENSION = 16
ENCODER = WordCountEncoder("e", DIMENSION)


def unit_rows(n: int, seed: int = 0) -> Embeddings:
    rows = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(VECTOR).astype(np.float32)  # as they are stored


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "kb.sqlite", create=True)


def add(store: Store, ids: list[str], vectors: Embeddings, lang: str = "fr") -> list[int]:
    """Adds an actor with one embedded passage for each row; returns the passages' ids."""
    with store.changing():
        for id_, vector in zip(ids, vectors, strict=True):
            derived = derive(Actor(id=id_, name=id_, description=f"Fait {id_}.", lang=lang))
            store.put(derived_record := Actor(id=id_, name=id_), derived.documents, derived.names)
            assert derived_record.id == id_
            store.put_embeddings("e", dict.fromkeys(derived.encoder_texts, vector))
    known = store.embedded_passages("e")
    of_actor = {passage.record_id: id_ for id_, passage in store.passages(known).items()}
    return [of_actor[id_] for id_ in ids]


def names(n: int, prefix: str = "a") -> list[str]:
    return [f"{prefix}{i}" for i in range(n)]


def test_finds_what_brute_force_finds(store: Store) -> None:
    vectors = unit_rows(50)
    ids = add(store, names(50), vectors)
    query = unit_rows(1, seed=7)[0]
    found = Index("e", DIMENSION).refreshed(store).search(query, 10)
    cosines = vectors @ query
    best = np.argsort(-cosines)[:10]
    assert [id_ for id_, _ in found] == [ids[row] for row in best]
    np.testing.assert_allclose([score for _, score in found], cosines[best], rtol=1e-5)


def test_searches_among_the_passages_named(store: Store) -> None:
    vectors = unit_rows(20)
    ids = add(store, names(20), vectors)
    index = Index("e", DIMENSION).refreshed(store)
    query = unit_rows(1, seed=7)[0]
    among = ids[:5]
    expected = sorted(zip(vectors[:5] @ query, among, strict=True), reverse=True)
    assert [id_ for id_, _ in index.search(query, 100, among=among)] == [id_ for _, id_ in expected]
    assert index.search(query, 100, among=[]) == []


def test_refreshing_adds_and_removes_only_what_changed(store: Store) -> None:
    vectors = unit_rows(10)
    ids = add(store, names(10), vectors)
    before = Index("e", DIMENSION).refreshed(store)
    with store.changing():
        store.remove(Kind.ACTOR, "a3")
    (new_id,) = add(store, ["b"], unit_rows(1, seed=9))
    after = before.refreshed(store)
    everything = {id_ for id_, _ in after.search(vectors[0], 100)}
    assert everything == {*ids, new_id} - {ids[3]}
    assert len(before) == 10  # others may still be searching it
    assert after.generation == store.generation != before.generation


# Kept up to date


def put(store: Store, records: Collection[Record], removed: Collection[str] = ()) -> None:
    """One change of the base, as `KnowledgeBase.put` and `remove` make it."""
    with store.changing():
        for id_ in removed:
            store.remove(Kind.ACTOR, id_)
        for record in records:
            derived = derive(record)
            hashes, texts = list(derived.encoder_texts), list(derived.encoder_texts.values())
            if texts:
                rows = ENCODER.encode(texts, TextKind.DOCUMENT)
                store.put_embeddings("e", dict(zip(hashes, rows, strict=True)))
            store.put(record, derived.documents, derived.names)


def assert_as_made_afresh(index: Index, store: Store) -> None:
    """The index holds what the store holds, and answers as if it had always held it."""
    known, vectors = store.known_embeddings("e")
    ids = known.tolist()
    assert ids == sorted(store.embedded_passages("e"))
    assert index.generation == store.generation
    assert len(index) == len(ids)
    query = unit_rows(1, seed=7)[0]
    found = dict(index.search(query, len(ids) + 1))
    assert found == dict(Index("e", DIMENSION).refreshed(store).search(query, len(ids) + 1))
    if not ids:
        assert found == {}
        return
    np.testing.assert_allclose([found[id_] for id_ in ids], vectors @ query, atol=1e-6)
    assert index.cosines(query, ids) == {id_: found[id_] for id_ in ids}
    embedded = index.embeddings(ids)
    np.testing.assert_array_equal(np.stack([embedded[id_] for id_ in ids]), vectors)
    assert index.nearest(query[None], 3) == [dict(index.search(query, 3))]


def some_record(chance: random.Random) -> Record:
    """One of few ids, texts and languages, so that all of them come again."""
    id_, lang = f"a{chance.randrange(30)}", chance.choice(["fr", "fr", "en"])
    text = " ".join(chance.choices(["cuir", "gant", "verre", "alcool", "bois", "fil"], k=3))
    if chance.random() < 0.2:
        return Case(id=id_, title=chance.choice(["Gel", "Masques"]), text=text, lang=lang)
    return Actor(id=id_, name=id_, description=text if chance.random() < 0.9 else "", lang=lang)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(6))
def test_any_changes_lead_to_the_index_made_afresh(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.passages.VECTORS_AT_ONCE", 3)
    monkeypatch.setattr("kb.indexing.faiss_index.MOST_TOUCHED_SHARE", seed)
    monkeypatch.setattr("kb.store.store.PASSAGE_CHANGES_KEPT", 60)
    chance = random.Random(seed)
    index = Index("e", DIMENSION)
    ways = set()
    for _ in range(40):
        records = {record.id: record for record in (some_record(chance) for _ in range(6))}
        size = chance.choice([0, 1, 1, 2, 6])
        removed = [f"a{chance.randrange(30)}" for _ in range(chance.choice([0, 0, 1, 3, 20]))]
        put(store, list(records.values())[:size], removed)
        if chance.random() < 0.6:
            ways.add(store.passages_touched_since(index.generation) is None)
            index = index.refreshed(store)
            assert_as_made_afresh(index, store)
    assert ways == {True, False}  # by what is remembered, and without


def copy_of(store: Store, path: Path) -> Store:
    target = sqlite3.connect(path)
    assert isinstance(store, SqliteStore)
    store.connection.backup(target)
    target.close()
    return Store.open(path)


def test_a_restored_copy_is_not_brought_up_to_date_by_what_the_other_base_did(
    store: Store, tmp_path: Path
) -> None:
    put(store, [Actor(id="a", name="A", description="cuir")])
    copy = copy_of(store, tmp_path / "copy.sqlite")
    common = Index("e", DIMENSION).refreshed(store)
    put(store, [Actor(id="b", name="B", description="verre")], removed=["a"])
    ours = common.refreshed(store)
    put(copy, [Actor(id="c", name="C", description="fil")])  # as many changes as ours has seen
    put(copy, [Actor(id="d", name="D", description="bois")])
    assert copy.passages_touched_since(ours.generation) is None
    assert_as_made_afresh(ours.refreshed(copy), copy)
    assert copy.passages_touched_since(common.generation)
    assert_as_made_afresh(common.refreshed(copy), copy)


def test_equals_at_the_border_are_chosen_by_id(store: Store) -> None:
    (vector, other) = unit_rows(2)
    ids = add(store, names(30), np.tile(vector, (30, 1)))
    ids += add(store, ["far"], other[None])
    index = Index("e", DIMENSION).refreshed(store)
    near = sorted(ids[:30])
    for k in range(31):
        assert [id_ for id_, _ in index.search(vector, k)] == near[:k]
    assert [id_ for id_, _ in index.search(vector, 31)] == [*near, ids[30]]
    assert [id_ for id_, _ in index.search(vector, 3, among=ids[10:31])] == sorted(ids[10:30])[:3]


# Many at once


def test_the_next_search_of_another_process_finds_a_change(open_base: OpenBase) -> None:
    ours, theirs = open_base(ENCODER), open_base(ENCODER)

    def found() -> set[str]:
        return {hit.actor.id for hit in theirs.search("cuir").hits}

    ours.put([Actor(id="a", name="A", description="gants de cuir")])
    assert found() == {"a"}
    ours.put([Actor(id="b", name="B", description="sacs en cuir")])
    assert found() == {"a", "b"}
    ours.remove(Kind.ACTOR, ["a"])
    assert found() == {"b"}
