"""Objects in objects: one object of a directory as a row, with a column for each value in it.

A column is named by the keys on the way to its value, with points between: `adresse.commune`. The
values of a list of objects that have the same way stand in one cell. A feature of GeoJSON is its
properties and its point. Objects and lists that are persons
are left out; the columns of persons that remain are ignored as those of any table are.
"""

from collections.abc import Iterator, Mapping

from ingest.directories.columns.header_words import holds_fields
from ingest.directories.columns.persons import (
    holds_contacts,
    holds_persons,
    is_first_name,
    names_a_contact,
)
from ingest.directories.table import cell_text

COORDINATES = "coordonnées"
"""The column of the point of a feature: latitude and longitude in degrees."""

_BETWEEN = " | "


def row_of(item: Mapping[str, object]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Returns the cells of an object by column, in the order of its keys.

    And the columns of the objects and values in it that are left out because they are persons.
    """
    row: dict[str, list[str]] = {}
    persons: dict[str, None] = {}
    for column, cell in _columns(item):
        if cell is None:
            persons[column] = None
        else:
            row.setdefault(column, []).append(cell)
    return {column: _BETWEEN.join(cells) for column, cells in row.items()}, tuple(persons)


def _columns(item: Mapping[str, object]) -> Iterator[tuple[str, str | None]]:
    """Yields each column with its value, None for a person."""
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


def _values(
    item: Mapping[str, object], way: str, *, is_contact: bool
) -> Iterator[tuple[str, str | None]]:
    for key, value in item.items():
        column = f"{way}.{key}" if way else key
        parts = value if isinstance(value, list) else [value]
        nested = [part for part in parts if isinstance(part, dict)]
        of_persons = (nested or isinstance(value, list)) and holds_persons(key)
        if of_persons or (is_contact and names_a_contact(key)):
            if value:
                yield column, None
            continue
        for part in nested:
            if holds_fields(key) or not any(map(is_first_name, part)):
                inner_is_contact = is_contact or holds_contacts(key)
                yield from _values(part, column, is_contact=inner_is_contact)
            else:
                yield column, None
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
