"""Damages some bytes of a base, and looks what it then says.

    python -m tests.reliability.damage                    # as in docs/reliability.md
    python -m tests.reliability.damage --runs 60 --seed 3

A run changes a copy of a base (bytes flipped, a stretch of zeros, or the end cut off) in the
database or its WAL. A process of its own then searches it, reads every record and checks it. It
must answer, or end with one line that a person understands.
"""

import argparse
import json
import multiprocessing
import random
import shutil
import sys
import time
from collections import Counter
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ingest.pipeline import ingest
from kb.errors import KnowledgeBaseError
from kb.knowledge_base import DATABASE_FILE
from tests.reliability.bases import checked, make_base, opened, write_input

RUNS, MINUTES = 400, 5.0
FILES = (DATABASE_FILE, f"{DATABASE_FILE}-wal")
QUERIES = ("coudre du nouveau en série 2", "Atelier Numéro7", "trouver du nouveau")
_FORK = multiprocessing.get_context("fork")


def main(runs: int = RUNS, seed: int = 1, minutes: float = MINUTES) -> dict[str, Any]:
    """Damages copies of a base; returns how many were met how.

    - `right`: every answer was right;
    - `said`: a line said that the base is damaged, or that it is none;
    - `in a check`: an answer was wrong, and `quisait check` tells of it;
    - `unseen`: an answer was wrong, and nothing shows it: a letter in a text, the end of a WAL.

    `faults` has a line for each that must not be: a traceback or a crash.
    """
    chance, until = random.Random(seed), time.monotonic() + 60 * minutes
    met: dict[str, Counter[str]] = {name: Counter() for name in FILES}
    found: list[str] = []
    done = 0
    with TemporaryDirectory() as scratch:
        closed, in_use = Path(scratch) / "closed", Path(scratch) / "in use"
        make_base(closed)
        write_input(closed / "input", "nouveau")
        with opened(closed) as base:
            ingest(base, [closed / "input"], source="firms")
            shutil.copytree(closed, in_use)
        right = _answers(closed)
        while done < runs and time.monotonic() < until:
            name = FILES[done % len(FILES)]
            folder = Path(scratch) / str(done)
            shutil.copytree(closed if name == DATABASE_FILE else in_use, folder)
            how = _damage(folder / name, chance)
            outcome, told = _met(folder, right)
            if outcome == "fault":
                found.append(f"{name}, seed {seed}, run {done}, {how}: {told}")
            met[name][outcome] += 1
            shutil.rmtree(folder)
            done += 1
    counts = {name: dict(outcomes) for name, outcomes in met.items()}
    return {"runs": done, "met": counts, "faults": found}


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


def _met(folder: Path, right: object) -> tuple[str, str]:
    """How a process of its own, which may crash, meets with the damage."""
    hears, tells = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_look, args=(folder, right, tells))
    process.start()
    tells.close()
    outcome, told = "fault", ""
    with suppress(EOFError):
        outcome, told = hears.recv()
    process.join()
    if process.exitcode or "\n" in told:
        return "fault", told or f"it ended with {process.exitcode}"
    return outcome, told


def _look(folder: Path, right: object, tells: Connection) -> None:
    try:
        is_right = _answers(folder) == right
        outcome = "right" if is_right else "in a check" if checked(folder) else "unseen"
        tells.send((outcome, ""))
    except KnowledgeBaseError as error:
        tells.send(("said", str(error)))


def _answers(folder: Path) -> object:
    """All that a base says: what searches find, and its records."""
    with opened(folder) as base:
        base.status()
        found = [
            [(hit.actor.id, round(hit.score, 4)) for hit in base.search(query).hits]
            for query in QUERIES
        ]
        return found, sorted(repr(record) for record in (*base.actors(), *base.cases()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.damage")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="at most")
    summary = main(**vars(parser.parse_args()))
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(bool(summary["faults"]))
