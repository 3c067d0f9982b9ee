"""The map of results: drawn by the server, and what scripts load for a large one."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from math import cos, radians
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from fastapi import APIRouter, Query
from numpy.typing import NDArray
from starlette.responses import JSONResponse, Response

from kb.models import Actor
from kb.reference.communes import PARTS_OF_FRANCE, Commune, communes_beginning
from kb.reference.departments import NAMES
from kb.reference.points import Box, Point, outlines
from kb.search.results import ActorHit
from kb.settings import Settings

router = APIRouter(include_in_schema=False)

LEAFLET_FILES = {
    f"leaflet/{name}": Path(str(files("xstatic.pkg.leaflet"))) / "data" / name
    for name in ("leaflet.js", "leaflet.css")
}

SUGGESTED = 8
_OUTLINES = "/maps/outlines.json"


@cache
def outlines_json() -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": NAMES[code]},
            "geometry": {
                "type": "MultiPolygon",
                "coordinates": [[[*ring, ring[0]]] for ring in rings],
            },
        }
        for code, rings in outlines().items()
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode()


@cache
def outlines_url() -> str:
    return f"{_OUTLINES}?v={sha256(outlines_json()).hexdigest()[:12]}"


@router.get(_OUTLINES)
def outlines_file() -> Response:
    return Response(
        outlines_json(),
        media_type="application/geo+json",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


@router.get("/maps/towns.json")
def towns(q: Annotated[str, Query(max_length=100)] = "") -> Response:
    labels = [commune.label for commune in communes_beginning(q, SUGGESTED)]
    return JSONResponse(labels, headers={"Cache-Control": "public, max-age=86400"})


WIDTH = 480
KM_PER_DEGREE = 111.2
MARGIN_KM, MARGIN_KM_OF_ONE = 30.0, 75.0
MOST_TALL, LEAST_TALL = 1.1, 0.7
BEYOND = WIDTH // 2  # how far outside of a drawing a line may go
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pin:
    """Something on a map: `label` is read on it, `name` said of it, `href` is where it leads."""

    point: Point
    label: str
    name: str
    href: str = ""
    is_centre: bool = False


@dataclass(frozen=True, slots=True)
class MapView:
    """A map to draw: land as a path of SVG, and what stands at each point, the first on top."""

    width: int
    height: int
    land: str
    pins: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, pins: Sequence[Pin]) -> Self:
        frame = _Frame.around([pin.point for pin in pins])
        at: dict[tuple[int, int], list[Pin]] = defaultdict(list)
        for pin in pins:
            x, y = frame.pixels(np.array(pin.point.longitude), np.array(pin.point.latitude))
            at[int(x), int(y)].append(pin)
        drawn = [
            {
                **asdict(together[0]),
                "x": x,
                "y": y,
                "point": together[0].point,
                "label": together[0].label + "+" * (len(together) > 1),
                "name": " – ".join(pin.name for pin in together),
            }
            for (x, y), together in at.items()
        ]
        return cls(WIDTH, frame.height, _land(frame), drawn[::-1])


def map_views(pins: Iterable[Pin]) -> list[MapView]:
    by_part: dict[Box, list[Pin]] = defaultdict(list)
    for pin in pins:
        part = next((box for box in PARTS_OF_FRANCE if box.holds(pin.point)), None)
        if part:
            by_part[part].append(pin)
    shown = [found for found in by_part.values() if not all(pin.is_centre for pin in found)]
    return [MapView.of(found) for found in sorted(shown, key=len, reverse=True)]


@dataclass(frozen=True, slots=True)
class _Frame:
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

    def pixels(self, longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
        return (
            np.rint((longitude - self.west) * self.per_longitude),
            np.rint((self.north - latitude) * self.per_latitude),
        )


@cache
def _coasts() -> Sequence[tuple[Floats, Sequence[float]]]:
    """The rings of all outlines, each `(n, 2)` longitudes and latitudes, and the box around it."""
    rings = [np.array(ring) for rings in outlines().values() for ring in rings]
    return [(ring, [*ring.min(axis=0).tolist(), *ring.max(axis=0).tolist()]) for ring in rings]


def _land(frame: _Frame) -> str:
    """Returns the path of the departments in a frame, without what a pixel cannot show."""
    room = (WIDTH, frame.height)
    frame_east = frame.west + WIDTH / frame.per_longitude
    frame_south = frame.north - frame.height / frame.per_latitude
    lines = []
    for ring, (west, south, east, north) in _coasts():
        if west > frame_east or east < frame.west or south > frame.north or north < frame_south:
            continue
        points = np.stack(frame.pixels(ring[:, 0], ring[:, 1]), axis=1)
        points = points.clip(-BEYOND, np.add(room, BEYOND)).astype(int)
        points = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
        if len(points) > 2:
            (left, top), steps = points[0].tolist(), np.diff(points, axis=0).ravel().tolist()
            lines.append(f"M{left} {top}l{' '.join(map(str, steps))}z")
    return "".join(lines).replace(" -", "-")


def result_map(
    hits: Iterable[ActorHit], near: Commune | None, settings: Settings
) -> Mapping[str, Any]:
    """Returns maps of the hits that have a place, and what a script makes larger ones of."""
    pins = [
        Pin(point, f"{hit.rank}", f"{hit.rank}. {hit.actor.name}", f"#actor-{hit.rank}")
        for hit in hits
        if (point := hit.actor.point)
    ]
    if near and near.point:
        pins.append(Pin(near.point, "", near.label, is_centre=True))
    return {
        "views": map_views(pins),
        "outlines": outlines_url(),
        "tiles": settings.map_tiles,
        "credit": settings.map_credit,
    }


def organisation_map(actor: Actor) -> Sequence[MapView]:
    return map_views([Pin(actor.point, "", actor.place or actor.name)] if actor.point else [])
