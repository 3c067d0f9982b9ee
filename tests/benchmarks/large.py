"""What a large base takes that `tests.benchmarks.bulk` loaded: searches, servers, one more case.

    python -m tests.benchmarks.bulk --actors 1000000 --encoder mixed
    python -m tests.benchmarks.large --kb build/bulk/mixed-1000000

The steps are those of the comparison (`tests.benchmarks`), of ours alone: too large a base to make
one of each contestant. The server is run with one process, and as it comes. Cases are added to the
base, three by each step that says so.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.steps import ENTRANTS, FULL, MEASURES, Entrant, Figures, Workshop

SIZE = 1_000_000
"""Firms, about: how long steps may take."""

MIB_COLUMNS = "shared out, alone, whole"


class OneProcess(Entrant):
    """Our server without a searcher beside it."""

    def serve(self, model: Path, base: Path, port: int) -> Sequence[str]:
        return [*super().serve(model, base, port), "--workers", "1"]


class LargeBase(Workshop):
    """Steps are run on one base, which is there."""

    def base(self, entrant: Entrant, size: int) -> Path:
        del entrant, size
        return self.corpus


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.large")
    parser.add_argument("--kb", type=Path, required=True)
    given = parser.parse_args()
    (ours,) = (one for one in ENTRANTS if one.name == "ours")
    alone = OneProcess(ours.name, ours.title, ours.module, ours.path, is_ours=True)
    with tempfile.TemporaryDirectory() as scratch:
        workshop = LargeBase(Path(scratch), given.kb.resolve(), Path(scratch), FULL)
        # In turns after the first, nothing is looked for in the corpus, which this base is not of.
        turn = 1
        for what, one in (("once", ours), ("once", ours), ("search", ours)):
            _print(what, MEASURES[what](workshop, one, SIZE, turn, what))
        for what, one in (("one process", alone), ("as it comes", ours)):
            turn += 1
            _print(what, MEASURES["serve"](workshop, one, SIZE, turn, what))


def _print(what: str, figures: Figures) -> None:
    print(f"\n{what}")
    for name, value in figures.items():
        print(f"- {name}: {_told(value)}", flush=True)


def _told(value: Any) -> str:
    match value:
        case {**named} if named:
            return "; ".join(f"{name} {_told(each)}" for name, each in named.items())
        case [[*_], *_]:
            each = "; ".join("/".join(f"{mib:.0f}" for mib in one) for one in value)
            return f"{each} ({MIB_COLUMNS})"
        case [_, *_]:
            half, most = np.percentile(value, (50, 95))
            return f"p50 {half:.1f}, p95 {most:.1f} of {len(value)}"
        case float():
            return f"{value:.2f}"
        case _:
            return str(value)


if __name__ == "__main__":
    main()
