"""Fuzzes all that reads what strangers send, and looks for crashes, slow inputs and broken rules.

    python -m tests.reliability.fuzz                         # as in docs/reliability.md
    python -m tests.reliability.fuzz --inputs 2000 --target query --target pdf --seed 3

Each target starts from honest files, changes them by the rules of their format, and goes on from
those that reach new branches of the code (atheris, where it is installed). It must end in a value
or a refusal in one line, keep its promises, and take at most a second of the processor. Inputs
that do not are kept under `build/fuzz`.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.reliability.fuzzing.attempt import TOO_SLOW, Tally, attempt
from tests.reliability.fuzzing.targets import TARGETS

INPUTS, MINUTES = 200_000, 25.0
PROCESSES = 2
KEPT = Path("build/fuzz")


def main(
    inputs: int = INPUTS, seed: int = 1, minutes: float = MINUTES, targets: Sequence[str] = ()
) -> dict[str, Any]:
    """Fuzzes each target, or those named, as long as inputs and minutes last.

    Returns how many inputs each had, the slowest in seconds of the processor, how many were
    refused and why; `faults` has a line for each thing that must not be, with inputs in `KEPT`.
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    names = list(targets or TARGETS)
    groups = [group for n in range(PROCESSES) if (group := names[n::PROCESSES])]
    with ThreadPoolExecutor(len(groups)) as pool:
        results = pool.map(
            lambda group: _fuzzed(group, inputs // len(groups), seed, minutes), groups
        )
        found = [_timed_again(one) for result in results for one in result]
    return {
        "inputs": sum(one["inputs"] for one in found),
        "slowest_s": max(one["slowest_s"] for one in found),
        "faults": [
            f"{one['target']}: {what} ({', '.join(kept[:3])})"
            for one in found
            for what, kept in one["failures"].items()
        ],
        "targets": found,
    }


def _fuzzed(targets: Sequence[str], inputs: int, seed: int, minutes: float) -> list[dict[str, Any]]:
    """Fuzzes targets in turn, in a process that has imported none of what they read."""
    command = [sys.executable, "-m", "tests.reliability.fuzzing.child", str(KEPT)]
    asked = [str(inputs), str(seed), str(minutes), *targets]
    done = subprocess.run([*command, *asked], check=True, stdout=subprocess.PIPE, text=True)
    summaries: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return summaries


def _timed_again(summary: dict[str, Any]) -> dict[str, Any]:
    """Without what is too slow only while branches are counted, as here they are not."""
    failures = dict(summary["failures"])
    target = TARGETS[summary["target"]]
    slow = Tally(target.name, KEPT)
    if kept := failures.pop(TOO_SLOW, []):
        for honest in target.start():  # imports what reads it
            attempt(target.check, honest, Tally(target.name, KEPT))
        for name in kept:
            attempt(target.check, (KEPT / name).read_bytes(), slow)
    return {**summary, "failures": {**failures, **slow.failures}}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--target", action="append", default=[])
    given = parser.parse_args()
    summary = main(given.inputs, given.seed, given.minutes, given.target)
    sys.stdout.write(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    sys.exit(1 if summary["faults"] else 0)
