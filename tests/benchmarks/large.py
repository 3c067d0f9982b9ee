"""What a large base takes that `tests.benchmarks.bulk` loaded: searches, servers, one more case.

    python -m tests.benchmarks.bulk --actors 1000000 --encoder mixed
    python -m tests.benchmarks.large --kb build/bulk/mixed-1000000

The steps are those of the comparison (`tests.benchmarks`), of ours alone: too large a base to make
one of each contestant. Some cases are added, and stay in the base.
"""

import argparse
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kb.knowledge_base import DATABASE_FILE
from kb.models import Kind
from kb.store.store import Store
from tests.benchmarks.steps import ENTRANTS, FULL, MEASURES, Entrant, Figures, Workshop

SIZE = 1_000_000
"""Firms: so long may steps take."""

MIB_COLUMNS = "shared out, of it of no file, whole"


@dataclass(frozen=True)
class LargeBase(Workshop):
    """Steps are run on one base, which is there."""

    large: Path

    def base(self, entrant: Entrant, size: int) -> Path:
        del entrant, size
        return self.large


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.large")
    parser.add_argument("--kb", type=Path, required=True)
    given = parser.parse_args()
    (ours,) = (one for one in ENTRANTS if one.name == "ours")
    with tempfile.TemporaryDirectory() as scratch:
        nothing = Path(scratch)
        workshop = LargeBase(nothing, nothing, nothing, FULL, given.kb.resolve())
        # Each turn adds cases of its own. In those after the first, nothing is looked for in the
        # corpus, which this base is not of.
        turn = 1 + _cases(workshop.large)
        for title, what, one in (
            ("cold search", "once", ours),
            ("cold search again", "once", ours),
            ("in process", "search", ours),
            ("server", "serve", ours),
        ):
            _print(title, MEASURES[what](workshop, one, SIZE, turn, what))
            turn += 1


def _cases(folder: Path) -> int:
    with closing(Store.open(folder / DATABASE_FILE)) as store:
        return len(store.ids(Kind.CASE))


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
