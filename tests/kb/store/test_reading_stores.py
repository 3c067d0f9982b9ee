"""Searches read in a replica, as long as it can be reached."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kb.errors import KnowledgeBaseError
from kb.store.pool import ReadingStores, StorePool
from kb.store.store import Store


@pytest.fixture
def base(tmp_path: Path) -> Iterator[StorePool]:
    place = tmp_path / "base.sqlite"
    with closing(Store.open(place, create=True)) as store:
        store.set_property("name", "base")
    with closing(StorePool(place)) as pool:
        yield pool


@pytest.fixture
def replica(tmp_path: Path, base: StorePool) -> Path:
    place = tmp_path / "replica.sqlite"
    shutil.copyfile(str(base.place), place)
    with closing(Store.open(place)) as store:
        store.set_property("name", "replica")
    return place


def read(stores: ReadingStores) -> str:
    with stores.lend() as store:
        return store.property("name")


def test_a_replica_is_read_and_the_base_where_it_cannot_be(
    base: StorePool, replica: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(ReadingStores(StorePool(replica), base)) as stores:
        assert [read(stores), read(stores)] == ["replica", "replica"]
    away = replica.rename(replica.with_name("away"))
    with closing(ReadingStores(StorePool(replica), base)) as stores:
        assert [read(stores), read(stores)] == ["base", "base"]
        assert len(caplog.messages) == 1  # it is not asked each time
        assert "Searches leave the replica alone for 30 s" in caplog.text
        away.rename(replica)
        assert read(stores) == "base"


def test_where_neither_can_be_reached_that_is_said(base: StorePool, tmp_path: Path) -> None:
    Path(str(base.place)).unlink()
    with closing(ReadingStores(StorePool(tmp_path / "nowhere"), base)) as stores:
        for _ in range(2):
            with pytest.raises(KnowledgeBaseError, match=r"base\.sqlite"):
                read(stores)
