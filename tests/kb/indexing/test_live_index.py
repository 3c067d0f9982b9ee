"""The index of a process: saved beside searches, and shared with other processes."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kb.encoder.encoder import TextKind
from kb.indexing import saved_segment
from kb.indexing.derivation import derive
from kb.indexing.faiss_index import Index
from kb.indexing.indexer import Indexer
from kb.indexing.live_index import LiveIndex
from kb.indexing.saved_segment import INDEX_FILE
from kb.models import Actor, Kind
from kb.store.pool import StorePool
from kb.store.store import Store
from tests.encoders import WordCountEncoder

ENCODER = WordCountEncoder("e", 16)


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.indexing.faiss_index.RECENT_PASSAGES", 4)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(tmp_path / "kb.sqlite", create=True)) as store:
        yield store


def live_index(folder: Path) -> LiveIndex:
    """As of a process of its own."""
    return LiveIndex(folder, Indexer(folder, lambda: ENCODER), StorePool(folder / "kb.sqlite"))


def put(store: Store, names: Sequence[str]) -> None:
    with store.changing():
        for name in names:
            actor = Actor(id=name, name=name, description=f"Fait {name}.")
            derived = derive(actor)
            rows = ENCODER.encode(list(derived.encoder_texts.values()), TextKind.DOCUMENT)
            store.put_embeddings("e", dict(zip(derived.encoder_texts, rows, strict=True)))
            store.put(actor, derived.documents, derived.names)


def names(count: int, prefix: str = "a") -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def wait_until_saved(live: LiveIndex) -> None:
    if live._saver:
        live._saver.join()


def fresh(live: LiveIndex, store: Store) -> Index:
    index = live.fresh(store)
    assert isinstance(index, Index)
    return index


def held(index: Index) -> set[int]:
    return set(index.ids.tolist())


def test_an_index_made_anew_is_saved_beside_and_read_from_the_file(
    store: Store, tmp_path: Path
) -> None:
    put(store, names(10))
    live = live_index(tmp_path)
    assert held(fresh(live, store)) == store.embedded_passages("e")
    wait_until_saved(live)
    saved = fresh(live, store)
    assert saved._is_in_file
    assert held(saved) == store.embedded_passages("e")
    assert len(Index.load(tmp_path, "e", 16)) == 10


def test_few_passages_are_not_saved_by_a_search(store: Store, tmp_path: Path) -> None:
    put(store, names(3))
    live = live_index(tmp_path)
    fresh(live, store)
    wait_until_saved(live)
    assert not (tmp_path / INDEX_FILE).exists()


def test_a_crowded_index_is_merged_beside_and_answers_meanwhile(
    store: Store, tmp_path: Path
) -> None:
    put(store, names(10))
    live = live_index(tmp_path)
    live.save(store)
    put(store, names(6, "b"))
    crowded = fresh(live, store)
    assert held(crowded) == store.embedded_passages("e")
    assert len(crowded._recent) == 6
    wait_until_saved(live)
    with store.changing():
        store.remove(Kind.ACTOR, "a3")
    merged = fresh(live, store)
    assert (len(merged._base), merged._gone, len(merged._recent)) == (16, 1, 0)
    assert held(merged) == store.embedded_passages("e")


def test_an_index_far_too_crowded_is_merged_at_once(store: Store, tmp_path: Path) -> None:
    put(store, names(10))
    live = live_index(tmp_path)
    live.save(store)
    put(store, names(17, "b"))  # more than four times four
    assert len(fresh(live, store)._recent) == 0
    wait_until_saved(live)


def test_what_another_process_saved_is_taken(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, names(10))
    first, second = live_index(tmp_path), live_index(tmp_path)
    first.save(store)
    fresh(second, store)
    put(store, names(6, "b"))
    first.save(store)
    with monkeypatch.context() as only_read:
        only_read.setattr(saved_segment, "write", lambda *_, **__: pytest.fail("written again"))
        assert len(fresh(second, store)._recent) == 6
        wait_until_saved(second)
    taken = fresh(second, store)
    assert (len(taken._base), len(taken._recent)) == (16, 0)
    assert held(taken) == store.embedded_passages("e")


def test_what_is_erased_while_another_process_saves_does_not_come_back(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, names(10))
    saving, erasing = live_index(tmp_path), live_index(tmp_path)
    write, threads = saved_segment.write, []

    def write_late(*values: Any, **named: Any) -> None:
        # The index of the state before was taken to be written, and now its passage is erased.
        with closing(Store.open(tmp_path / "kb.sqlite")) as other, other.changing():
            other.remove(Kind.ACTOR, "a3")
        thread = threading.Thread(target=erasing.delete_saved)
        threads.append(thread)
        thread.start()
        thread.join(0.1)
        write(*values, **named)

    monkeypatch.setattr(saved_segment, "write", write_late)
    saving.save(store)
    threads[0].join()
    assert not list(tmp_path.glob("*passages.*"))
    monkeypatch.undo()
    saving.save(store)
    assert set(Index.load(tmp_path, "e", 16).ids.tolist()) == store.embedded_passages("e")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_searched(store: Store, tmp_path: Path) -> None:
    put(store, names(10))
    tmp_path.chmod(0o500)
    try:
        live = live_index(tmp_path)
        assert held(fresh(live, store)) == store.embedded_passages("e")
        wait_until_saved(live)
    finally:
        tmp_path.chmod(0o700)


def test_an_index_that_cannot_be_saved_is_searched(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(saved_segment, "write", fails)
    put(store, names(10))
    live = live_index(tmp_path)
    for more in names(3, "b"):
        put(store, [more])
        assert held(fresh(live, store)) == store.embedded_passages("e")
        wait_until_saved(live)
    assert not (tmp_path / INDEX_FILE).exists()
