import json
import os
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.address import DATABASE_FILE, SECRET_FILE
from kb.errors import FileError, KnowledgeBaseError, NotAKnowledgeBase, SchemaTooNew
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.settings import Settings
from kb.store import migrations
from kb.upkeep import restore
from kb.upkeep.backup import MANIFEST, BackupFile, back_up
from kb.whole_file import SCRATCH
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS
from tests.kb.upkeep.places import UPLOAD
from web.cli import main


@pytest.fixture(autouse=True)
def _word_counts_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("kb.knowledge_base", "kb.upkeep.check"):
        monkeypatch.setattr(f"{module}.load_encoder", lambda _: WordCountEncoder())


def settings(folder: Path) -> Settings:
    return Settings(kb=folder)


def every_row(folder: Path) -> Mapping[str, list[str]]:
    """Every row of every table, in any order; without the epochs of sessions, which are raised."""
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        found = {}
        for (table,) in tables.fetchall():
            columns = [row[1] for row in connection.execute(f'pragma table_info("{table}")')]
            chosen = ", ".join(f'"{name}"' for name in columns if name != "session_epoch")
            rows = connection.execute(f'select {chosen} from "{table}"')
            found[table] = sorted(map(repr, rows))
        return found


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


# The drill


# What is in a backup


def test_the_secret_can_be_left_out(filled: KnowledgeBase, tmp_path: Path) -> None:
    manifest = back_up(settings(filled.folder), tmp_path / "backup.zip", with_secret=False)
    assert not manifest.has_secret
    assert "s" * 64 not in (tmp_path / "backup.zip").read_bytes().decode("latin-1")
    restore.restore(tmp_path / "backup.zip", settings(tmp_path / "new"))
    assert not (tmp_path / "new" / SECRET_FILE).exists()


def test_a_backup_never_replaces_a_file_unasked(filled: KnowledgeBase, tmp_path: Path) -> None:
    target = tmp_path / "backup.zip"
    target.write_text("precious")
    with pytest.raises(FileError, match="exists already"):
        back_up(settings(filled.folder), target)
    assert target.read_text() == "precious"
    back_up(settings(filled.folder), target, overwrite=True)
    with BackupFile(target) as made:
        made.verify()


