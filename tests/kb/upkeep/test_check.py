import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.address import DATABASE_FILE, SECRET_FILE, UPLOADS
from kb.indexing.indexer import Indexer
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from kb.store import integrity
from kb.store.integrity import Belonging
from kb.store.store import SqliteStore, Store
from kb.upkeep.check import BaseCheck, Finding, check_base
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS
from web.cli import main

Damage = Callable[[sqlite3.Connection], object]


@pytest.fixture
def folder(base: KnowledgeBase) -> Path:
    base.put(RECORDS)
    base.save_index()
    base.close()
    return base.folder


def damaged(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def found_in(folder: Path, *, quick: bool = False) -> Sequence[Finding]:
    with closing(Store.open(folder / DATABASE_FILE)) as store:
        indexer = None if quick else Indexer(folder, WordCountEncoder)
        return BaseCheck(store, indexer=indexer, quick=quick).run()


def lines_of(folder: Path) -> list[str]:
    return [f"{finding.about}: {finding.what}" for finding in found_in(folder)]


def repair(folder: Path) -> Sequence[Finding]:
    return check_base(Settings(kb=folder), repair=True)


@pytest.fixture(autouse=True)
def _word_counts_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.upkeep.check.load_encoder", lambda _: WordCountEncoder())
    monkeypatch.setattr("kb.knowledge_base.load_encoder", lambda _: WordCountEncoder())


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def torn(folder: Path, table: str = "actors") -> None:
    """Overwrites the page where a table begins."""
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
        (page,) = connection.execute(
            "select rootpage from sqlite_master where name = ?", [table]
        ).fetchone()
        (size,) = connection.execute("pragma page_size").fetchone()
        connection.execute("pragma wal_checkpoint(truncate)")
    with (folder / DATABASE_FILE).open("rb+") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))


def test_nothing_is_wrong_with_a_base_in_use(base: KnowledgeBase) -> None:
    base.put(RECORDS)
    base.save_index()
    base.put([replace(RECORDS[0], description="Elle fait du savon.")])
    assert found_in(base.folder) == []
    assert found_in(base.folder, quick=True) == []


@pytest.mark.parametrize("quick", [False, True])
def test_damaged_pages_are_found(folder: Path, quick: bool) -> None:
    torn(folder)
    (finding,) = found_in(folder, quick=quick)
    assert finding.about == "pages"
    assert "kb.sqlite is damaged" in finding.what
    assert "quisait restore" in finding.remedy
    assert [finding.about for finding in check_base(Settings(kb=folder), repair=True)] == ["pages"]


def test_a_database_that_cannot_be_opened_is_a_finding(folder: Path) -> None:
    (folder / DATABASE_FILE).write_bytes(b"SQLite format 3\0" + os.urandom(5_000))
    result = run("check", "--kb", folder)
    assert result.exit_code == 1
    assert result.stdout.startswith("problem  pages: ")


def test_a_folder_without_a_base_is_refused(tmp_path: Path) -> None:
    assert "is not a knowledge base" in run("check", "--kb", tmp_path).stderr


def test_what_does_not_fit_is_found_and_made_anew(folder: Path, tmp_path: Path) -> None:
    one = "where text_hash = (select min(text_hash) from embeddings)"
    cases = {
        "delete from passage_words_data where id > 10": "indexes: an index of the database does",
        "delete from embeddings": "vectors: there are 7 passages that are not embedded",
        "update embeddings set vector = zeroblob(4096)": "7 vectors are no unit vectors",
        f"update embeddings set vector = cast(x'007e' || substr(vector, 3) as blob) {one}": (
            "vectors: 1 vectors are no unit vectors of finite numbers"
        ),
        f"update embeddings set vector = x'003c' {one}": "1 vectors are no unit vectors",
        "update documents set text = 'Rien.' where kind = 'actor' and part = 'description'": (
            "texts: there are 3 actors whose description is not the text by which they are found"
        ),
        "update cases set title = 'x'": "1 cases whose title is not the text",
        "delete from documents where kind = 'case' and part = 'need'": "cases whose need is not",
        "update passages set start = -1 where id = (select max(id) from passages)": (
            "texts: there are 1 passages that are no part of their text"
        ),
        "delete from passage_words where rowid = (select max(id) from passages)": (
            "texts: there are 1 passages without words"
        ),
        "update properties set value = '0.0' where name = 'derivation'": "other rules (0.0)",
        "update properties set value = 'e5' where name = 'encoder'": "by another encoder",
    }
    for number, (statement, line) in enumerate(cases.items()):
        copy = shutil.copytree(folder, tmp_path / str(number))
        damaged(copy, statement)
        assert any(line in found for found in lines_of(copy)), (statement, lines_of(copy))
        assert repair(copy) == [], statement
        assert found_in(copy) == []


