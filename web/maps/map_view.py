"""Maps as the server draws them: numbered points over the outlines of departments.

A map is of one part of France; points of several parts (in Europe, in the Antilles…) are on several
maps. A drawing is in pixels of an SVG, the north on top.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, radians
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kb.reference.outlines import Ring, outlines
from kb.reference.points import Box, Point
from kb.reference.whereabouts import PARTS_OF_FRANCE

WIDTH = 480
"""The width of a drawing, in its own pixels."""

MARGIN_KM, MARGIN_KM_OF_ONE = 30.0, 75.0
"""How much is shown around the points, and around a single one."""

MOST_TALL, LEAST_TALL = 1.1, 0.7
"""The height of a drawing, in widths."""

KM_PER_DEGREE = 111.2

Line = NDArray[np.int64]
"""Points in pixels: `(n, 2)`."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Something on a map: `label` is read on it, `name` said of it, `href` is where it leads."""

    point: Point
    label: str
    name: str
    href: str = ""
    is_centre: bool = False


@dataclass(frozen=True, slots=True)
class DrawnPin:
    """The pins of one point: where they are drawn, and what is read and said there."""

    x: int
    y: int
    point: Point
    label: str
    name: str
    href: str
    is_centre: bool

    @classmethod
    def of(cls, pins: Sequence[Pin], x: int, y: int) -> Self:
        first = pins[0]
        label = first.label if len(pins) == 1 else f"{first.label}+"
        name = " – ".join(pin.name for pin in pins)
        return cls(x, y, first.point, label, name, first.href, first.is_centre)


@dataclass(frozen=True, slots=True)
class MapView:
    """A map to draw: its size in pixels, a path of SVG for the land, and pins, the first on top."""

    width: int
    height: int
    land: str
    pins: tuple[DrawnPin, ...]

    @classmethod
    def of(cls, pins: Sequence[Pin]) -> Self:
        """Draws pins of one part of France; there is at least one."""
        frame = _Frame.around([pin.point for pin in pins])
        at: dict[tuple[int, int], list[Pin]] = defaultdict(list)
        for pin in pins:
            at[frame.pixels(pin.point.longitude, pin.point.latitude)].append(pin)
        drawn = [DrawnPin.of(together, x, y) for (x, y), together in at.items()]
        return cls(WIDTH, frame.height, _land(frame), tuple(reversed(drawn)))


def map_views(pins: Iterable[Pin]) -> list[MapView]:
    """Returns a map for each part of France that has pins, that with most first.

    A map that would show nothing but the centre is left out.
    """
    by_part: dict[Box, list[Pin]] = defaultdict(list)
    for pin in pins:
        part = next((box for box in PARTS_OF_FRANCE if box.holds(pin.point)), None)
        if part:
            by_part[part].append(pin)
    shown = [found for found in by_part.values() if not all(pin.is_centre for pin in found)]
    return [MapView.of(found) for found in sorted(shown, key=len, reverse=True)]


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a drawing shows: its western and northern edge, and how many pixels are a degree."""

    west: float
    north: float
    per_longitude: float
    per_latitude: float
    height: int

    @classmethod
    def around(cls, points: Sequence[Point]) -> Self:
        latitudes = [point.latitude for point in points]
        longitudes = [point.longitude for point in points]
        middle = (min(latitudes) + max(latitudes)) / 2
        narrowing = cos(radians(middle))
        margin = (MARGIN_KM if len(set(points)) > 1 else MARGIN_KM_OF_ONE) / KM_PER_DEGREE
        tall = max(latitudes) - min(latitudes) + 2 * margin
        wide = (max(longitudes) - min(longitudes)) * narrowing + 2 * margin
        wide = max(wide, tall / MOST_TALL)
        tall = max(tall, wide * LEAST_TALL)
        per_degree = WIDTH / wide
        longitude = (min(longitudes) + max(longitudes)) / 2
        return cls(
            west=longitude - wide / 2 / narrowing,
            north=middle + tall / 2,
            per_longitude=per_degree * narrowing,
            per_latitude=per_degree,
            height=round(tall * per_degree),
        )

    def pixels(self, longitude: float, latitude: float) -> tuple[int, int]:
        return (
            round((longitude - self.west) * self.per_longitude),
            round((self.north - latitude) * self.per_latitude),
        )


@dataclass(frozen=True, slots=True)
class _Coast:
    """A ring of an outline as arrays: its `(n,)` longitudes and latitudes, and what it spans."""

    longitudes: NDArray[np.float64]
    latitudes: NDArray[np.float64]
    south_west: tuple[float, float]
    north_east: tuple[float, float]

    @classmethod
    def of(cls, ring: Ring) -> Self:
        positions = np.array(ring, np.float64)
        low, high = positions.min(axis=0).tolist(), positions.max(axis=0).tolist()
        return cls(positions[:, 0], positions[:, 1], tuple(low), tuple(high))


@cache
def _coasts() -> tuple[_Coast, ...]:
    return tuple(_Coast.of(ring) for rings in outlines().values() for ring in rings)


def _land(frame: _Frame) -> str:
    """The path of the departments in a frame; what a pixel cannot show is left out of it."""
    lines = (_visible(coast, frame) for coast in _coasts())
    return "".join(_path(line) for line in lines if len(line) > 2)


def _path(line: Line) -> str:
    """A closed line as a path of SVG: steps from point to point, which are short to write."""
    x, y = line[0].tolist()
    steps = " ".join(map(str, np.diff(line, axis=0).ravel().tolist()))
    return f"M{x} {y}l{steps}z".replace(" -", "-")


def _visible(coast: _Coast, frame: _Frame) -> Line:
    """A ring in pixels, or nothing if the frame shows none of it.

    What is far outside is pulled to a line around the frame: nobody sees it, and it says less.
    """
    left, bottom = frame.pixels(*coast.south_west)
    right, top = frame.pixels(*coast.north_east)
    if left >= WIDTH or right <= 0 or top >= frame.height or bottom <= 0:
        return np.empty((0, 2), np.int64)
    x = np.rint((coast.longitudes - frame.west) * frame.per_longitude)
    y = np.rint((frame.north - coast.latitudes) * frame.per_latitude)
    beyond = WIDTH // 2
    line = np.stack(
        [x.clip(-beyond, WIDTH + beyond), y.clip(-beyond, frame.height + beyond)], axis=1
    ).astype(np.int64)
    moves = [np.any(line != np.roll(line, steps, axis=0), axis=1) for steps in (1, 2)]
    return np.asarray(line[moves[0] & moves[1]])
