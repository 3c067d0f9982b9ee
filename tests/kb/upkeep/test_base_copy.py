"""A base is copied between a folder and PostgreSQL, whole or not at all."""

import sqlite3
from contextlib import closing
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.address import DATABASE_FILE, SECRET_FILE, UPLOADS, Place, PostgresAddress
from kb.errors import FileError, KnowledgeBaseError, NotAKnowledgeBase
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.registers.kept_files import KeptFiles
from kb.store.copying import copy_tables, new_base, row_counts
from kb.store.pool import StorePool, open_store, schema_at
from kb.upkeep.base_copy import copy_base, names_beside
from kb.whole_file import SCRATCH
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS, matches
from tests.kb.upkeep.places import UPLOAD, NewPlace, content, given, settings, store_of
from web.cli import main


def fill_every_table(database: Path) -> int:
    """Puts two rows into every table that the schema has; returns how many tables that are."""
    with closing(sqlite3.connect(database)) as connection, connection:
        tables = connection.execute(
            "select name from sqlite_master where type = 'table' and sql not null"
            " and (name = 'passage_words' or name not like 'passage_words%')"
        ).fetchall()
        for (table,) in tables:
            connection.execute(f"delete from {table}")
            columns = connection.execute(f"pragma table_info({table})").fetchall()
            for number in (2, 1):
                values = {column[1]: value_of(column[2].lower(), number) for column in columns}
                if table == "passage_words":
                    values["rowid"] = number
                names = ", ".join(f'"{name}"' for name in values)
                marks = ", ".join("?" * len(values))
                connection.execute(
                    f"insert into {table} ({names}) values ({marks})", [*values.values()]
                )
        return len(tables)


def value_of(type_: str, number: int) -> str | int | float | bytes:
    kinds: dict[str, str | int | float | bytes] = {
        "integer": number,
        "float": number + 0.1,
        "real": number + 0.1,
        "blob": bytes([number, 60, 0, 56]),  # two numbers of half precision
    }
    return kinds.get(type_, f"É {'I' * number}")


def test_every_row_of_every_table_is_copied_and_comes_back(
    empty_database: Path, tmp_path: Path, new_place: NewPlace
) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / DATABASE_FILE).write_bytes(empty_database.read_bytes())
    count = fill_every_table(tmp_path / "first" / DATABASE_FILE)
    places = [tmp_path / "first", new_place("second"), new_place("third"), tmp_path / "fourth"]
    for source, target in pairwise(places):
        with closing(store_of(source)) as store, new_base(database_of(target)) as made:
            copy_tables(store, made)
            copied = row_counts(made)
        assert len(copied) == count
        assert set(copied.values()) == {2}
    with closing(store_of(new_place("third"))) as store:
        # Places of rows that nobody asks for are none of PostgreSQL's.
        columns = {name: store.columns(name) for name in copied}
        store.insert("demand_choices", {"counted": 1})
        store.insert("notices", {"id": "next"})
        found = store.execute("select max(c.id), max(n.rowid) from demand_choices c, notices n")
        assert tuple(found.fetchone()) == (3, 3)
    first, last = (content(place, columns) for place in (tmp_path / "first", tmp_path / "fourth"))
    assert first == last
    with closing(store_of(tmp_path / "fourth")) as store:
        assert matches(store, ["ii"])["ii"][0][0] == 2


def database_of(place: Place) -> Place:
    if isinstance(place, PostgresAddress):
        return place
    place.mkdir(exist_ok=True)
    return place / DATABASE_FILE