def test_an_index_of_the_database_that_does_not_fit_is_made_anew(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection, connection:
        name = "idx_actors_department"
        (sql,) = connection.execute(
            "select sql from sqlite_master where name = ?", [name]
        ).fetchone()
        before, _, after = sql.rpartition("department")
        connection.execute("pragma writable_schema = on")
        connection.execute(
            "update sqlite_master set sql = ? where name = ?", [f"{before}place{after}", name]
        )
    (finding,) = found_in(folder)
    assert "an index of the database does not fit its table" in finding.what
    assert repair(folder) == []


def test_by_a_damaged_index_nothing_is_taken_for_an_orphan_and_deleted(folder: Path) -> None:
    damaged(
        folder,
        "insert into dossiers (id, title, owner) values ('a-list', 'A list', 'ada')",
        "insert into dossier_entries (dossier_id, actor_id, note)"
        " values ('a-list', 'gants', 'Called')",
    )
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection:
        (root,) = connection.execute(
            "select rootpage from sqlite_master where name = 'sqlite_autoindex_dossiers_1'"
        ).fetchone()
        (size,) = connection.execute("pragma page_size").fetchone()
        connection.execute("pragma wal_checkpoint(truncate)")
    content = bytearray((folder / DATABASE_FILE).read_bytes())
    content[content.index(b"a-list", (root - 1) * size)] ^= 0x10
    (folder / DATABASE_FILE).write_bytes(content)
    (finding,) = found_in(folder, quick=True)
    assert finding.about == "orphans"
    assert repair(folder) == []
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection:
        assert connection.execute("select note from dossier_entries").fetchone() == ("Called",)


# Orphans


def all_belongings() -> list[Belonging]:
    with closing(SqliteStore(sqlite3.connect(":memory:"))) as store:
        store._connection.row_factory = sqlite3.Row
        from kb.store import migrations

        store._connection.isolation_level = None
        migrations.migrate(store.connection)
        return list(integrity._belongings(store))


def test_orphans_are_found_and_deleted(folder: Path, tmp_path: Path) -> None:
    for number, belonging in enumerate(all_belongings()):
        copy = shutil.copytree(folder, tmp_path / str(number))
        put_orphan(copy, belonging)
        with closing(Store.open(copy / DATABASE_FILE)) as store:
            what = [finding.what for finding in BaseCheck(store, quick=True).run()]
            assert f"1 rows of {belonging.table} belong to no row of {belonging.owner}" in what
            BaseCheck(store).repair()
            assert BaseCheck(store).run() == [], belonging


def put_orphan(folder: Path, belonging: Belonging) -> None:
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection, connection:
        columns = connection.execute(f"pragma table_xinfo({belonging.table})").fetchall()
        row: dict[str, object] = {
            name: 987_654 if type_ == "INTEGER" else "lost"
            for _, name, type_, _, _, _, hidden in columns
            if not hidden
        }
        row[belonging.column] = 987_654 if belonging.column in {"rowid", "word_id"} else "lost"
        if belonging.only != "1":
            row["kind"] = belonging.only.partition("'")[2].rstrip("'")
        if belonging.table in {"passages", "name_vocabulary"}:
            row[belonging.column] = 987_654
        names = ", ".join(f'"{name}"' for name in row)
        connection.execute(
            f"insert into {belonging.table} ({names}) values ({', '.join('?' * len(row))})",
            list(row.values()),
        )


# Files


def test_a_secret_that_others_can_read_is_found_and_closed(folder: Path) -> None:
    path = folder / SECRET_FILE
    path.write_text("x" * 64)
    path.chmod(0o644)
    (finding,) = found_in(folder)
    assert "can be read by others (mode 644)" in finding.what
    repair(folder)
    assert path.stat().st_mode & 0o777 == 0o600
    assert found_in(folder) == []


def test_a_new_base_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        KnowledgeBase.open(Settings(kb=tmp_path / "data" / "kb"), create=True).close()
    finally:
        os.umask(before)
    assert (tmp_path / "data" / "kb").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_look_into_is_told_of_and_closed(folder: Path) -> None:
    folder.chmod(0o755)
    (finding,) = found_in(folder)
    assert finding.is_note
    assert finding.what == f"other users of this computer may look into {folder} (mode 755)"
    assert f"chmod o-rwx {folder}" in finding.remedy
    repair(folder)
    assert folder.stat().st_mode & 0o777 == 0o750
    assert found_in(folder) == []


def test_a_short_secret_is_found(folder: Path) -> None:
    (folder / SECRET_FILE).write_text("short")
    (folder / SECRET_FILE).chmod(0o600)
    assert lines_of(folder) == ["secret: secret is damaged"]


def test_uploads_and_jobs_are_compared(folder: Path) -> None:
    base = KnowledgeBase(folder, WordCountEncoder)
    lost, old, waiting = (letter * 32 for letter in "abc")
    for name in (lost, waiting):
        path = folder / UPLOADS / name / "actors.csv"
        base.jobs.add("directory", {"path": str(path), "source": "x"}, by="Camille")
    for name in (old, waiting):
        (folder / UPLOADS / name).mkdir(parents=True)
    os.utime(folder / UPLOADS / old, (0, 0))
    base.close()
    assert lines_of(folder) == [
        "uploads: the files of 1 uploads that wait for their job are not there",
        "uploads: 1 uploads belong to no job",
    ]


# The command


def test_the_command_tells_repairs_and_exits(folder: Path) -> None:
    whole = run("check", "--kb", folder)
    assert (whole.exit_code, whole.stdout) == (0, "Nothing is wrong.\n")
    damaged(folder, "delete from embeddings")
    told = run("check", "--kb", folder)
    assert told.exit_code == 1
    assert told.stdout.splitlines() == [
        "problem  vectors: there are 7 passages that are not embedded",
        "         They are found by their words alone.",
        "         Run `quisait rebuild`.",
    ]
    plain = json.loads(run("check", "--json", "--quick", "--kb", folder).stdout)
    assert [found["about"] for found in plain] == ["vectors"]
    assert run("check", "--repair", "--kb", folder).exit_code == 0
    assert run("check", "--kb", folder).exit_code == 0


# The status


def test_a_status_does_not_call_damaged_pages_healthy(folder: Path) -> None:
    damaged(folder, "create table unread as select value from json_each('[1, 2]')")
    torn(folder, "unread")
    plain = json.loads(run("status", "--json", "--kb", folder).stdout)
    assert plain["pages"] == "damaged"
    assert "kb.sqlite is damaged" in plain["problems"][0]
