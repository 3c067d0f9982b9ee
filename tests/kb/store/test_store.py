import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.address import Place
from kb.errors import (
    KnowledgeBaseError,
    NotAKnowledgeBase,
    ReadOnlyKnowledgeBase,
    SchemaTooNew,
    SchemaTooOld,
    UnknownRecord,
)
from kb.indexing.derivation import derive
from kb.models import Kind, Record, kind_of
from kb.store import migrations
from kb.store.database import fts_query
from kb.store.pool import StorePool, open_store
from kb.store.store import Store
from kb.text.analysis import query_stems
from tests.conftest import emptied
from tests.kb.records import (
    DISTILLER,
    GLOVER,
    POLISH,
    RECORDS,
    SANITISER,
    SANITISER_IN_ENGLISH,
    matches,
)

in_both = pytest.mark.parametrize("engine", ["sqlite", "postgres"])
"""What a store promises whatever it is in; the other tests are about files."""


@pytest.fixture
def store(tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> Iterator[Store]:
    place: Place = tmp_path / "kb.sqlite"
    if engine == "postgres":
        place = emptied(request.getfixturevalue("postgres_base"))
    opened = open_store(place, create=True)
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


@in_both
def test_what_is_put_comes_back_the_same(store: Store) -> None:
    for record in RECORDS:
        assert store.record(kind_of(record), record.id) == record


@in_both
def test_an_unknown_id_is_named(store: Store) -> None:
    with pytest.raises(UnknownRecord, match="no actor with the id 'nobody'"):
        store.record(Kind.ACTOR, "nobody")


@in_both
def test_putting_again_replaces(store: Store) -> None:
    with store.changing():
        put(store, replace(POLISH, description="Elle fait du savon.", themes=("Savon",)))
    assert store.ids(Kind.ACTOR, theme="cuir") == ["gants"]
    assert store.ids(Kind.ACTOR, theme="savon") == ["avel"]
    assert matches(store, ["cirag"]) == {"cirag": []}
    ids = [id_ for id_, _ in matches(store, ["savon"])["savon"]]
    assert [passage.text for passage in store.passages(ids).values()] == ["Elle fait du savon."]


@in_both
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
        (count,) = store.execute(f"select count(*) from {table}").fetchone()
        assert count == 0, table
    assert matches(store, ["cuir"]) == {"cuir": []}


@in_both
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


@in_both
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


@in_both
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


@in_both
def test_names_and_numbers(store: Store) -> None:
    assert store.actors_named("harmonie") == ["gants"]
    assert store.actors_registered("55208131766522") == ["avel"]
    assert store.actors_registered("552081317") == ["avel"]
    assert store.actors_registered("55208131") == []


@in_both
def test_matching_words_finds_the_passages_that_have_them(store: Store) -> None:
    found = matches(store, ["ganter", "cuir"])
    assert [store.passages([id_])[id_].record_id for id_, _ in found["ganter"]] == ["gants"]
    assert all(score > 0 for rows in found.values() for _, score in rows)
    assert found["cuir"] == sorted(found["cuir"])
    assert matches(store, []) == {}


@given(st.text(max_size=60))
@settings(max_examples=200)
def test_nothing_a_person_types_is_fts_syntax(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("create virtual table t using fts5(words)")
    for stems in (query_stems(text), {text}, set(text)):
        query = fts_query([{stem.replace("\0", "") for stem in stems}])
        if query:
            connection.execute("select * from t where t match ?", [query]).fetchall()
    connection.close()


# Folders that are not, or not quite, a knowledge base


def test_a_missing_base_is_reported(tmp_path: Path) -> None:
    with pytest.raises(NotAKnowledgeBase, match="is not a knowledge base: it has no"):
        Store.open(tmp_path / "kb.sqlite")


def test_a_file_that_is_no_database_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "kb.sqlite"
    for content in (b"not a database at all, but text" * 99, b"\0" * 4096):
        path.write_bytes(content)
        for create in (False, True):
            with pytest.raises(KnowledgeBaseError, match=r"kb\.sqlite"):
                Store.open(path, create=create)
        assert path.read_bytes() == content


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "kb.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("create table theirs (x)")
    connection.close()
    before = path.read_bytes()
    for create in (False, True):
        with pytest.raises(NotAKnowledgeBase, match="not one of this program"):
            Store.open(path, create=create)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_damage_that_shows_only_when_read_is_reported(tmp_path: Path, store: Store) -> None:
    (page,) = store.execute(
        "select rootpage from sqlite_master where name = 'documents'"
    ).fetchone()
    (page_size,) = store.execute("pragma page_size").fetchone()
    store.close()
    path = tmp_path / "kb.sqlite"
    content = bytearray(path.read_bytes())
    content[(page - 1) * page_size : page * page_size] = b"\xff" * page_size
    path.write_bytes(content)
    pool = StorePool(path)
    with pytest.raises(NotAKnowledgeBase, match="is damaged"), pool.lend() as damaged:
        damaged.passages([id_ for id_, _ in matches(damaged, ["cuir"])["cuir"]])
    pool.close()


@pytest.mark.parametrize(
    "damage",
    [
        "update actors set facts = '{'",
        "update actors set themes = '1'",
        "update cases set themes = 'x'",
        "update participations set role = 'x'",
        "update documents set kind = 'x'",
        "update embeddings set vector = x'0011' where rowid = 1",
        "update embeddings set vector = x'001122'",
    ],
)
def test_a_row_that_makes_no_value_is_reported_as_damage(store: Store, damage: str) -> None:
    with store.writing():
        store.execute(damage)
    ids = sorted(store.embedded_passages("e"))
    with pytest.raises(NotAKnowledgeBase, match="is damaged"):
        _ = (
            store.records(Kind.ACTOR, store.ids(Kind.ACTOR)),
            store.records(Kind.CASE, store.ids(Kind.CASE)),
            store.passages(ids),
            store.known_embeddings("e"),
        )


def test_a_schema_that_is_not_known_is_refused_and_kept(tmp_path: Path, store: Store) -> None:
    store.close()
    later = migrations.SCHEMA_VERSION + 1
    for version, error, line in (
        (29, SchemaTooOld, r"schema 29; .* `quisait export DIR`.* no accounts, "),
        (later, SchemaTooNew, f"schema {later}"),
    ):
        with closing(sqlite3.connect(tmp_path / "kb.sqlite")) as connection:
            connection.execute(f"pragma user_version = {version}")
        before = (tmp_path / "kb.sqlite").read_bytes()
        with pytest.raises(error, match=line):
            Store.open(tmp_path / "kb.sqlite")
        assert (tmp_path / "kb.sqlite").read_bytes() == before
        assert [path.name for path in tmp_path.glob("*.sqlite")] == ["kb.sqlite"]


@in_both
def test_the_language_of_a_theme_is_that_of_most_of_its_records(store: Store) -> None:
    english = replace(GLOVER, lang="en", themes=("Cuir", "Leather", "Gloves"))
    with store.changing():
        put(store, replace(english, id="gloves"))
        put(store, replace(POLISH, id="cirier", themes=("Gloves",)))
        # A translation keeps the themes of its original.
        for number in range(3):
            put(
                store,
                replace(
                    SANITISER_IN_ENGLISH,
                    id=f"t{number}",
                    themes=("Santé", "Hand sanitiser"),
                ),
            )
    languages = store.theme_languages()
    assert languages["cuir"] == "fr"
    assert languages["leather"] == "en"
    assert languages["gloves"] == ""
    assert languages["sante"] == "fr"
    assert languages["hand sanitiser"] == "en"


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    later = migrations.SCHEMA_VERSION + 1
    half_done = migrations.Migration(both=["delete from actors", "select interrupted"])
    monkeypatch.setattr(migrations, "MIGRATIONS", {**migrations.MIGRATIONS, later: half_done})
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", later)
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


@pytest.mark.parametrize("writer_stays", [True, False])
def test_a_base_that_others_write_is_read_as_it_is_now(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, writer_stays: bool
) -> None:
    path = tmp_path / "kb.sqlite"
    store.close()
    # A folder that cannot be written: no index of a write-ahead log can be made in it.
    connect = sqlite3.connect

    def in_a_read_only_folder(address: str, **options: Any) -> sqlite3.Connection:
        if "mode=ro" in address and not path.with_name("kb.sqlite-shm").exists():
            raise sqlite3.OperationalError("unable to open database file")
        connection: sqlite3.Connection = connect(address, **options)
        return connection

    def write(change: Callable[[Store], object]) -> Store:
        with monkeypatch.context() as patch:
            patch.setattr(os, "access", lambda *_: True)
            writer = Store.open(path)
        with writer.changing():
            change(writer)
        return writer

    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr("kb.store.database.sqlite3.connect", in_a_read_only_folder)
    pool = StorePool(path)
    with pool.lend() as reader:
        assert reader.ids(Kind.ACTOR) == ["avel", "gants", "matha"]
    writer = write(lambda store: store.remove(Kind.ACTOR, "gants"))
    if not writer_stays:
        writer.close()
    with pool.lend() as reader:
        assert reader.ids(Kind.ACTOR) == ["avel", "matha"]
    pool.close()
    writer.close()


@in_both
def test_a_theme_is_given_in_its_usual_spelling(store: Store) -> None:
    with store.changing():
        for number, theme in enumerate(["emballage", "Emballage", "Emballage", "Émballage"]):
            put(store, replace(GLOVER, id=f"g{number}", themes=(theme,)))
    assert ("Emballage", 4, 0) in store.themes()


@in_both
def test_a_story_counts_once_whatever_its_translations(store: Store) -> None:
    with store.changing():
        put(store, replace(SANITISER, id="en", lang="en", translation_of=SANITISER.id))
    counts = store.counts("e")
    assert (counts.cases, counts.stories) == (2, 1)
    assert ("Santé", 0, 1) in store.themes()


def test_a_writer_that_waits_too_long_is_reported(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.database.BUSY_TIMEOUT_S", 0.05)
    other = Store.open(tmp_path / "kb.sqlite")
    with (
        store.changing(),
        pytest.raises(KnowledgeBaseError, match="locked by another process"),
        other.changing(),
    ):
        pass
    other.close()


def test_a_commit_waits_until_the_disk_has_it(tmp_path: Path) -> None:
    # In a process of its own, since commits of tests do not wait.
    asked = (
        "import sys; from pathlib import Path; from kb.store.store import Store;"
        " store = Store.open(Path(sys.argv[1]), create=True);"
        " print(*store.execute('pragma journal_mode').fetchone(),"
        " *store.execute('pragma synchronous').fetchone())"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked, str(tmp_path / "kb.sqlite")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["wal", "2"]


def test_what_is_written_to_a_full_disk_is_refused_and_the_store_goes_on(store: Store) -> None:
    execute = store.execute
    (pages,) = execute("pragma page_count").fetchone()
    execute(f"pragma max_page_count = {pages + 1}")
    with pytest.raises(KnowledgeBaseError, match="the disk is full; nothing was changed"):
        fill(store)
    execute("pragma max_page_count = 1000000")
    assert store.property("filler") == ""
    fill(store)


def fill(store: Store) -> None:
    with store.writing():
        store.set_property("filler", "x" * 1_000_000)