def test_a_copy_answers_as_the_base_does_and_has_what_lies_beside_it(
    filled: KnowledgeBase, new_place: NewPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.knowledge_base.load_encoder", lambda _: WordCountEncoder())
    target = new_place("copy")
    result = run("copy", filled.folder, given(target))
    assert result.exit_code == 0, result.output
    rows = sum(map(len, content(filled.folder).values()))
    tables = len(content(filled.folder))
    cases = filled.status().cases
    first, *others = result.stdout.splitlines()
    assert first == (
        f"{target}: {len(RECORDS) - cases} actors, {cases} cases, {rows} rows in {tables} tables."
    )
    upload = f"{UPLOADS}/{UPLOAD}/actors.csv"
    empty = f"{UPLOADS}/{UPLOAD}/empty.csv"
    assert others == [f"Copied with it: secret, {upload}, {empty}."]
    back = copy_base(settings(target), settings(new_place("other")))
    assert back.files == ("secret", upload, empty)
    folder = tmp_path / "back"
    copy_base(settings(new_place("other")), settings(folder))
    assert (folder / SECRET_FILE).read_text() == "s" * 64
    assert (folder / SECRET_FILE).stat().st_mode & 0o077 == 0
    assert (folder / upload).read_bytes() == (filled.folder / upload).read_bytes()
    assert (folder / empty).read_bytes() == b""
    assert content(folder) == content(filled.folder)
    with closing(KnowledgeBase.open(settings(target))) as copy:
        assert copy.accounts.authenticate("Camille", "a long passphrase for Camille")
        for query in ("gants de cuir", "gel hydroalcoolique"):
            found, expected = copy.search(query).hits, filled.search(query).hits
            assert [hit.actor for hit in found] == [hit.actor for hit in expected]
            scores = [hit.score for hit in expected]
            assert [hit.score for hit in found] == pytest.approx(scores, abs=1e-3)
        copy.put([Actor("neuf", "Neuf", "Un atelier fait des choses neuves.")])
        assert copy.search("choses neuves").hits[0].actor.id == "neuf"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


class StoppedHere(BaseException):
    """Stands for the end of a process."""


def stop(*_: object) -> None:
    raise StoppedHere


@pytest.mark.parametrize(
    "at", ["upkeep.base_copy.row_counts", "upkeep.base_copy.FolderFiles.pieces"]
)
def test_what_is_interrupted_is_no_base_and_is_copied_by_the_next(
    filled: KnowledgeBase, new_place: NewPlace, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = new_place("copy")
    with monkeypatch.context() as patched:
        patched.setattr(f"kb.{at}", stop)
        with pytest.raises(StoppedHere):
            copy_base(settings(filled.folder), settings(target))
    if isinstance(target, PostgresAddress):
        assert schema_at(target) == 0
    else:
        assert not any(target.iterdir())
        (target / f"{SCRATCH}killed").mkdir()  # as a process leaves it that is killed
    copy_base(settings(filled.folder), settings(target))
    assert len(content(target)["actors"]) == filled.status().actors
    if isinstance(target, Path):
        assert not any(path.name.startswith(SCRATCH) for path in target.iterdir())


def test_a_place_that_has_something_is_refused_in_a_line(
    filled: KnowledgeBase, new_place: NewPlace, tmp_path: Path
) -> None:
    copy_base(settings(filled.folder), settings(new_place("copy")))
    before = content(new_place("copy"))
    with pytest.raises((FileError, KnowledgeBaseError), match=r"not empty: name|a base already: n"):
        copy_base(settings(filled.folder), settings(new_place("copy")))
    assert content(new_place("copy")) == before
    with pytest.raises(NotAKnowledgeBase):
        copy_base(settings(tmp_path / "nothing"), settings(new_place("other")))
    assert run("copy", "postgresql://h:port/kb", tmp_path / "x").exit_code == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("update embeddings set vector = x'00'", "kb.sqlite is damaged"),
        ("update actors set name = 'a' || char(0)", "0x00"),
        ("create table notes_of_mine (text)", "kb.sqlite has another table 'notes_of_mine'"),
    ],
)
def test_what_postgresql_cannot_hold_is_said_in_a_line(
    filled: KnowledgeBase, database: str, change: str, said: str
) -> None:
    with closing(sqlite3.connect(filled.folder / DATABASE_FILE)) as connection, connection:
        connection.execute(change)
    address = PostgresAddress(f"{database}&schema=refused")
    with pytest.raises(KnowledgeBaseError, match=said) as raised:
        copy_base(settings(filled.folder), settings(address))
    assert "\n" not in str(raised.value)
    assert schema_at(address) == 0


def test_a_name_that_leads_to_another_folder_is_not_copied(database: str) -> None:
    address = PostgresAddress(f"{database}&schema=led_astray")
    with closing(open_store(address, create=True)), closing(StorePool(address)) as stores:
        files = KeptFiles(stores)
        for name in (f"{UPLOADS}/{UPLOAD}/../../../x", f"{UPLOADS}/{UPLOAD}/y", "secret/../x"):
            files.keep(name, BytesIO(b"z"))
        assert names_beside(files, {UPLOAD}) == (f"{UPLOADS}/{UPLOAD}/y",)
