"""Directories of actors in JSON and JSON Lines: one object per actor, its keys as columns."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from ingest.directories.columns_of import HeaderMap
from ingest.directories.header_words import (
    holds_contacts,
    holds_fields,
    holds_persons,
    is_first_name,
    names_a_contact,
)
from ingest.directories.table import DirectoryRow, cell_text
from ingest.encodings import encoding_of, lines_of, open_text
from ingest.records.fields import MAX_COLUMNS
from kb.errors import InputError
from kb.remarks import Remark

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


_Event = tuple[str, object]
"""An event of a streaming parser: its kind and its value."""

_END_OF_MAP, _END_OF_ARRAY = ("end_map", None), ("end_array", None)
_MAX_EXPLAINED_BYTES = 1 << 24


def json_rows(path: Path, header_map: HeaderMap) -> Iterator[DirectoryRow]:
    """Reads the items of a JSON file, as `RowReader`."""
    import ijson

    encoding = encoding_of(path)
    try:
        array = _array(path, encoding, header_map)
        with _Utf8(path, encoding) as file:
            for number, value in enumerate(_items(ijson.basic_parse(file), array), start=1):
                yield _row(number, value)
    except ijson.JSONError as error:
        raise _explained(path, error) from None
    except RecursionError:
        raise InputError("nested_json") from None


def json_lines_rows(path: Path, _header_map: HeaderMap) -> Iterator[DirectoryRow]:
    """Reads the lines of a JSON Lines file, as `RowReader`: each names its own columns."""
    with open_text(path) as file:
        for number, line in enumerate(lines_of(file), start=1):
            if not line.strip():
                continue
            try:
                value = _parse(line)
            except InputError as error:
                yield DirectoryRow(number, reason=error.remark)
            else:
                yield _row(number, value)


class _Utf8:
    """Reads a text file of any encoding as UTF-8, for a parser of bytes."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._file: IO[str] = path.open(encoding=encoding, newline="")

    def __enter__(self) -> "_Utf8":
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def read(self, n: int = -1) -> bytes:
        return self._file.read(n).encode()


def _array(path: Path, encoding: str, header_map: HeaderMap) -> str | None:
    """Returns the key of the array of actors; "" for an array, None for an object of an actor."""
    import ijson

    with _Utf8(path, encoding) as file:
        events = ijson.basic_parse(file)
        kind, _value = next(events)
        if kind == "start_array":
            return ""
        if kind != "start_map":
            raise InputError("no_container")
        keys, arrays, tables = _keys(events)
    if header_map.names_actors(keys[:MAX_COLUMNS]):
        return None
    if len(tables) == 1:
        return tables[0]
    if len(arrays) != 1:
        found = ", ".join(repr(key) for key in arrays) or "none"
        raise InputError("not_one_array", arrays=found)
    return arrays[0]


def _items(events: Iterator[_Event], array: str | None) -> Iterator[object]:
    if array is None:
        yield _value(events, next(events))
        return
    next(events)
    if array:
        while next(events) != ("map_key", array):
            _skip(events)
        next(events)
    while (event := next(events)) != _END_OF_ARRAY:
        yield _value(events, event)


def _skip(events: Iterator[_Event]) -> None:
    """Passes over a value, however deep."""
    depth = 0
    for kind, _value in events:
        depth += (kind in {"start_map", "start_array"}) - (kind in {"end_map", "end_array"})
        if depth == 0:
            return


def _value(events: Iterator[_Event], event: _Event) -> object:
    """Returns the value that begins with this event. Numbers stay as written: 1.10 is not 1.1."""
    kind, value = event
    if kind == "start_map":
        items: dict[str, object] = {}
        while (inner := next(events)) != _END_OF_MAP:
            items[str(inner[1])] = _value(events, next(events))
        return items
    if kind == "start_array":
        values = []
        while (inner := next(events)) != _END_OF_ARRAY:
            values.append(_value(events, inner))
        return values
    return str(value) if kind == "number" else value


def _keys(events: Iterable[_Event]) -> tuple[list[str], list[str], list[str]]:
    """Returns the keys of the object that the events are in: all, arrays, arrays of objects."""
    keys: list[str] = []
    arrays: list[str] = []
    tables: list[str] = []
    before = ""
    depth = 0
    for kind, value in events:
        if depth == 0 and kind == "map_key":
            keys.append(str(value))
        elif kind in {"start_map", "start_array"}:
            if depth == 0 and kind == "start_array":
                arrays.append(keys[-1])
            if depth == 1 and kind == "start_map" and before == "start_array":
                tables.append(keys[-1])
            depth += 1
        elif kind in {"end_map", "end_array"}:
            depth -= 1
        before = kind
    return keys, arrays, tables


def _explained(path: Path, error: Exception) -> InputError:
    """Says what is wrong with a file, and where: the streaming parser does not."""
    if path.stat().st_size <= _MAX_EXPLAINED_BYTES:
        with open_text(path) as file:
            try:
                _parse(file.read())
            except InputError as explained:
                return explained
    return InputError("no_json", reason=str(error).partition("\n")[0])


def _parse(text: str) -> object:
    try:
        document: object = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        line, column = str(error.lineno), str(error.colno)
        raise InputError("no_json_at", reason=error.msg, line=line, column=column) from None
    except RecursionError:
        raise InputError("nested_json") from None
    return document


def _row(number: int, value: object) -> DirectoryRow:
    if not isinstance(value, dict):
        return DirectoryRow(number, reason=Remark("no_object"))
    cells, persons = row_of(value)
    if len(cells) > MAX_COLUMNS:
        return DirectoryRow(number, reason=Remark("many_columns", most=MAX_COLUMNS))
    return DirectoryRow(number, tuple(cells), list(cells.values()), persons=persons)
