"""Where an actor is on the map: by the coordinates that its source gives, or by its commune."""

import re
from collections.abc import Mapping
from functools import lru_cache

from slugify import slugify

from kb.reference.communes import commune_called_in_short, commune_in
from kb.reference.points import Box, Point

PARTS_OF_FRANCE = (
    Box(Point(41.2, -5.3), Point(51.2, 9.7)),
    Box(Point(14.3, -61.9), Point(16.6, -60.7)),
    Box(Point(2.0, -54.7), Point(5.9, -51.5)),
    Box(Point(-21.5, 55.1), Point(-20.8, 55.9)),
    Box(Point(-13.1, 44.9), Point(-12.5, 45.4)),
)
"""Boxes around France: in Europe, in the Antilles, Guyane, La Réunion, Mayotte."""

FARTHEST_KM = 100.0
"""How far coordinates may be from the commune; farther ones are swapped, or of another system."""

_FRANCE = "FR"
_LATITUDES = frozenset({"latitude", "lat"})
_LONGITUDES = frozenset({"longitude", "lon", "lng", "long"})
_PAIRS = frozenset(
    {"coordonnees", "coordonnees gps", "coordinates", "geo point", "geo point 2d", "gps"}
)
_NUMBER = re.compile(r"[-−]?\d{1,3}(?:[.,]\d+)?")
_PAIR = re.compile(r"[\s(\[]*(-?\d{1,2}\.\d+)\s*[,; ]\s*(-?\d{1,3}\.\d+)[\s)\]]*")


def point_of(place: str, department: str, country: str, facts: Mapping[str, str]) -> Point | None:
    """Returns where an actor in France is; None where it is unknown, abroad, or could be several.

    An actor without a country is in France if its department is.
    """
    if country not in {"", _FRANCE} or not (country or department):
        return None
    commune = _point_of_commune(place, department)
    given = _point_of_facts(facts) if facts else None
    if given is None or not any(box.holds(given) for box in PARTS_OF_FRANCE):
        return commune
    return given if commune is None or commune.km_to(given) <= FARTHEST_KM else commune


@lru_cache(maxsize=40_000)
def _point_of_commune(place: str, department: str) -> Point | None:
    if not place:
        return None
    commune = commune_in(department, place) or commune_called_in_short(department, place)
    return commune.point if commune else None


def _point_of_facts(facts: Mapping[str, str]) -> Point | None:
    """The point in facts of a latitude and a longitude, or of both together."""
    latitude = longitude = None
    for name, value in facts.items():
        key = slugify(name, separator=" ")
        if key in _PAIRS and (pair := _PAIR.fullmatch(value)):
            return Point(float(pair[1]), float(pair[2]))
        if key in _LATITUDES:
            latitude = _degrees(value)
        elif key in _LONGITUDES:
            longitude = _degrees(value)
    return None if latitude is None or longitude is None else Point(latitude, longitude)


def _degrees(text: str) -> float | None:
    number = _NUMBER.fullmatch(text.strip())
    return float(number[0].replace(",", ".").replace("−", "-")) if number else None
