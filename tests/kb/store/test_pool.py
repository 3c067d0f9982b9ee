"""A pool lends so many stores at once; who needs a further one waits, and then is told so."""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from kb.errors import KnowledgeBaseError, StoresBusy
from kb.store.pool import StorePool
from kb.store.store import Store


@pytest.fixture
def pool(
    tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StorePool]:
    """A pool that lends two stores, and has nobody wait."""
    monkeypatch.setattr("kb.store.pool.WAIT_S", 0.0)
    place = Path(shutil.copyfile(empty_database, tmp_path / empty_database.name))
    with closing(StorePool(place, most=2)) as made:
        yield made


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def read(pool: StorePool) -> str:
    with pool.lend() as store:
        return store.property("name")


def test_no_more_are_lent_than_may_be(
    pool: StorePool, elsewhere: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    with pool.lend(), pool.lend():
        refused = elsewhere.submit(read, pool).exception()
        assert isinstance(refused, StoresBusy)
        assert caplog.messages == ["All 2 connections were in use for 0 s"]
    assert elsewhere.submit(read, pool).result() == ""


def test_who_waits_gets_the_next_that_comes_back(
    pool: StorePool, elsewhere: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.pool.WAIT_S", None)
    with pool.lend() as lent, pool.lend():
        waiting = elsewhere.submit(read, pool)
        while not pool._room._waiters:  # type: ignore[attr-defined]
            threading.Event().wait(0.001)
        lent.set_property("name", "came back")
    assert waiting.result() == "came back"


def test_who_has_borrowed_one_need_not_wait_for_another(pool: StorePool) -> None:
    both_have_one = threading.Barrier(2)

    def borrow_two() -> bool:
        with pool.lend() as one:
            both_have_one.wait()
            with pool.lend() as other:
                return one is not other

    with ThreadPoolExecutor(2) as threads:
        borrowing = [threads.submit(borrow_two) for _ in range(2)]
        assert [each.result() for each in borrowing] == [True, True]
    # What was one too many is closed, and not kept.
    assert len(pool._idle) <= 2
    assert not pool._borrowers


def test_a_store_that_does_not_open_leaves_its_room_to_others(
    pool: StorePool, elsewhere: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_place: object) -> Store:
        raise KnowledgeBaseError("no")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("kb.store.pool.open_store", unreachable)
        for _ in range(3):
            with pytest.raises(KnowledgeBaseError, match="no"):
                read(pool)
    with pool.lend():
        assert elsewhere.submit(read, pool).result() == ""
