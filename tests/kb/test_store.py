import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb import schema
from kb.documents import derive
from kb.errors import (
    KnowledgeBaseError,
    NotAKnowledgeBase,
    ReadOnlyKnowledgeBase,
    SchemaTooNew,
    UnknownRecord,
)
from kb.language import index_words, query_stems
from kb.models import Kind, Record
from kb.store import Store, fts_query
from tests.kb.records import DISTILLER, GLOVER, POLISH, RECORDS, SANITISER


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "kb.sqlite", create=True)
    with opened.changing():
        for record in RECORDS:
            put(opened, record)
    yield opened
    opened.close()


def put(store: Store, record: Record) -> None:
    derived = derive(record)
    store.put(record, derived.documents, derived.names)
    vectors = {key: np.ones(2, np.float32) for key in derived.encoder_texts}
    store.put_embeddings("e", vectors)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_what_is_put_comes_back_the_same(store: Store, record: Record) -> None:
    kind = Kind.CASE if record is SANITISER else Kind.ACTOR
    assert store.record(kind, record.id) == record


def test_an_unknown_id_is_named(store: Store) -> None:
    with pytest.raises(UnknownRecord, match="no actor with the id 'nobody'"):
        store.record(Kind.ACTOR, "nobody")


def test_putting_again_replaces(store: Store) -> None:
    with store.changing():
        put(store, replace(POLISH, description="Elle fait du savon.", themes=("Savon",)))
    assert store.ids(Kind.ACTOR, theme="cuir") == ["gants"]
    assert store.ids(Kind.ACTOR, theme="savon") == ["avel"]
    assert store.match_words(query_stems("cirage"), 10) == []
    ids = [id_ for id_, _ in store.match_words(query_stems("savon"), 10)]
    assert [passage.text for passage in store.passages(ids).values()] == ["Elle fait du savon."]


def test_removing_leaves_nothing_behind(store: Store) -> None:
    with store.changing():
        for kind, id_ in [
            (Kind.ACTOR, "avel"),
            (Kind.ACTOR, "matha"),
            (Kind.ACTOR, "gants"),
            (Kind.CASE, SANITISER.id),
        ]:
            assert store.remove(kind, id_)
        assert not store.remove(Kind.ACTOR, "avel")
    tables = "actors cases participations themes names documents passages embeddings".split()
    for table in tables:
        (count,) = store._connection.execute(f"select count(*) from {table}").fetchone()
        assert count == 0, table
    assert store.match_words(query_stems("cuir"), 10) == []


def test_an_embedding_stays_while_another_passage_has_its_text(store: Store) -> None:
    with store.changing():
        put(store, replace(POLISH, id="twin"))
    with store.changing():
        store.remove(Kind.ACTOR, "avel")
    hashes = derive(POLISH).encoder_texts.keys()
    assert store.missing_embeddings("e", hashes) == set()
    with store.changing():
        store.remove(Kind.ACTOR, "twin")
    assert store.missing_embeddings("e", hashes) == hashes


def test_a_failed_change_leaves_no_trace(store: Store) -> None:
    before = store.generation

    def fail_half_way() -> None:
        with store.changing():
            store.remove(Kind.ACTOR, "avel")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert store.record(Kind.ACTOR, "avel") == POLISH
    assert store.generation == before


def test_every_change_has_a_generation_of_its_own(store: Store) -> None:
    seen = {store.generation}
    for _ in range(3):
        with store.changing():
            pass
        seen.add(store.generation)
    assert [int(generation.split("-")[0]) for generation in sorted(seen)] == [1, 2, 3, 4]


def test_filters(store: Store) -> None:
    assert store.ids(Kind.ACTOR) == ["avel", "gants", "matha"]
    assert store.ids(Kind.ACTOR, department="16") == ["avel"]
    assert store.ids(Kind.ACTOR, theme="CUIR") == ["avel", "gants"]
    assert store.ids(Kind.ACTOR, department="87", theme="cuir") == ["gants"]
    assert store.ids(Kind.CASE, department="17") == [SANITISER.id]
    assert store.ids(Kind.CASE, department="87") == []
    assert store.departments() == [("16", 1), ("17", 1), ("87", 1)]
    assert ("Santé", 0, 1) in store.themes()
    assert [
        (actors, cases) for name, actors, cases in store.themes() if name in {"Cuir", "cuir"}
    ] == [(2, 0)]


def test_names_and_numbers(store: Store) -> None:
    assert store.actors_named("harmonie") == ["gants"]
    assert store.actors_registered("55208131766522") == ["avel"]
    assert store.actors_registered("552081317") == ["avel"]
    assert store.actors_registered("55208131") == []


def test_cases_of_an_actor(store: Store) -> None:
    assert store.cases_of(["avel", "gants", "not-yet-known"]) == {
        "avel": [SANITISER.id],
        "not-yet-known": [SANITISER.id],
    }