def test_a_damaged_base_is_not_backed_up(filled: KnowledgeBase, tmp_path: Path) -> None:
    filled.close()
    with closing(sqlite3.connect(filled.folder / DATABASE_FILE)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
        (page,) = connection.execute(
            "select rootpage from sqlite_master where name = 'accounts'"
        ).fetchone()
    with (filled.folder / DATABASE_FILE).open("rb+") as file:
        file.seek((page - 1) * 4096)
        file.write(os.urandom(4096))
    with pytest.raises(NotAKnowledgeBase, match="no backup was made"):
        back_up(settings(filled.folder), tmp_path / "backup.zip")
    assert not [*tmp_path.glob("backup.zip"), *tmp_path.glob(f"{SCRATCH}*")]


def test_a_backup_that_fails_leaves_nothing(
    filled: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kb.upkeep.backup.zipfile.ZipFile.writestr", full)
    with pytest.raises(FileError, match="cannot be written: No space left"):
        back_up(settings(filled.folder), tmp_path / "backup.zip")
    assert not [*tmp_path.glob("backup.zip"), *tmp_path.glob(f"{SCRATCH}*")]


# Files that are no backups


@pytest.fixture
def made(filled: KnowledgeBase, tmp_path: Path) -> Path:
    back_up(settings(filled.folder), tmp_path / "backup.zip")
    return tmp_path / "backup.zip"


def altered(path: Path, alter: Callable[[dict[str, bytes]], object], **manifest: object) -> Path:
    """A backup with other members, packed anew, and its manifest made to fit unless said."""
    with zipfile.ZipFile(path) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    alter(members)
    plain = json.loads(members.pop(MANIFEST))
    plain["names"] = [*members]
    plain |= manifest
    target = path.with_name("altered.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
        packed.writestr(MANIFEST, json.dumps(plain))
    return target


def test_members_that_no_backup_has_are_refused(made: Path, tmp_path: Path) -> None:
    for name in (
        "../outside",
        "/tmp/outside",  # noqa: S108
        "uploads/../secret",
        f"uploads/{UPLOAD}/../../secret2",
        f"uploads/{UPLOAD}/.hidden",
        "C:\\outside",
        "passages.faiss",
        "kb.sqlite-wal",
        f"uploads/{UPLOAD}/a/b",
    ):
        strange = altered(made, lambda members, name=name: members.update({name: b"x"}))  # type: ignore[misc]
        with pytest.raises(FileError, match="members that no backup has"):
            restore.restore(strange, settings(tmp_path / "new"))
        assert not (tmp_path / "new").exists()


def test_every_flipped_byte_is_found(made: Path) -> None:
    """In steps through the file: headers, packed members, manifest, directory of the zip."""
    whole = made.read_bytes()
    with BackupFile(made) as backup_file:
        manifest = backup_file.manifest
    broken = made.with_name("broken.zip")
    for place in [*range(0, len(whole), max(1, len(whole) // 150)), len(whole) - 5]:
        broken.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            with BackupFile(broken) as backup_file:
                backup_file.verify()
                # Only what says nothing of the content may differ: times, and the zip's comments.
                assert backup_file.manifest == manifest
        except FileError:
            continue


def test_a_bomb_is_refused_unread(made: Path, tmp_path: Path) -> None:
    bomb = altered(made, lambda members: members.update({SECRET_FILE: bytes(50_000_000)}))
    with pytest.raises(FileError, match="members that no backup has"):
        restore.restore(bomb, settings(tmp_path / "new"))


def test_a_manifest_that_says_something_else_is_refused(made: Path) -> None:
    others: list[tuple[dict[str, object], str]] = [
        ({"names": []}, "other members than its manifest names"),
        ({"names": "x"}, "its manifest is damaged"),
        ({"rows": None}, "its manifest is damaged"),
        ({"schema": "x"}, "its manifest is damaged"),
    ]
    for manifest, line in others:
        with pytest.raises(FileError, match=line):
            BackupFile(altered(made, lambda _: None, **manifest))


def test_a_backup_of_a_later_schema_is_refused(made: Path, tmp_path: Path) -> None:
    later = altered(made, lambda _: None, schema=migrations.SCHEMA_VERSION + 1)
    with pytest.raises(SchemaTooNew, match="Use the version that wrote it"):
        restore.restore(later, settings(tmp_path / "new"))


def test_other_files_are_no_backups(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as packed:
        packed.writestr("a", "b")
    for name, line in {
        "text": "is not a backup",
        "other.zip": "it is another zip",
        "missing": "cannot be read: No such file",
    }.items():
        with pytest.raises(FileError, match=line):
            BackupFile(tmp_path / name)


# The way back


def test_a_base_in_use_is_not_replaced(filled: KnowledgeBase, made: Path) -> None:
    assert filled.status().actors == 3  # its connection stays open
    before = every_row(filled.folder)
    with pytest.raises(KnowledgeBaseError, match="is in use: stop the server"):
        restore.restore(made, settings(filled.folder), replace=True)
    assert every_row(filled.folder) == before


def test_a_damaged_base_is_replaced(filled: KnowledgeBase, made: Path) -> None:
    filled.close()
    (filled.folder / DATABASE_FILE).write_bytes(os.urandom(10_000))
    assert restore.restore(made, settings(filled.folder), replace=True).findings == []


def test_whoever_was_signed_out_since_is_not_signed_in_again(
    filled: KnowledgeBase, tmp_path: Path
) -> None:
    account = filled.accounts.get("Camille")
    filled.sessions.add("hash", account, "a browser")
    back_up(settings(filled.folder), tmp_path / "backup.zip")
    restore.restore(tmp_path / "backup.zip", settings(tmp_path / "new"))
    base = KnowledgeBase(tmp_path / "new", WordCountEncoder)
    assert base.accounts.get("Camille").session_epoch == account.session_epoch + 1
    base.close()
    assert every_row(filled.folder)["sessions"] != []
    assert every_row(tmp_path / "new")["sessions"] == []


# Erased records


@pytest.mark.parametrize("is_replaced", [True, False])
def test_what_was_erased_since_is_erased_again(
    filled: KnowledgeBase, made: Path, tmp_path: Path, is_replaced: bool
) -> None:
    filled.erase(Kind.ACTOR, "matha", by="Camille")
    filled.close()
    if is_replaced:
        folder = filled.folder
        restored = restore.restore(made, settings(folder), replace=True)
    else:
        folder = tmp_path / "new"
        restored = restore.restore(made, settings(folder), erased_from=filled.folder)
    assert restored.erased_again == 1
    assert restored.findings == []
    base = KnowledgeBase(folder, WordCountEncoder)
    assert base.status().actors == 2
    assert base.put(RECORDS)[1] == "withdrawn"  # nor does an ingest bring it back
    base.close()
    for path in folder.glob("*"):
        assert path.is_dir() or b"met des spiritueux en bouteilles" not in path.read_bytes()


# The commands


def test_the_commands_back_up_check_and_restore(filled: KnowledgeBase, tmp_path: Path) -> None:
    target = tmp_path / "backup.zip"
    result = run("backup", target, "--kb", filled.folder)
    assert result.exit_code == 0, result.output
    assert f"{target}: 3 actors, 1 cases, 2 uploads; made on 20" in result.output
    assert run("backup", target, "--kb", filled.folder).exit_code == 1
    assert run("backup", target, "--kb", filled.folder, "--overwrite").exit_code == 0
    whole = run("check", target)
    assert (whole.exit_code, whole.stdout.endswith("It is whole.\n")) == (0, True)
    assert "not for a FILE" in run("check", target, "--repair").stderr
    restored = run("restore", target, "--kb", tmp_path / "new")
    assert restored.exit_code == 0, restored.output
    assert restored.stdout.endswith("Nothing is wrong.\n")
    filled.erase(Kind.ACTOR, "matha", by="")
    again = run(
        "restore", target, "--kb", tmp_path / "new", "--replace", "--erased-from", filled.folder
    )
    assert "Erased again: 1.\n" in again.stdout
    assert "What was there is in" in again.stdout


def test_a_backup_goes_to_standard_output(filled: KnowledgeBase, tmp_path: Path) -> None:
    """As for `quisait backup - | age …`."""
    done = run("backup", "-", "--without-secret", "--kb", filled.folder)
    (tmp_path / "piped.zip").write_bytes(done.stdout_bytes)
    assert "without the secret" in done.stderr
    restored = restore.restore(tmp_path / "piped.zip", settings(tmp_path / "new"))
    assert restored.findings == []
