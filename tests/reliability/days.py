"""Runs the quick tests on other days, at other hours, in other time zones and languages.

    python -m tests.reliability.days                          # all of them, under each setting
    python -m tests.reliability.days --only leap tests/web    # some of them, under one

`libfaketime` moves the clock of each process, but not what measures how long something takes, nor
the clocks of PostgreSQL and of files. The setting under way when the minutes end is not among those
that were tried, but its failures are told. Where minutes are few, each day begins with another one.
"""

import argparse
import json
import locale
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parents[2]
LIBRARY = "faketime/libfaketimeMT.so.1"
NOT_FAKED = ("postgres", "initdb")
"""Programs that wait for ever under a moved clock."""

BY_AGES_OF_FILES = (
    "tests/ingest/test_uploads.py::test_uploads_are_deleted_when_nothing_needs_them",
    "tests/ingest/test_uploads.py::test_what_a_killed_process_left_is_deleted",
    "tests/kb/upkeep/test_backup.py::test_what_killed_processes_left_is_deleted",
    "tests/kb/upkeep/test_check.py::test_what_a_killed_process_left_is_deleted",
    "tests/web/editorial/test_contribute.py::test_a_long_text_that_becomes_no_draft_is_given_back",
)
"""Tests that are left out: files are written by the machine's own clock, which stays."""

QUICK = "not slow and not browser and not thorough"
UNHURRIED_MINUTES = 24 * 60.0
DAY_S = 24 * 3600

Summary = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """When the tests begin, by the clock of a time zone, and the language of the machine."""

    name: str
    starts: str
    zone: str
    language: str


SETTINGS = (
    Setting("leap", "2028-02-29 12:00", "Europe/Paris", "fr_FR.UTF-8"),
    Setting("year-end", "2026-12-31 23:58", "UTC", "de_DE.UTF-8"),
    Setting("new-year", "2027-01-01 00:01", "Pacific/Auckland", "tr_TR.UTF-8"),
    Setting("spring", "2027-03-28 01:58", "Europe/Paris", "fr_FR.UTF-8"),
    Setting("autumn", "2027-10-31 02:58", "Europe/Paris", "C"),
    Setting("month-end", "2027-04-30 21:28", "America/St_Johns", "C"),  # 23:58 in UTC
    Setting("third", "2027-05-03 00:10", "Pacific/Kiritimati", "tr_TR.UTF-8"),
    Setting("nineteenth", "2027-06-19 23:50", "Pacific/Pago_Pago", "de_DE.UTF-8"),
)


def main(
    minutes: float = UNHURRIED_MINUTES,
    only: Sequence[str] = (),
    paths: Sequence[str] = (),
    processes: str = "logical",
) -> Summary:
    """Runs the tests of `paths`, or all, under each setting; `faults` has a line for each failure.

    `tests` counts those that passed, under all settings together.
    """
    summary: Summary = {"settings": [], "tests": 0, "seconds": {}, "faults": []}
    chosen = [setting for setting in SETTINGS if not only or setting.name in only]
    if minutes < UNHURRIED_MINUTES:
        first = int(time.time() / DAY_S) % len(chosen)
        chosen = chosen[first:] + chosen[:first]
    ends = time.monotonic() + 60 * minutes
    for setting in chosen:
        started = time.monotonic()
        try:
            environment = environment_of(setting)
        except LookupError as error:
            summary["faults"].append(f"{setting.name}: {error}")
            break
        options = [f"--numprocesses={processes}", *paths]
        told, is_whole = _tested(environment, options, ends - started)
        passed = re.search(r"(\d+) passed", told)
        failed = re.findall(r"^(?:FAILED|ERROR) .*", told, re.MULTILINE)
        if is_whole and not passed and not failed:
            failed = [told.strip().splitlines()[-1] if told.strip() else "pytest says nothing"]
        summary["faults"] += [f"{setting.name}: {line}" for line in failed]
        summary["tests"] += int(passed[1]) if passed else 0
        summary["seconds"][setting.name] = round(time.monotonic() - started)
        if not is_whole:
            break
        summary["settings"].append(setting.name)
    return summary


def environment_of(setting: Setting, libraries: Path = Path("/usr/lib")) -> dict[str, str]:
    """The environment in which a process begins now under a setting.

    Raises:
        LookupError: something for it is not installed.
    """
    library = next(iter(libraries.glob(f"*/{LIBRARY}")), None)
    if library is None:
        raise LookupError("the clock cannot be moved: apt-get install faketime")
    former = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, setting.language)
    except locale.Error:
        raise LookupError(
            f"the language {setting.language} is missing: apt-get install locales-all"
        ) from None
    finally:
        locale.setlocale(locale.LC_ALL, former)
    starts = datetime.fromisoformat(setting.starts).replace(tzinfo=ZoneInfo(setting.zone))
    return os.environ | {
        "TZ": setting.zone,
        "LANG": setting.language,
        "LC_ALL": setting.language,
        "LANGUAGE": "",
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{starts.timestamp() - time.time():+.0f}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # else threads that wait for Python's lock spin
        "FAKETIME_SKIP_CMDS": ",".join(NOT_FAKED),
    }


def _tested(
    environment: dict[str, str], options: Sequence[str], seconds: float
) -> tuple[str, bool]:
    """What pytest tells, and whether the seconds sufficed."""
    left_out = [f"--deselect={test}" for test in BY_AGES_OF_FILES]
    command = [sys.executable, "-m", "pytest", "-q", "-m", QUICK, "--tb=no", *left_out, *options]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            return process.communicate(timeout=max(seconds, 0))[0], True
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            return process.communicate()[0], False


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.days")
    parser.add_argument("--minutes", type=float, default=UNHURRIED_MINUTES, help="at most")
    parser.add_argument("--only", action="append", choices=[one.name for one in SETTINGS])
    parser.add_argument("--processes", default="logical", help="workers of pytest")
    parser.add_argument("paths", nargs="*", help="tests; all without")
    given = parser.parse_args()
    summary = main(given.minutes, given.only or (), given.paths, given.processes)
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(bool(summary["faults"]))
