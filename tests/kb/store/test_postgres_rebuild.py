"""A rebuild in PostgreSQL keeps the promises of one in SQLite (`tests/kb/indexing`)."""

import pytest

from kb.knowledge_base import KnowledgeBase
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS


@pytest.fixture
def engine() -> str:
    return "postgres"


@pytest.fixture
def base(open_base: OpenBase) -> KnowledgeBase:
    opened = open_base(WordCountEncoder())
    opened.put(RECORDS)
    return opened


def test_nothing_stays_of_a_former_encoder(
    base: KnowledgeBase, open_base: OpenBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept() -> tuple[set[str], list[str]]:
        with base._stores.lend() as store:
            encoders = store.execute("select distinct encoder from embeddings").fetchall()
            indexes = store.execute(
                "select indexdef from pg_indexes where indexname like 'embeddings_near%'"
            ).fetchall()
        return {row[0] for row in encoders}, [row[0] for row in indexes]

    monkeypatch.setattr("kb.store.postgres.passages.HNSW_FROM", 1)
    base.save_index()
    encoders, (index,) = kept()
    assert (encoders, "'words-1'" in index) == ({"words-1"}, True)
    open_base(WordCountEncoder("words-2")).rebuild()
    encoders, (index,) = kept()
    assert (encoders, "'words-2'" in index) == ({"words-2"}, True)
    with base._stores.lend() as store:
        store.execute(f"drop index {index.split()[2]}")
