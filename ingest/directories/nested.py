"""Objects in objects: one object of a directory as a row, with a column for each value in it.

A column is named by the keys on the way to its value, with points between: `adresse.commune`. The
values of a list of objects that have the same way stand in one cell. A feature of GeoJSON is its
properties and its point. What names persons is left out.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from ingest.directories.table import cell_text
from kb.text.folding import fold
from kb.text.lexicon import Lexicons

COORDINATES = "coordonnées"
"""The column of the point of a feature: latitude and longitude in degrees."""

_LEXICONS = Lexicons(Path(__file__).parent / "columns" / "lexicons")
_WORD = re.compile("[a-z0-9]+")
_CAMEL_CASE = re.compile("(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
_BETWEEN = " | "


def row_of(item: Mapping[str, object]) -> dict[str, str]:
    """Returns the cells of an object by column, in the order of its keys."""
    row: dict[str, list[str]] = {}
    for column, cell in _columns(item):
        row.setdefault(column, []).append(cell)
    return {column: _BETWEEN.join(cells) for column, cells in row.items()}


def _columns(item: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    properties = item.get("properties")
    if item.get("type") != "Feature" or not isinstance(properties, dict):
        yield from _values(item, "", is_contact=False)
        return
    if "id" not in properties and isinstance(item.get("id"), str | int):
        yield "id", cell_text(item["id"])
    yield from _values(properties, "", is_contact=False)
    point = _point(item.get("geometry"))
    if point:
        yield COORDINATES, point


def _values(item: Mapping[str, object], way: str, *, is_contact: bool) -> Iterator[tuple[str, str]]:
    for key, value in item.items():
        column = f"{way}.{key}" if way else key
        parts = value if isinstance(value, list) else [value]
        nested = [part for part in parts if isinstance(part, dict)]
        if (nested or isinstance(value, list)) and _has_word(key, "persons"):
            continue
        if is_contact and _has_word(key, "of_a_person"):
            continue
        for part in nested:
            inner_is_contact = is_contact or _has_word(key, "contacts")
            yield from _values(part, column, is_contact=inner_is_contact)
        if not nested:
            yield column, _cell(value)


def _cell(value: object) -> str:
    """Returns a value as `cell_text` does, the blank items of a list kept."""
    if isinstance(value, list) and not any(isinstance(item, list) for item in value):
        return _BETWEEN.join(map(cell_text, value))
    return cell_text(value)


def _point(geometry: object) -> str:
    """Returns "latitude, longitude" of a point of GeoJSON, which has the longitude first."""
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return ""
    match geometry.get("coordinates"):
        case [longitude, latitude, *_height]:
            return f"{cell_text(latitude)}, {cell_text(longitude)}"
    return ""


@lru_cache(maxsize=4096)
def _has_word(key: str, section: str) -> bool:
    """Whether a key has a word of a section of the lexicon of persons."""
    words = _WORD.findall(fold(_CAMEL_CASE.sub(" ", key)))
    return any(
        word == entry or (entry.endswith("*") and word.startswith(entry[:-1]))
        for word in words
        for entry in _LEXICONS.phrases("persons", section)
    )
