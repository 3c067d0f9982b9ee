"""The same visitors, who take their time, for long: whether anything is used up.

python -m tests.reliability.load.soak --minutes 60
"""

import argparse
import json
import sys
from pathlib import Path

from tests.reliability.load.run import CLIENTS, VISITORS, Lengths, Summary, run
from tests.reliability.load.site import DEMONSTRATION
from tests.reliability.load.visitors import share_of

MINUTES = 60.0
HURRY = 0.25
"""They think four times as long."""

MOST_WARM_S = 180.0


def main(
    kb: Path = DEMONSTRATION,
    clients: int = CLIENTS,
    minutes: float = MINUTES,
    hurry: float = HURRY,
) -> Summary:
    """In as many minutes, of which the first three at most are not compared with the last."""
    warm = min(60 * minutes / 6, MOST_WARM_S)
    lengths = Lengths(alone=0, warm=warm, mixed=60 * minutes - 2 * warm)
    return run(kb, share_of(VISITORS, clients), lengths, hurry=hurry)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.load.soak")
    parser.add_argument("--kb", type=Path, default=DEMONSTRATION, help="base to copy")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--hurry", type=float, default=HURRY)
    summary = main(**vars(parser.parse_args()))
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(bool(summary["faults"]))
