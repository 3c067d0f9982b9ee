"""Maps as the server draws them: numbered points over the outlines of departments.

A map is of one part of France; points of several parts (in Europe, in the Antilles…) are on several
maps. A drawing is in pixels of an SVG, the north on top.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, radians
from typing import Self

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

    def shows(self, line: Sequence[tuple[int, int]]) -> bool:
        xs, ys = [x for x, _ in line], [y for _, y in line]
        return min(xs) < WIDTH and max(xs) > 0 and min(ys) < self.height and max(ys) > 0


def _land(frame: _Frame) -> str:
    """The path of the departments in a frame; what a pixel cannot show is left out of it."""
    return "".join(
        _path(line)
        for rings in outlines().values()
        for ring in rings
        if len(line := _visible(ring, frame)) > 2
    )


def _path(line: Sequence[tuple[int, int]]) -> str:
    """A closed line as a path of SVG: steps from point to point, which are short to write."""
    (x, y), *_ = line
    steps = (f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in pairwise(line))
    return f"M{x} {y}l{' '.join(steps)}z".replace(" -", "-")


def _visible(ring: Ring, frame: _Frame) -> list[tuple[int, int]]:
    """A ring in pixels, or nothing if the frame shows none of it.

    What is far outside is pulled to a line around the frame: nobody sees it, and it says less.
    """
    line = [frame.pixels(*position) for position in ring]
    if not frame.shows(line):
        return []
    beyond = WIDTH // 2
    pulled = [
        (min(max(x, -beyond), WIDTH + beyond), min(max(y, -beyond), frame.height + beyond))
        for x, y in line
    ]
    return [
        position
        for index, position in enumerate(pulled)
        if position not in (pulled[index - 1], pulled[index - 2])
    ]
