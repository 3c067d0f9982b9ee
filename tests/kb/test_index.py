from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kb.documents import derive
from kb.embedding import Embeddings
from kb.index import CARD_FILE, INDEX_FILE, PRIOR_PASSAGES, Index
from kb.models import Actor, Kind
from kb.store import Store

DIMENSION = 16


def unit_rows(n: int, seed: int = 0) -> Embeddings:
    rows = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


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


def test_cosines_of_given_passages(store: Store) -> None:
    vectors = unit_rows(5)
    ids = add(store, names(5), vectors)
    index = Index("e", DIMENSION).refreshed(store)
    query = unit_rows(1, seed=7)[0]
    found = index.cosines(query, [ids[3], 12345])
    assert found == {ids[3]: pytest.approx(float(vectors[3] @ query), rel=1e-5)}
    assert index.cosines(query, []) == {}


def test_an_empty_index_finds_nothing(store: Store) -> None:
    index = Index("e", DIMENSION).refreshed(store)
    query = unit_rows(1)[0]
    assert index.search(query, 5) == []
    assert index.standardised(query, {}) == {}


def test_standardised_cosines_by_hand(store: Store) -> None:
    """With one language the mean and deviation are those of all the cosines."""
    vectors = unit_rows(40)
    ids = add(store, names(40), vectors)
    index = Index("e", DIMENSION).refreshed(store)
    query = unit_rows(1, seed=7)[0]
    cosines = vectors @ query
    found = index.standardised(query, dict(zip(ids, cosines.tolist(), strict=True)))
    expected = (cosines - cosines.mean()) / cosines.std()
    np.testing.assert_allclose([found[id_] for id_ in ids], expected, rtol=1e-3)


def test_a_language_is_compared_with_itself(store: Store) -> None:
    french, english = unit_rows(40, seed=1), unit_rows(40, seed=2)
    towards = unit_rows(1, seed=3)[0]
    english = english + 2 * towards  # English passages lie near every query, whatever it says
    english /= np.linalg.norm(english, axis=1, keepdims=True)
    french_ids = add(store, names(40, "f"), french)
    english_ids = add(store, names(40, "e"), english, lang="en")
    index = Index("e", DIMENSION).refreshed(store)
    query = towards
    cosines = dict(index.search(query, 80))
    found = index.standardised(query, cosines)
    share = 40 / (40 + PRIOR_PASSAGES)
    raw_gap = np.mean([cosines[i] for i in english_ids]) - np.mean([cosines[i] for i in french_ids])
    gap = np.mean([found[i] for i in english_ids]) - np.mean([found[i] for i in french_ids])
    deviation = np.std([found[i] - gap * (i in english_ids) for i in cosines])
    assert raw_gap > 0.7
    # What is left is the part of the means that is drawn towards the mean of all.
    assert gap * deviation < (1 - share) * raw_gap / np.std(list(cosines.values())) * 3


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


def test_an_index_is_loaded_as_it_was_saved(store: Store, tmp_path: Path) -> None:
    vectors = unit_rows(10)
    add(store, names(10), vectors)
    saved = Index("e", DIMENSION).refreshed(store)
    saved.save(tmp_path)
    loaded = Index.load(tmp_path, "e", DIMENSION, store)
    assert loaded.generation == store.generation
    query = unit_rows(1, seed=7)[0]
    assert loaded.search(query, 10) == saved.search(query, 10)
    assert loaded.standardised(query, dict(loaded.search(query, 10))) == saved.standardised(
        query, dict(saved.search(query, 10))
    )
    assert {path.name for path in tmp_path.glob("*faiss*")} == {INDEX_FILE, CARD_FILE}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / CARD_FILE).unlink(),
        lambda folder: (folder / CARD_FILE).write_text("{"),
        lambda folder: (folder / CARD_FILE).write_text("[1]"),
        lambda folder: (folder / INDEX_FILE).unlink(),
        lambda folder: (folder / INDEX_FILE).write_bytes(b"half"),
        lambda folder: (folder / INDEX_FILE).write_bytes(
            b"x" * (folder / INDEX_FILE).stat().st_size
        ),
    ],
    ids=["no card", "half a card", "another card", "no index", "half an index", "another file"],
)
def test_an_index_that_cannot_be_trusted_is_not_read(
    store: Store, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    add(store, names(3), unit_rows(3))
    Index("e", DIMENSION).refreshed(store).save(tmp_path)
    spoil(tmp_path)
    assert len(Index.load(tmp_path, "e", DIMENSION, store)) == 0


def test_an_index_of_another_encoder_or_state_is_not_read(store: Store, tmp_path: Path) -> None:
    add(store, names(3), unit_rows(3))
    Index("e", DIMENSION).refreshed(store).save(tmp_path)
    assert len(Index.load(tmp_path, "other", DIMENSION, store)) == 0
    with store.changing():
        pass
    assert len(Index.load(tmp_path, "e", DIMENSION, store)) == 0
