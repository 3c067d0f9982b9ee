"""A little of what `tests/reliability` does for longer, each in a process that may fork."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kb.settings import Settings
from tests.reliability import days
from tests.reliability.load.run import Lengths, run
from tests.reliability.load.visitors import Publisher, Reader, Searcher, Typist, Uploader
from tests.web.operations.small_server import SmallBase

pytestmark = pytest.mark.thorough


def summary(module: str, runs: int) -> Any:
    """What some runs come to."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.reliability.{module}", "--runs", str(runs), "--seed", "4"],
        check=False,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_processes_that_are_killed_lose_nothing() -> None:
    found = summary("kills", 12)
    assert found["faults"] == []
    assert found["killed"] == 12


def test_damage_is_said_or_repaired() -> None:
    found = summary("damage", 24)
    assert found["faults"] == []


def test_a_disk_that_takes_no_more_loses_nothing() -> None:
    found = summary("disk", 16)
    assert found["faults"] == []
    assert any("the disk is full, or at fault" in line for line in found["said"])
    assert any("cannot be written" in line for line in found["said"])


def test_visitors_of_each_kind_are_answered_and_what_they_publish_is_kept(tmp_path: Path) -> None:
    SmallBase.open(Settings(kb=tmp_path / "kb")).close()
    found = run(
        tmp_path / "kb",
        {Searcher: 3, Reader: 2, Typist: 1, Publisher: 1, Uploader: 1},
        Lengths(alone=0, warm=0, mixed=5),
        hurry=8,
        program=("tests.web.operations.small_server",),
        patience_s=600,
    )
    assert found["faults"] == []
    assert found["searches"] > 0
    assert found["published"] > 0
    assert found["answered"]["page"]["count"] > 0


AUTUMN = days.Setting("autumn", "2027-10-31 02:58", "Europe/Paris", "C")


def test_another_day_begins_at_its_hour_of_its_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "x86_64" / days.LIBRARY
    library.parent.mkdir(parents=True)
    library.touch()
    monkeypatch.setattr(days, "time", SimpleNamespace(time=lambda: 1_000_000_000))
    environment = days.environment_of(AUTUMN, tmp_path)
    assert environment["FAKETIME"] == "+824944280"  # 2027-10-31T00:58Z, before clocks are set back
    assert environment["LD_PRELOAD"] == str(library)
    assert (environment["TZ"], environment["LC_ALL"]) == ("Europe/Paris", "C")


def test_what_moves_the_clock_is_named_where_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"^the clock cannot be moved: apt-get install faketime$"):
        days.environment_of(AUTUMN, tmp_path)


def test_what_fails_on_another_day_is_told_with_its_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "environment_of", lambda setting: {**os.environ, "TZ": setting.zone})
    tried = tmp_path / "test_of_zones.py"
    tried.write_text(
        "import os\n\ndef test_zone():\n    assert os.environ['TZ'] != 'UTC'\n"
        "\ndef test_name():\n    assert os.environ['TZ']\n",
        encoding="utf-8",
    )
    found = days.main(only=["leap", "year-end"], paths=[str(tried)], processes="0")
    assert (found["settings"], found["tests"]) == (["leap", "year-end"], 3)
    (fault,) = found["faults"]
    assert fault.startswith("year-end: FAILED ")
    assert "test_zone" in fault
    assert days.main(minutes=0, paths=[str(tried)], processes="0")["settings"] == []
