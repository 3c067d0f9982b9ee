import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kb.models import Kind
from kb.store import migrations
from kb.store.store import Store
from tests.data.schemas import unpacked

EARLIER = 30
KEPT = f"kb.before-schema-{migrations.SCHEMA_VERSION}.sqlite"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A base of an earlier schema."""
    return unpacked(EARLIER, tmp_path / "kb.sqlite")


def test_the_copy_kept_before_a_migration_is_the_base_before(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As the docs describe a way back; the program of that time opens what it wrote itself."""
    database.chmod(0o640)
    database.with_name("kb.before-schema-3.sqlite").touch()
    before = shutil.copyfile(database, database.with_name("former"))
    Store.open(database).close()
    (kept,) = database.parent.glob("kb.before-schema-*")
    assert kept.name == KEPT
    assert kept.stat().st_mode & 0o777 == 0o640
    assert any(kept.name in line for line in caplog.messages if "a copy of it" in line)
    with closing(sqlite3.connect(kept)) as back, closing(sqlite3.connect(before)) as former:
        assert list(back.iterdump()) == list(former.iterdump())
        assert migrations.version_of(back) == EARLIER
    for companion in database.parent.glob("kb.sqlite-*"):
        companion.unlink()
    kept.replace(database)
    Store.open(database).close()
    with closing(sqlite3.connect(database)) as again:
        assert migrations.version_of(again) == migrations.SCHEMA_VERSION
    assert kept.exists()


def test_what_is_erased_is_in_no_copy(database: Path) -> None:
    store = Store.open(database)
    with store.changing():
        store.remove(Kind.ACTOR, "avel")
    store.scrub()
    store.close()
    assert not list(database.parent.glob("kb.before-schema-*"))
