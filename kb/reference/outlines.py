"""The outlines of the departments of France, to draw maps without any server of maps.

`outlines.md` has the sources of the table, `make_outlines` makes it.
"""

import lzma
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import accumulate
from pathlib import Path

TABLE = Path(str(files("kb.reference") / "outlines.tsv.xz"))
PER_DEGREE = 1000
"""The table counts in thousandths of a degree."""

Ring = tuple[tuple[float, float], ...]
"""The longitudes and latitudes of a closed line, in degrees; the first comes once."""


@cache
def outlines() -> Mapping[str, tuple[Ring, ...]]:
    """Returns the rings of each department by its code, islands apart, each counterclockwise."""
    lines = lzma.decompress(TABLE.read_bytes()).decode().splitlines()
    return {code: tuple(map(_ring, rings)) for code, *rings in map(_cells, lines)}


def _cells(line: str) -> Iterator[str]:
    return iter(line.split("\t"))


def _ring(steps: str) -> Ring:
    numbers = list(map(int, steps.split()))
    xs, ys = accumulate(numbers[::2]), accumulate(numbers[1::2])
    return tuple((x / PER_DEGREE, y / PER_DEGREE) for x, y in zip(xs, ys, strict=True))
