import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner

from kb.address import DATABASE_FILE, SECRET_FILE
from kb.errors import EncoderError
from kb.knowledge_base import KnowledgeBase
from kb.registers.jobs import JobState
from kb.settings import Settings
from kb.store.migrations import SCHEMA_VERSION
from kb.upkeep import installation
from kb.upkeep.backup import back_up
from kb.upkeep.check import Finding
from kb.upkeep.installation import Installation
from tests.data.schemas import unpacked
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS
from web.cli import main

SOUND = {
    "QUISAIT_PUBLIC_URL": "https://kb.example/savoir",
    "FORWARDED_ALLOW_IPS": "10.0.0.7",
}


@pytest.fixture(autouse=True)
def _a_sound_computer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kb.upkeep.installation.load_encoder", lambda _: WordCountEncoder())
    monkeypatch.setattr(installation, "ENOUGH_ROOM", 1)
    monkeypatch.setattr(installation, "ENOUGH_MEMORY", 1)
    monkeypatch.setattr(time, "tzname", ("CET", "CEST"))
    monkeypatch.setattr("kb.upkeep.installation.shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setenv("QUISAIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(base: KnowledgeBase) -> Path:
    base.put(RECORDS)
    base.close()
    return base.folder


@pytest.fixture
def backups(folder: Path, tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    back_up(Settings(kb=folder), tmp_path / "backups" / "kb.zip")
    return tmp_path / "backups"


Found = Callable[..., list[Finding]]


@pytest.fixture
def found(folder: Path, backups: Path, monkeypatch: pytest.MonkeyPatch) -> Found:
    """What is found in an environment, a folder and backups: all sound unless given."""

    def found_in(
        environment: Mapping[str, str] = SOUND, at: Path = folder, kept: Path | None = backups
    ) -> list[Finding]:
        with monkeypatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            return Installation({**environment}, at, kept).findings()

    return found_in


def test_nothing_is_wrong_with_a_sound_installation(found: Found) -> None:
    assert found() == []


WRONG = (
    ({"QUISAIT_PUBLIC_ULR": "x"}, "QUISAIT_PUBLIC_ULR is no setting", "QUISAIT_PUBLIC_URL"),
    ({"QUISAIT_XYZZY": "x"}, "QUISAIT_XYZZY is no setting", "Take it away"),
    ({"QUISAIT_THREADS": "many"}, "QUISAIT_THREADS cannot be used", "Correct it"),
    ({"QUISAIT_SECRET": "short"}, "QUISAIT_SECRET cannot be used: it should have 32", ""),
    ({"QUISAIT_PUBLIC_URL": "http://kb.example"}, "is not encrypted", "https://"),
    ({"QUISAIT_PUBLIC_URL": "https://kb.example/?a=b"}, "PUBLIC_URL cannot be used", "Correct"),
    ({"FORWARDED_ALLOW_IPS": "*"}, "trusts everybody", "Name the addresses"),
    (
        {"QUISAIT_SMTP_URL": "smtps://mail.example:465"},
        "no mail is sent: QUISAIT_MAIL_FROM is not set",
        "quisait mail test",
    ),
)


def test_settings_that_are_wrong_are_named(found: Found) -> None:
    for environment, line, remedy in WRONG:
        (finding,) = found({**SOUND, **environment})
        assert line in finding.what
        assert remedy in finding.remedy
        assert not finding.is_note
        assert "short" not in finding.what or "SECRET" not in finding.what


def test_without_an_address_or_a_list_of_proxies_there_are_notes(found: Found) -> None:
    addressed = {"QUISAIT_PUBLIC_URL": SOUND["QUISAIT_PUBLIC_URL"]}
    notes = [*found({}), *found(addressed)]
    assert [(note.about, note.is_note) for note in notes] == [("address", True), ("proxy", True)]


def test_what_the_computer_lacks_is_named(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_encoder(_: object) -> NoReturn:
        raise EncoderError("The model cannot be unpacked.")

    monkeypatch.setattr("kb.upkeep.installation.load_encoder", no_encoder)
    monkeypatch.setattr(installation, "ENOUGH_ROOM", 10**18)
    monkeypatch.setattr(installation, "ENOUGH_MEMORY", 10**18)
    monkeypatch.setattr(time, "tzname", ("UTC", "UTC"))
    monkeypatch.setattr("kb.upkeep.installation.shutil.which", lambda _: None)
    findings = found()
    problems = [finding.what for finding in findings if not finding.is_note]
    assert "The model cannot be unpacked" in problems
    assert [what for what in problems if "MB of memory" in what]
    assert len([what for what in problems if "MB are free for" in what]) == 2
    notes = [finding.what for finding in findings if finding.is_note]
    assert notes == ["tesseract is not installed", "the time zone is UTC"]


def test_a_broken_base_hides_nothing_else(folder: Path, found: Found) -> None:
    (folder / DATABASE_FILE).write_bytes(b"SQLite format 3\0" + os.urandom(9_000))
    (folder / SECRET_FILE).write_text("s" * 64)
    (folder / SECRET_FILE).chmod(0o644)
    findings = found({**SOUND, "QUISAIT_XYZZY": "x"})
    assert [finding.about for finding in findings] == ["settings", "base", "secret"]


def test_an_older_base_is_looked_at_and_left_as_it_is(tmp_path: Path, found: Found) -> None:
    (tmp_path / "old").mkdir(mode=0o700)
    before = unpacked(30, tmp_path / "old" / DATABASE_FILE).read_bytes()
    (note,) = found(at=tmp_path / "old")
    assert note.what == f"it has schema 30, this program {SCHEMA_VERSION}"
    assert (tmp_path / "old" / DATABASE_FILE).read_bytes() == before


def test_failed_jobs_are_noted(folder: Path, found: Found) -> None:
    base = KnowledgeBase(folder, WordCountEncoder)
    base.jobs.add("feed", {"url": "https://reseau.example"}, by="Camille")
    job = base.jobs.claim()
    assert job
    base.jobs.finish(job.id, JobState.FAILED, {}, "no feed is there")
    base.close()
    (note,) = found()
    assert note.what == "1 jobs failed in the last days, the last with: no feed is there"


def test_backups_are_looked_for(
    backups: Path, found: Found, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (note,) = found(kept=None)
    assert note.is_note
    (backups / "other").write_text("no backup")
    assert found() == []
    monkeypatch.setattr(installation, "OLD_BACKUP", -installation.OLD_BACKUP)
    (old,) = found()
    assert "the newest backup in" in old.what
    (none,) = found(kept=tmp_path / "nowhere")
    assert none.what.endswith("has no backup")


def test_the_command_tells_as_text_and_json(
    folder: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SOUND.items():
        monkeypatch.setenv(name, value)
    arguments = ["doctor", "--kb", str(folder), "--backups", str(backups)]
    sound = CliRunner().invoke(main, arguments)
    assert (sound.exit_code, sound.stdout) == (0, "Nothing is wrong.\n")
    monkeypatch.setenv("QUISAIT_THREADS", "many")
    told = CliRunner().invoke(main, arguments)
    assert told.exit_code == 1
    assert told.stdout.startswith("problem  settings: QUISAIT_THREADS cannot be used")
    plain = json.loads(CliRunner().invoke(main, [*arguments, "--json"]).stdout)
    assert [(found["level"], found["about"]) for found in plain] == [("problem", "settings")]
    assert {"what", "why", "remedy"} <= plain[0].keys()


def test_an_address_with_which_the_server_does_not_start_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for taken in ("fr", "static", "mcp"):
        monkeypatch.setenv("QUISAIT_PUBLIC_URL", f"https://net.example/{taken}")
        result = CliRunner().invoke(main, ["doctor", "--kb", str(tmp_path / "none")])
        assert f"/{taken} is an address of this program" in result.stdout
    monkeypatch.setenv("QUISAIT_PUBLIC_URL", "https://net.example/savoir")
    result = CliRunner().invoke(main, ["doctor", "--kb", str(tmp_path / "none")])
    assert "is an address of this program" not in result.stdout
