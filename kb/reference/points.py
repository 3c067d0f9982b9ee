"""Points on the earth, how far apart they are, and outlines of departments (`outlines.md`)."""

import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate
from math import asin, cos, degrees, radians, sin, sqrt
from pathlib import Path

_EARTH_RADIUS_KM = 6371.0088  # the mean radius (IUGG)
_MARGIN = 1e-6  # what rounding cannot exceed, in degrees: a decimetre
TABLE = Path(str(files("kb.reference") / "outlines.tsv.xz"))
PER_DEGREE = 1000  # the table of outlines counts in thousandths of a degree
Ring = tuple[tuple[float, float], ...]  # longitudes and latitudes; the first comes once


@dataclass(frozen=True, slots=True)
class Point:
    """A latitude and a longitude, in degrees (WGS 84)."""

    latitude: float
    longitude: float

    def km_to(self, other: "Point") -> float:
        """Returns the length of the great circle between two points, in kilometres (haversine)."""
        north, east = radians(self.latitude), radians(self.longitude)
        other_north, other_east = radians(other.latitude), radians(other.longitude)
        half_chord = (
            sin((other_north - north) / 2) ** 2
            + cos(north) * cos(other_north) * sin((other_east - east) / 2) ** 2
        )
        return 2 * _EARTH_RADIUS_KM * asin(sqrt(min(1.0, half_chord)))


@dataclass(frozen=True, slots=True)
class Box:
    south_west: Point
    north_east: Point

    def holds(self, point: Point) -> bool:
        low, high = self.south_west, self.north_east
        return (
            low.latitude <= point.latitude <= high.latitude
            and low.longitude <= point.longitude <= high.longitude
        )


@dataclass(frozen=True, slots=True)
class Circle:
    centre: Point
    km: float

    def holds(self, point: Point) -> bool:
        return self.centre.km_to(point) <= self.km

    @property
    def box(self) -> Box:
        north = degrees(self.km / _EARTH_RADIUS_KM) + _MARGIN
        latitude, longitude = self.centre.latitude, self.centre.longitude
        east = north / cos(radians(min(89.0, abs(latitude) + north)))
        return Box(
            Point(latitude - north, longitude - east), Point(latitude + north, longitude + east)
        )


@cache
def outlines() -> Mapping[str, tuple[Ring, ...]]:
    """Returns the rings of each department by its code, islands apart, each counterclockwise."""
    lines = lzma.decompress(TABLE.read_bytes()).decode().splitlines()
    cells = (line.split("\t") for line in lines)
    return {code: tuple(map(_ring, rings)) for code, *rings in cells}


def _ring(steps: str) -> Ring:
    numbers = list(map(int, steps.split()))
    xs, ys = accumulate(numbers[::2]), accumulate(numbers[1::2])
    return tuple((x / PER_DEGREE, y / PER_DEGREE) for x, y in zip(xs, ys, strict=True))
