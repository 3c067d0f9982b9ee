"""A backup of a folder or of PostgreSQL is one kind of file, and comes back in either."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kb.address import ASIDE, DATABASE_FILE, SECRET_FILE, UPLOADS, Place, PostgresAddress
from kb.errors import FileError
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Kind
from kb.registers.kept_files import KeptFiles
from kb.store import migrations
from kb.store.connection import CopiedRow
from kb.store.pool import StorePool
from kb.store.postgres.store import PostgresStore
from kb.upkeep import restore as restoring
from kb.upkeep.backup import BackupFile, back_up
from kb.upkeep.base_copy import copy_base
from kb.upkeep.restore import restore
from kb.whole_file import SCRATCH
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS
from tests.kb.upkeep.places import UPLOAD, NewPlace, content, given, settings, store_of
from web.cli import main

FILES = [f"{UPLOADS}/{UPLOAD}/actors.csv", f"{UPLOADS}/{UPLOAD}/empty.csv"]


@pytest.fixture(autouse=True)
def _word_counts_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("kb.knowledge_base", "kb.upkeep.check"):
        monkeypatch.setattr(f"{module}.load_encoder", lambda _: WordCountEncoder())


@pytest.fixture
def place(filled: KnowledgeBase, new_place: NewPlace) -> Place:
    """A base of each engine, with the content of `filled`."""
    filled.close()
    copy_base(settings(filled.folder), settings(new_place("backed_up")))
    return new_place("backed_up")


@pytest.fixture
def made(place: Place, tmp_path: Path) -> Path:
    back_up(settings(place), tmp_path / "backup.zip")
    return tmp_path / "backup.zip"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def opened(place: Place) -> KnowledgeBase:
    return KnowledgeBase.open(settings(place))


def rows_of(place: Place, like: Place) -> dict[str, object]:
    """All rows, with the columns that both have, and without the ends of sessions."""
    with closing(store_of(place)) as store, closing(store_of(like)) as other:
        columns = {
            name: sorted({*store.columns(name), *other.columns(name)} - {"session_epoch"})
            for name in store.tables()
        }
    return dict(content(place, columns))


@pytest.mark.parametrize("target", ["folder", "address"])
def test_a_backup_of_either_engine_comes_back_in_either(
    made: Path, place: Place, target: str, database: str, tmp_path: Path
) -> None:
    with BackupFile(made) as backup:
        assert backup.manifest.names == (DATABASE_FILE, SECRET_FILE, *FILES)
        assert backup.manifest.rows["actors"] == 3
        assert backup.manifest.schema == migrations.SCHEMA_VERSION
    schema = f"back_{abs(hash(given(place)))}"
    to: Place = (
        tmp_path / "back" if target == "folder" else PostgresAddress(f"{database}&schema={schema}")
    )
    restored = restore(made, settings(to))
    assert (restored.findings, restored.aside) == ([], "")
    assert rows_of(to, place) == rows_of(place, to)
    if isinstance(to, Path):
        assert (to / SECRET_FILE).read_text() == "s" * 64
        assert (to / FILES[1]).read_bytes() == b""
    else:
        with closing(StorePool(to)) as stores:
            assert KeptFiles(stores).names("") == [SECRET_FILE, *FILES]
    with closing(opened(to)) as base:
        assert base.search("gants de cuir").hits[0].actor.id == "gants"
    assert not list(settings(to).folder.glob(f"{SCRATCH}*"))


def test_what_is_replaced_is_put_aside_and_knows_what_was_erased(made: Path, place: Place) -> None:
    with closing(opened(place)) as base:
        base.put([Actor("neuf", "Neuf", "Un atelier neuf.")])
        base.erase(Kind.ACTOR, "matha", by="Camille")
    with pytest.raises(FileError, match="is not empty: name another with --kb, or say --replace"):
        restore(made, settings(place))
    if isinstance(place, Path):
        (place / DATABASE_FILE).chmod(0o640)
    restored = restore(made, settings(place), replace=True)
    assert restored.erased_again == 1
    assert ASIDE in restored.aside
    if isinstance(place, Path):
        assert (place / DATABASE_FILE).stat().st_mode & 0o777 == 0o640
    with closing(opened(place)) as base:
        assert base.status().actors == len(RECORDS) - base.status().cases - 1
        unreached = base.personal_data.unreached()
        assert [what.value for what, _ in unreached] == ["aside", "upload", "upload"]
        assert unreached[0][1] == restored.aside
        assert base.put([Actor("neuf", "Neuf", "Un atelier neuf.")]) == ["added"]
        assert base.search("atelier neuf").hits[0].actor.id == "neuf"


def test_a_restoring_that_fails_leaves_the_base_as_it_was(
    made: Path, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(opened(place)) as base:
        base.put([Actor("neuf", "Neuf", "Un atelier neuf.")])
    before = content(place)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    # The last moment at which rows can be lost, in either engine.
    monkeypatch.setattr("kb.upkeep.base_copy.kept_rows", full)
    monkeypatch.setattr(restoring, "_exchange", full)
    with pytest.raises(FileError, match="No space left"):
        restore(made, settings(place), replace=True)
    assert content(place) == before
    assert not list(settings(place).folder.glob(f"{SCRATCH}*"))


def test_a_backup_is_of_one_state_while_others_write(
    filled: KnowledgeBase, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = PostgresAddress(f"{database}&schema=amid")
    copy_base(settings(filled.folder), settings(place))
    before = content(place)
    written = 0
    with closing(opened(place)) as writer:
        rows_of_table = PostgresStore.rows

        def rows(*arguments: Any) -> Iterator[CopiedRow]:
            nonlocal written
            for row in rows_of_table(*arguments):
                if written < 3:
                    written += 1
                    writer.put([Actor("aaa", "Aaa", f"Un atelier fait {written} choses.")])
                yield row

        monkeypatch.setattr(PostgresStore, "rows", rows)
        back_up(settings(place), tmp_path / "amid.zip")
    assert written == 3
    restore(tmp_path / "amid.zip", settings(tmp_path / "amid"))
    after = content(tmp_path / "amid")
    assert after["actors"] == before["actors"]
    assert after["passages"] == before["passages"]


def test_a_base_is_there_or_not_or_cannot_be_asked(
    place: Place, new_place: NewPlace, tmp_path: Path
) -> None:
    there = run("status", "--schema", "--kb", given(place))
    assert (there.exit_code, there.stdout) == (0, f"{migrations.SCHEMA_VERSION}\n")
    none = run("status", "--schema", "--kb", given(new_place("none")))
    assert (none.exit_code, none.stdout) == (0, "0\n")
    unreachable = f"postgresql:///x?host={tmp_path}"
    if isinstance(place, Path):
        (place / DATABASE_FILE).write_bytes(b"no database")
        unreachable = str(place)
    asked = run("status", "--schema", "--kb", unreachable)
    assert (asked.exit_code, asked.stdout) == (1, "")
    assert len(asked.stderr.splitlines()) == 1
