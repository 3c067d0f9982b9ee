"""A little of what `tests/reliability` does for longer, each in a process that may fork."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
    assert set(found["met"]["passages.faiss"]) == {"right"}


def test_a_disk_that_takes_no_more_loses_nothing() -> None:
    found = summary("disk", 12)
    assert found["faults"] == []
    assert any("the disk is full, or at fault" in line for line in found["said"])
    assert any("cannot be written" in line for line in found["said"])
