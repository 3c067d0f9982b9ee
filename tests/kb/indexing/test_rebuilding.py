"""A rebuild goes on beside searches and writers, and can be killed at any moment."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.errors import KnowledgeBaseError
from kb.indexing.derivation import derive
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind, Record
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import DISTILLER, GLOVER, POLISH, RECORDS
from tests.reliability.bases import faults

LATER = replace(GLOVER, id="bonnets", name="Bonneterie", description="Elle tricote des bonnets.")


class Stopped(BaseException):
    """Stands for the end of a process."""


class Watched(WordCountEncoder):
    """Calls something with the number of each batch of documents, before it is embedded."""

    def __init__(self, meanwhile: Callable[[int], object], fingerprint: str = "words-2") -> None:
        super().__init__(fingerprint)
        self._meanwhile = meanwhile
        self.batches = 0

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        if kind is TextKind.DOCUMENT:
            self.batches += 1
            self._meanwhile(self.batches)
        return super().encode(texts, kind)


@pytest.fixture(autouse=True)
def _a_record_in_each_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.indexing.indexer.REBUILT_AT_ONCE", 1)


@pytest.fixture
def folder(base: KnowledgeBase) -> Path:
    return base.folder


def stop_at(batch: int) -> Callable[[int], None]:
    def stop(reached: int) -> None:
        if reached == batch:
            raise Stopped

    return stop


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("kb.sqlite*"))


def test_a_rebuild_that_was_stopped_goes_on_where_it_was(
    base: KnowledgeBase, open_base: OpenBase, folder: Path
) -> None:
    base.put(RECORDS)
    stopped = Watched(stop_at(3))
    with pytest.raises(Stopped):
        open_base(stopped).rebuild()
    assert base.search("gants de cuir").hits[0].actor == GLOVER
    assert faults(folder, WordCountEncoder()) == []
    resumed = Watched(lambda _: None)
    status = open_base(resumed).rebuild()
    assert status.problems == ()
    assert len(stopped.embedded) > 0
    assert sorted(stopped.embedded + resumed.embedded) == sorted(set(base_texts(base)))
    assert faults(folder, WordCountEncoder("words-2")) == []


def base_texts(base: KnowledgeBase) -> list[str]:
    records: list[Record] = [*base.actors(), *base.cases()]
    return [text for record in records for text in derive(record).encoder_texts.values()]


def test_searches_read_the_former_state_until_the_end(
    base: KnowledgeBase, open_base: OpenBase, folder: Path
) -> None:
    base.put(RECORDS)
    before = base.search("gants de cuir")
    generations = []

    def look(_: int) -> None:
        assert base.search("gants de cuir").hits == before.hits
        generations.append(base.status().generation)

    open_base(Watched(look)).rebuild()
    assert len(generations) > 3
    assert set(generations) == {generations[0]}
    rebuilt = open_base(WordCountEncoder("words-2"))
    assert rebuilt.search("gants de cuir").hits[0].actor == GLOVER
    with pytest.raises(KnowledgeBaseError, match="another encoder"):
        base.search("gants de cuir")


@pytest.mark.parametrize("fingerprint", ["words-1", "words-2"])
def test_what_is_written_meanwhile_is_in_the_new_state(
    base: KnowledgeBase, open_base: OpenBase, folder: Path, fingerprint: str
) -> None:
    base.put(RECORDS)
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection, connection:
        # The same encoder, too, has something to embed.
        connection.execute("delete from embeddings")
    changed = replace(GLOVER, description="Un atelier tricote des écharpes de laine.")
    steps: dict[int, Callable[[], object]] = {
        1: lambda: base.put([LATER]),
        2: lambda: base.put([changed, replace(POLISH, place="Angoulême")]),
        3: lambda: base.withdraw(Kind.ACTOR, DISTILLER.id, by="chloé"),
    }
    rebuilding = open_base(Watched(lambda batch: steps.pop(batch, int)(), fingerprint))
    rebuilding.rebuild()
    assert not steps
    assert faults(folder, WordCountEncoder(fingerprint)) == []
    assert rebuilding.search("écharpes de laine").hits[0].actor == changed
    assert rebuilding.search("tricoter des bonnets").hits[0].actor == LATER
    assert DISTILLER.id not in {hit.actor.id for hit in rebuilding.search("spiritueux").hits}


def test_what_is_erased_goes_from_a_rebuild_that_was_stopped(
    base: KnowledgeBase, open_base: OpenBase, folder: Path
) -> None:
    secret = replace(GLOVER, id="aaa", name="Xylocope", description="Xyloglyptique unique.")
    base.put([secret, *RECORDS])
    with pytest.raises(Stopped):
        open_base(Watched(stop_at(4))).rebuild()
    assert b"yloglyptique" in bytes_of(folder)
    base.erase(Kind.ACTOR, "aaa", by="chloé")
    assert b"yloglyptique" not in bytes_of(folder)
    assert b"ylocope" not in bytes_of(folder)
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection:
        left = connection.execute(
            "select count(*) from embeddings where text_hash not in (select text_hash"
            " from passages where text_hash is not null)"
        ).fetchone()
    assert left == (0,)
    assert open_base(WordCountEncoder("words-2")).rebuild().problems == ()
    assert faults(folder, WordCountEncoder("words-2")) == []


def test_a_rebuild_repairs_words_and_names(base: KnowledgeBase, folder: Path) -> None:
    base.put(RECORDS)
    tables = ("names", "name_words", "passage_words", "passages", "documents")
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection, connection:
        for table in tables:
            connection.execute(f"delete from {table}")
    assert faults(folder, WordCountEncoder())
    base.rebuild()
    assert faults(folder, WordCountEncoder()) == []
    assert base.search("Harmonie").hits[0].actor == GLOVER