def test_matching_words_finds_the_passages_that_have_them(store: Store) -> None:
    found = store.match_words(query_stems("ganteries"), 10)
    assert [store.passages([id_])[id_].record_id for id_, _ in found] == ["gants"]
    assert all(score > 0 for _, score in found)
    assert store.match_words(query_stems("ganterie"), 10, among=[]) == []


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_nothing_a_person_types_is_fts_syntax(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("create virtual table t using fts5(words)")
    for stems in (query_stems(text), {text}, set(text)):
        query = fts_query({stem.replace("\0", "") for stem in stems})
        if query:
            connection.execute("select * from t where t match ?", [query]).fetchall()
    connection.close()


def test_index_words_have_no_order_of_their_own() -> None:
    assert index_words("gants de cuir", "fr").split() == ["gant", "cuir"]


# Folders that are not, or not quite, a knowledge base


def test_a_missing_base_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotAKnowledgeBase, match="is not a knowledge base: it has no"):
        Store.open(tmp_path / "kb.sqlite")


@pytest.mark.parametrize("content", [b"not a database at all, but text" * 99, b"\0" * 4096])
def test_a_file_that_is_no_database_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kb.sqlite"
    path.write_bytes(content)
    with pytest.raises(KnowledgeBaseError, match=r"kb\.sqlite"):
        Store.open(path)
    with pytest.raises(KnowledgeBaseError, match=r"kb\.sqlite"):
        Store.open(path, create=True)
    assert path.read_bytes() == content


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "kb.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("create table theirs (x)")
    connection.close()
    with pytest.raises(NotAKnowledgeBase, match="not one of this program"):
        Store.open(path, create=True)
    connection = sqlite3.connect(path)
    assert connection.execute("select name from sqlite_master").fetchall() == [("theirs",)]
    connection.close()


def test_a_half_written_database_is_told(tmp_path: Path, store: Store) -> None:
    store.close()
    path = tmp_path / "kb.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(KnowledgeBaseError, match=r"damaged|not a knowledge base"):
        Store.open(path).match_words(query_stems("cuir"), 5)


def test_a_later_schema_is_refused_and_kept(tmp_path: Path, store: Store) -> None:
    store._connection.execute(f"pragma user_version = {schema.SCHEMA_VERSION + 1}")
    store.close()
    with pytest.raises(SchemaTooNew, match=f"schema {schema.SCHEMA_VERSION + 1}"):
        Store.open(tmp_path / "kb.sqlite")


def test_an_older_schema_is_migrated_with_what_it_holds(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    add_column = (lambda db: db.table("actors").add_column("added", str),)
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS + add_column)
    monkeypatch.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    migrated = Store.open(tmp_path / "kb.sqlite")
    columns = [row[1] for row in migrated._connection.execute("pragma table_info(actors)")]
    assert "added" in columns
    assert schema.version_of(migrated._connection) == schema.SCHEMA_VERSION
    assert migrated.ids(Kind.ACTOR) == ["avel", "gants", "matha"]
    migrated.close()


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()

    def half_done(db: object) -> None:
        db.table("actors").add_column("half", str)  # type: ignore[attr-defined]
        raise sqlite3.OperationalError("interrupted")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, half_done))
    monkeypatch.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    with pytest.raises(KnowledgeBaseError, match="interrupted"):
        Store.open(tmp_path / "kb.sqlite")
    monkeypatch.undo()
    untouched = Store.open(tmp_path / "kb.sqlite")
    assert untouched.record(Kind.ACTOR, "avel") == POLISH
    untouched.close()


def test_a_base_that_cannot_be_written_can_be_read(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    read_only = Store.open(tmp_path / "kb.sqlite")
    assert read_only.record(Kind.ACTOR, "matha") == DISTILLER
    with pytest.raises(ReadOnlyKnowledgeBase, match="cannot be written"), read_only.changing():
        read_only.remove(Kind.ACTOR, "matha")
    read_only.close()
    with pytest.raises(ReadOnlyKnowledgeBase, match="cannot be written"):
        Store.open(tmp_path / "new.sqlite", create=True)


def test_a_writer_that_waits_too_long_is_told(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.BUSY_TIMEOUT_S", 0.05)
    other = Store.open(tmp_path / "kb.sqlite")
    with (
        store.changing(),
        pytest.raises(KnowledgeBaseError, match="locked by another process"),
        other.changing(),
    ):
        pass
    other.close()


def test_two_texts_alike_are_two_documents(store: Store) -> None:
    with store.changing():
        put(store, replace(GLOVER, id="second"))
    ids = store.passage_ids_of(Kind.ACTOR, ["gants", "second"])
    assert {passage.record_id for passage in store.passages(ids).values()} == {"gants", "second"}
