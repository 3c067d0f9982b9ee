"""A little of what `tests/reliability` does for longer, each in a process that may fork."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kb.settings import Settings
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
