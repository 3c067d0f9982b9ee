"""Damages the files of a base byte by byte, and looks what it then says.

    python -m tests.reliability.damage                    # as in docs/reliability.md
    python -m tests.reliability.damage --runs 60 --seed 3

A run changes a copy of a base (some bytes flipped, a stretch of zeros, or the end cut off) in the
database or its WAL. A process then opens it, searches and reads every record.
It must give the right answers, or end with one line that a person understands.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from ingest.pipeline import ingest
from kb.errors import KnowledgeBaseError
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from tests.reliability.brute_force import faults
from tests.reliability.works import FORMER, is_as, make_base, records, stored_records, write_input

RUNS, MINUTES = 400, 5.0

WAL = f"{DATABASE_FILE}-wal"
FILES = (DATABASE_FILE, WAL)
QUERIES = ("coudre du nouveau en série 2", "Atelier Numéro7", "trouver du nouveau")

Summary = dict[str, Any]


def main(runs: int = RUNS, seed: int = 1, minutes: float = MINUTES) -> Summary:
    """Damages copies of a base; returns how each file's damage was met.

    - `right`: every answer was right;
    - `said`: a line said that the base is damaged, or that it is none;
    - `former`: what the damaged end of a WAL held is gone, as after a crash, and nothing else;
    - `in a check`: an answer was wrong, and comparing the base with itself shows it;
    - `unseen`: an answer was wrong, and nothing shows it: a letter in a text.

    `faults` has a line for each that must not be: a traceback or a crash.
    """
    chance = random.Random(seed)
    met: dict[str, Counter[str]] = {name: Counter() for name in FILES}
    found: list[str] = []
    done, started = 0, time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        closed, in_use = Path(scratch) / "closed", Path(scratch) / "in use"
        _make(closed, in_use)
        right = _answers(_copy(closed, Path(scratch) / "right"))
        while done < runs and time.monotonic() - started < 60 * minutes:
            name = FILES[done % len(FILES)]
            folder = _copy(in_use if name == WAL else closed, Path(scratch) / str(done))
            how = _damage(folder / name, chance)
            outcome, told = _outcome(folder, right)
            if outcome == "unseen" and name == WAL and _is_former(folder):
                outcome = "former"
            if outcome == "fault":
                found.append(f"{name}, seed {seed}, run {done}, {how}: {outcome} {told}")
            met[name][outcome] += 1
            shutil.rmtree(folder)
            done += 1
    return {
        "runs": done,
        "seed": seed,
        "seconds": round(time.monotonic() - started),
        "met": {name: dict(counts) for name, counts in met.items()},
        "faults": found,
    }


def _make(folder: Path, in_use: Path) -> None:
    """A base, and a copy of it whose latest changes are in its WAL only."""
    make_base(folder)
    write_input(folder / "input", "nouveau")
    with closing(KnowledgeBase(folder, lambda: FORMER, trade_index=None)) as base:
        ingest(base, [folder / "input"], source="firms")
        _copy(folder, in_use)


def _copy(whole: Path, folder: Path) -> Path:
    folder.mkdir()
    for path in whole.iterdir():
        if path.name in FILES:
            shutil.copy(path, folder)
    return folder


def _damage(path: Path, chance: random.Random) -> str:
    """Changes a file somewhere; returns how."""
    content = bytearray(path.read_bytes())
    at = chance.randrange(len(content))
    how = chance.choice(("flip", "zero", "cut"))
    if how == "flip":
        for place in range(at, min(at + chance.choice((1, 1, 8)), len(content))):
            content[place] ^= chance.randint(1, 255)
    elif how == "zero":
        length = min(chance.choice((16, 512, 4096)), len(content) - at)
        content[at : at + length] = bytes(length)
    else:
        del content[at:]
    path.write_bytes(content)
    return f"{how} at {at}"


def _outcome(folder: Path, right: object) -> tuple[str, str]:
    """How the damage of a base is met by a process of its own, which may crash."""
    hears, tells = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(hears)
        told: list[object]
        try:
            told = ["answers", _answers(folder)]
        except KnowledgeBaseError as error:
            told = ["said", str(error)]
        except BaseException:  # noqa: BLE001 (it is what is looked for)
            told = ["fault", traceback.format_exc()]
        with os.fdopen(tells, "w", encoding="utf-8") as pipe:
            json.dump(told, pipe)
        os._exit(0)
    os.close(tells)
    with os.fdopen(hears, encoding="utf-8") as pipe:
        content = pipe.read()
    _, status = os.waitpid(pid, 0)
    if status:
        return "fault", f"ended with {status}"
    outcome, what = json.loads(content)
    if outcome == "said":
        return ("said", what) if "\n" not in what else ("fault", what)
    if outcome != "answers":
        return outcome, what
    if what == right:
        return "right", ""
    try:
        return ("in a check", "") if faults(folder, FORMER) else ("unseen", "")
    except Exception:  # noqa: BLE001 (shows it just as well)
        return "in a check", ""


def _is_former(folder: Path) -> bool:
    """Whether each record is as it was before some transaction of the WAL, or after it."""
    states = [*records("ancien", 0).values(), *records("nouveau", 0).values()]
    return all(
        any(is_as(record, of) for of in states) for record in stored_records(folder).values()
    )


def _answers(folder: Path) -> object:
    """All that a base says: its records, and what searches find, as JSON would give it back."""
    with closing(KnowledgeBase(folder, lambda: FORMER, trade_index=None)) as base:
        base.status()
        found = [
            [[hit.actor.id, round(hit.score, 4)] for hit in base.search(query).hits]
            for query in QUERIES
        ]
        kept = [repr(record) for record in (*base.actors(), *base.cases())]
    return json.loads(json.dumps([found, sorted(kept)]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.damage")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="at most")
    summary = main(**vars(parser.parse_args()))
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(bool(summary["faults"]))
