"""Sixty-four visitors for three minutes, and before them the searchers alone.

python -m tests.reliability.load                      # as in docs/reliability.md
python -m tests.reliability.load --minutes 1 --clients 8
"""

import argparse
import json
import sys
from pathlib import Path

from tests.reliability.load.run import VISITORS, Lengths, Summary, run
from tests.reliability.load.site import DEMONSTRATION
from tests.reliability.load.visitors import share_of

MINUTES = 6.0
CLIENTS = sum(VISITORS.values())
SLOWER = 3.0
"""How many times as long searches may take among others, at the 95th percentile."""


def main(kb: Path = DEMONSTRATION, clients: int = CLIENTS, minutes: float = MINUTES) -> Summary:
    """In as many minutes, half of which all visitors are there."""
    part = 60 * minutes / 12
    summary = run(kb, share_of(VISITORS, clients), Lengths(3 * part, 1.5 * part, 6 * part))
    alone, mixed = summary["alone_p95_s"], summary["mixed_p95_s"]
    summary["times"] = round(mixed / alone, 2) if alone else 0.0
    if summary["times"] > SLOWER:
        summary["faults"].append(f"the p95 of searches grew from {alone} to {mixed} s")
    return summary


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.load")
    parser.add_argument("--kb", type=Path, default=DEMONSTRATION, help="base to copy")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    summary = main(**vars(parser.parse_args()))
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(bool(summary["faults"]))
