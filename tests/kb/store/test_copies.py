import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kb.models import Kind
from kb.store import copies, migrations
from kb.store.copies import copy_database, kept_copies
from kb.store.store import Store
from tests.data.schemas import unpacked

EARLIER = 30


def rows(path: Path) -> dict[str, list[Any]]:
    """Every row of every table, by table."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        return {
            table: sorted(connection.execute(f"select * from {table}").fetchall(), key=repr)
            for (table,) in tables.fetchall()
        }


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return migrations.version_of(connection)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A base of an earlier schema."""
    return unpacked(EARLIER, tmp_path / "kb.sqlite")


def test_a_copy_is_of_one_state_while_another_writes(tmp_path: Path, database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute("create table pairs (a, b)")
        writer.executemany("insert into pairs values (?, ?)", [(0, "x" * 3_000)] * 5_000)
        written = 0

        class Interrupted(sqlite3.Connection):
            """A source whose base is written between one step of its copy and the next."""

            def backup(self, target: sqlite3.Connection, **options: Any) -> None:
                def write(*_progress: int) -> None:
                    nonlocal written
                    written += 1
                    writer.execute("update pairs set a = ?", [written])

                super().backup(target, **{**options, "progress": write})

        with closing(
            sqlite3.connect(database, factory=Interrupted, isolation_level=None)
        ) as source:
            copy_database(source, tmp_path / "copy.sqlite")
    assert written > 3
    with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as copy:
        assert copy.execute("select distinct a from pairs").fetchall() == [(0,)]
        assert copy.execute("pragma integrity_check").fetchall() == [("ok",)]
    assert not list(tmp_path.glob("copy.sqlite-*"))


def test_a_copy_is_kept_before_a_migration(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database.chmod(0o640)
    before = rows(database)
    Store.open(database).close()
    assert version(database) == migrations.SCHEMA_VERSION
    (kept,) = kept_copies(database)
    assert kept.name == f"kb.before-schema-{migrations.SCHEMA_VERSION}.sqlite"
    assert rows(kept) == before
    assert version(kept) == EARLIER
    assert kept.stat().st_mode & 0o777 == 0o640
    (line,) = [line for line in caplog.messages if "a copy of it" in line]
    assert kept.name in line


def test_nobody_else_reads_a_copy_while_it_is_made(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    copied = copies.copy_database

    def copying(source: sqlite3.Connection, target: Path) -> None:
        copied(source, target)
        modes.append(target.stat().st_mode & 0o777)

    monkeypatch.setattr(copies, "copy_database", copying)
    database.chmod(0o600)
    before = os.umask(0o022)
    try:
        Store.open(database).close()
    finally:
        os.umask(before)
    assert modes == [0o600]


def test_the_latest_two_copies_are_kept(database: Path) -> None:
    for number in (2, 3, 10):
        database.with_name(f"kb.before-schema-{number}.sqlite").touch()
    Store.open(database).close()
    assert [path.name for path in kept_copies(database)] == [
        "kb.before-schema-10.sqlite",
        f"kb.before-schema-{migrations.SCHEMA_VERSION}.sqlite",
    ]


def test_what_is_erased_is_in_no_copy(database: Path) -> None:
    store = Store.open(database)
    with store.changing():
        store.remove(Kind.ACTOR, "avel")
    store.scrub()
    store.close()
    assert kept_copies(database) == []
