"""A rebuild in PostgreSQL keeps the promises of one in SQLite (`tests/kb/indexing`)."""

from collections.abc import Callable, Sequence
from contextlib import closing

import pytest

from kb.address import PostgresAddress
from kb.encoder.encoder import Embeddings, TextKind
from kb.knowledge_base import KnowledgeBase
from kb.models import Record
from kb.store.pool import open_store
from tests.conftest import OpenBase, emptied
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS


class StoppedHere(BaseException):
    """Stands for the end of a process."""


class Meanwhile(WordCountEncoder):
    """Calls something with the number of each batch of documents, before it is embedded."""

    def __init__(self, call: Callable[[int], object]) -> None:
        super().__init__("words-2")
        self._call = call
        self.batches = 0

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        if kind is TextKind.DOCUMENT:
            self.batches += 1
            self._call(self.batches)
        return super().encode(texts, kind)


@pytest.fixture
def engine() -> str:
    return "postgres"


@pytest.fixture(autouse=True)
def _a_record_in_each_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.indexing.indexer.REBUILT_AT_ONCE", 1)


@pytest.fixture
def base(open_base: OpenBase) -> KnowledgeBase:
    opened = open_base(WordCountEncoder())
    opened.put(RECORDS)
    return opened


TABLES = {
    "documents": "kind, record_id, part, lang, text",
    "passages": 'id, start, "end", text_hash',
    "passage_words": "rowid, words",
    "embeddings": "text_hash, encoder, vector::text",
    "postings": "stem, passage_id, uses, length",
    "word_totals": "passages, words",
    "names": "key, actor_id",
}


def content(address: PostgresAddress) -> dict[str, list[tuple[object, ...]]]:
    """What is derived of the records, and what is left of making it."""
    with closing(open_store(address)) as store:
        orphans = store.execute(
            "select count(*) from passages where document_id not in (select id from documents)"
        )
        assert orphans.fetchone()[0] == 0
        return {
            table: sorted(map(tuple, store.execute(f"select {columns} from {table}")), key=repr)
            for table, columns in TABLES.items()
        }


def made_at_once(
    address: PostgresAddress, open_base: OpenBase, records: Sequence[Record]
) -> dict[str, list[tuple[object, ...]]]:
    emptied(address)
    open_base(WordCountEncoder("words-2")).put(records)
    return content(address)


def stop_at(batch: int) -> Callable[[int], None]:
    def stop(reached: int) -> None:
        if reached == batch:
            raise StoppedHere

    return stop


def test_a_rebuild_that_was_stopped_goes_on_and_makes_what_is_made_at_once(
    base: KnowledgeBase, open_base: OpenBase, postgres_base: PostgresAddress
) -> None:
    with pytest.raises(StoppedHere):
        open_base(Meanwhile(stop_at(3))).rebuild()
    assert base.search("gants").hits  # the former state
    resumed = Meanwhile(lambda _: None)
    assert open_base(resumed).rebuild().problems == ()
    assert 0 < resumed.batches < len(RECORDS) - 1
    found = content(postgres_base)
    assert found == made_at_once(postgres_base, open_base, RECORDS)


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
