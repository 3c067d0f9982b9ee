"""python -m tests.development_sets: see the package."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kb.errors import QuisaitError
from tests.development_sets import build


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the development sets.")
    parser.add_argument("--data", type=Path, help="firms.tsv, repurposing.tsv and nomenclatures")
    parser.add_argument("--out", type=Path, required=True, help="where the sets are written")
    given = parser.parse_args(arguments)
    try:
        for line in build(given.data, given.out):
            print(line)
    except (QuisaitError, OSError) as error:
        print(f"development_sets: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
