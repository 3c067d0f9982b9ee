"""Everything that takes long, within 40 minutes: what `make check-long` runs.

    python -m tests.reliability                  # on two idle cores
    python -m tests.reliability --minutes 10     # less of everything
    python -m tests.reliability --only kills     # one step

Each step is a process of its own that prints its summary; `faults` has a line for each thing that
must not be. Exits with 1 if there is a fault.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SHARES = {"load": 7.0, "kills": 10.0, "damage": 5.0, "fuzz": 9.0, "api_fuzz": 5.0}
"""The minutes of each step."""


def run(step: str, minutes: float) -> dict[str, Any]:
    """The summary of a step, which has as long again to begin and to end."""
    command = [sys.executable, "-m", f"{__package__}.{step}", "--minutes", str(minutes)]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            check=False,
            stdout=subprocess.PIPE,
            text=True,
            timeout=120 * (minutes + 1),
        )
        summary: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"faults": ["it does not end"]}
    except ValueError:
        return {"faults": [f"it ended with {done.returncode} and no summary"]}
    if done.returncode and not summary["faults"]:
        summary["faults"] = [f"it ended with {done.returncode}"]
    return summary


if __name__ == "__main__":
    whole = sum(SHARES.values())
    parser = argparse.ArgumentParser(prog="python -m tests.reliability")
    parser.add_argument("--minutes", type=float, default=whole, help="at most, in all")
    parser.add_argument("--only", action="append", choices=SHARES)
    given = parser.parse_args()
    has_faults = False
    for step in given.only or SHARES:
        summary = run(step, SHARES[step] * given.minutes / whole)
        print(step, json.dumps(summary, indent=2, ensure_ascii=False), flush=True)
        has_faults |= bool(summary["faults"])
    sys.exit(has_faults)
