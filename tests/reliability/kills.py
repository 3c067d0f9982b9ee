"""Kills processes at random moments, and looks whether anything was lost.

    python -m tests.reliability.kills                     # as in docs/reliability.md
    python -m tests.reliability.kills --runs 40 --seed 7 --only rebuild

A run makes a small base, has another process work on it, and ends that process with SIGKILL: after
a random time, or before a random statement of SQL or operation on a file. Then what the process had
acknowledged must be there, nothing may be half done, and store and index must agree, by brute
force (`tests.reliability.brute_force`). At last the work is done again, which must complete it.
"""

import argparse
import json
import logging
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any, NoReturn
from unittest.mock import patch

from kb.errors import QuisaitError
from tests.reliability.capabilities import give_up_capabilities
from tests.reliability.ticks import Ticks
from tests.reliability.works import SAID, WORKS, Work

RUNS, MINUTES = 330, 15.0
PATIENCE_S = 300.0
"""Time after which a process that was not killed has hung."""

Summary = dict[str, Any]

logging.disable(logging.WARNING)  # that a base is migrated, hundreds of times


def main(runs: int = RUNS, seed: int = 1, minutes: float = MINUTES, only: str = "") -> Summary:
    """Kills as many processes, as far as the time allows, each kind of work in turn.

    Returns a summary that JSON can hold: `faults` has a line for each thing that was lost.
    """
    chance = random.Random(seed)
    works = [work for work in WORKS if only in {"", work.name}]
    killed: Counter[str] = Counter()
    found: list[str] = []
    done, started = 0, time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, small_transactions():
        lengths: dict[str, Life] = {}
        while killed.total() < runs and time.monotonic() - started < 60 * minutes:
            work = works[done % len(works)]
            folder = Path(scratch) / str(done)
            life = lengths.get(work.name)
            end = _end_of(life, chance) if life else Life()
            where = f"{work.name}, seed {seed}, run {done}, {end}"
            outcome = run_until(work, folder, chance, end)
            if not life and not outcome.was_killed:
                lengths[work.name] = outcome.life
            killed[work.name] += outcome.was_killed
            found += [f"{where}: {line}" for line in outcome.faults]
            shutil.rmtree(folder)
            done += 1
    return {
        "killed": killed.total(),
        "of": dict(killed),
        "runs": done,
        "seed": seed,
        "seconds": round(time.monotonic() - started),
        "faults": found,
    }


@dataclass(frozen=True)
class Life:
    """How long a process lives, in seconds and in ticks, and what it may write.

    Its files may become `most_bytes` large; if it `only_reads`, it can write nothing in its folder.
    0 ticks, or bytes, are no limit.
    """

    seconds: float = PATIENCE_S
    ticks: int = 0
    most_bytes: int = 0
    only_reads: bool = False


@dataclass(frozen=True)
class WorkOutcome:
    """Whether a process was killed, what it said that it could not do, and what is wrong."""

    was_killed: bool
    said: list[str]
    faults: list[str]
    life: Life


def _end_of(life: Life, chance: random.Random) -> Life:
    """A moment in such a life: a tick of it, or a time after its start."""
    if chance.random() < 0.5:
        return Life(ticks=chance.randint(1, life.ticks))
    return Life(chance.uniform(0, life.seconds))


def run_until(work: Work, folder: Path, chance: random.Random, end: Life) -> WorkOutcome:
    """Has a process work until its end.

    The process is a copy of this one, which has imported everything: it starts in no time.
    """
    work.prepare(folder, chance)
    (folder / "error.txt").touch()
    if end.only_reads:
        _let_write(folder, writable=False)
    hears, tells = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(hears)
        _be_child(work, folder, tells, end)
    os.close(tells)
    told: list[str] = []
    timer = Timer(end.seconds, os.kill, [pid, signal.SIGKILL])
    started = time.monotonic()
    with os.fdopen(hears, encoding="utf-8") as pipe:
        for line in pipe:
            # A work that has to be driven tells when it is ready, and lives from then on.
            if line.startswith("ready"):
                started = time.monotonic()
                timer.start()
                work.drive(folder, line.split()[1:], told.append)
            else:
                told.append(line.strip())
    seconds = time.monotonic() - started
    _, status = os.waitpid(pid, 0)
    _let_write(folder, writable=True)
    timer.cancel()
    if timer.ident is not None:
        timer.join()
    ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    was_killed = ended_by == signal.SIGKILL
    lines: list[str] = []
    if status and ended_by not in {signal.SIGKILL, signal.SIGTERM}:
        lines.append(f"ended with {status}: {(folder / 'error.txt').read_text(encoding='utf-8')}")
    ticks = [int(line.removeprefix("ticks ")) for line in told if line.startswith("ticks ")]
    said = [line for line in told if line.startswith(SAID)]
    if said and not (end.most_bytes or end.only_reads):
        lines += said
    acknowledged = [line for line in told if not line.startswith(("ticks ", SAID))]
    try:
        lines += work.faults(folder, acknowledged)
        work.finish(folder)
        lines += [f"done again: {line}" for line in work.faults_when_done(folder)]
    except Exception:  # noqa: BLE001 (whatever it is, it is a fault of the program)
        lines.append(traceback.format_exc())
    return WorkOutcome(was_killed, said, lines, Life(seconds, max(ticks, default=1)))


def _let_write(folder: Path, *, writable: bool) -> None:
    """Lets processes write to a folder and what it holds, or not, except what the child says."""
    for path in (folder, *folder.rglob("*")):
        mode = 0o555 if path.is_dir() else 0o444
        path.chmod(mode | 0o200 if writable or path.name == "error.txt" else mode)


def _be_child(work: Work, folder: Path, tells: int, end: Life) -> NoReturn:
    code = 1

    def tell(line: str) -> None:
        os.write(tells, f"{line}\n".encode())

    try:
        with (folder / "error.txt").open("w", encoding="utf-8") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            ticks = Ticks(end.ticks)
            if end.most_bytes:
                resource.setrlimit(resource.RLIMIT_FSIZE, (end.most_bytes, end.most_bytes))
            if end.only_reads:
                give_up_capabilities()
            if not work.is_driven:
                tell("ready")
            with ticks.counted():
                work.run(folder, tell)
            tell(f"ticks {ticks.count}")
            code = 0
    except QuisaitError as error:
        tell(f"{SAID}{error}")
        code = 0 if "\n" not in str(error) else 1
    except BaseException:  # noqa: BLE001 (it is written down, and the process ends)
        with (folder / "error.txt").open("a", encoding="utf-8") as file:
            traceback.print_exc(file=file)
    finally:
        os._exit(code)


@contextmanager
def small_transactions() -> Iterator[None]:
    """Has few records in each transaction, so that a kill meets with many."""
    with (
        patch("ingest.pipeline.BATCH_RECORDS", 4),
        patch("kb.indexing.indexer.REBUILT_AT_ONCE", 3),
        patch("kb.editorial.ingestion._CHANGED_AT_ONCE", 2),
        patch("kb.editorial.contacts._CHANGED_AT_ONCE", 2),
    ):
        yield


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.kills")
    parser.add_argument("--runs", type=int, default=RUNS, help="processes to kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="at most")
    parser.add_argument("--only", default="", help="one kind of work")
    summary = main(**vars(parser.parse_args()))
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(bool(summary["faults"]))
