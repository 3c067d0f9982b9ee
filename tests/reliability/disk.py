"""Has processes work where the disk takes no more, or nothing at all.

    python -m tests.reliability.disk                      # as in docs/reliability.md

In most runs, the operating system refuses what a process writes beyond a random size of a file
(`RLIMIT_FSIZE`), as a full disk does: in the database, its WAL, the index or a copy. In others, the
folder cannot be written. The process must say so in one line, or go on without; what it had
acknowledged is there, and the work can be done again once it can be written.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from kb.knowledge_base import DATABASE_FILE
from tests.reliability.kills import Life, run_until, small_transactions
from tests.reliability.works import WORKS

RUNS, MINUTES = 100, 5.0

Summary = dict[str, Any]


def main(runs: int = RUNS, seed: int = 1, minutes: float = MINUTES) -> Summary:
    """Runs each kind of work in turn; `faults` has a line for each thing that was lost."""
    chance = random.Random(seed)
    said: Counter[str] = Counter()
    found: list[str] = []
    done, started = 0, time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, small_transactions():
        while done < runs and time.monotonic() - started < 60 * minutes:
            work = WORKS[done % len(WORKS)]
            folder = Path(scratch) / str(done)
            end = Life(only_reads=True)
            if done >= len(WORKS):
                end = Life(most_bytes=chance.randint(10_000, 600_000))
            outcome = run_until(work, folder, chance, end)
            where = f"{work.name}, seed {seed}, run {done}, {end}"
            found += [f"{where}: {line}" for line in outcome.faults]
            if end.only_reads and not (outcome.said or work.writes_beside):
                found.append(f"{where}: nothing was said")
            said.update(line.replace(str(folder / DATABASE_FILE), "…") for line in outcome.said)
            shutil.rmtree(folder)
            done += 1
    return {
        "runs": done,
        "seed": seed,
        "seconds": round(time.monotonic() - started),
        "said": dict(said),
        "faults": found,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.disk")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="at most")
    summary = main(**vars(parser.parse_args()))
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(bool(summary["faults"]))
