"""Directories of actors in JSON and JSON Lines: one object per actor, its keys as columns."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TextIO

from ingest.directories.columns_of import HeaderMap
from ingest.directories.header_words import has, holds_fields, holds_persons, is_first_name
from ingest.directories.table import DirectoryRow, cell_text
from ingest.encodings import lines_of, open_text
from ingest.records.fields import MAX_COLUMNS
from kb.errors import InputError
from kb.remarks import Remark

COORDINATES = "coordonnées"  # of a feature's point: latitude and longitude in degrees
_BETWEEN = " | "


def row_of(item: Mapping[str, object]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Returns the cells of an object by column, and the columns left out as persons."""
    row: dict[str, list[str]] = {}
    persons: dict[str, None] = {}
    for column, cell in _columns(item):
        if cell is None:
            persons[column] = None
        else:
            row.setdefault(column, []).append(cell)
    return {column: _BETWEEN.join(cells) for column, cells in row.items()}, tuple(persons)


def _columns(item: Mapping[str, object]) -> Iterator[tuple[str, str | None]]:
    properties = item.get("properties")
    if item.get("type") != "Feature" or not isinstance(properties, dict):
        yield from _values(item, "", is_contact=False)
        return
    if "id" not in properties and isinstance(item.get("id"), str | int):
        yield "id", cell_text(item["id"])
    yield from _values(properties, "", is_contact=False)
    if point := _point(item.get("geometry")):
        yield COORDINATES, point


def _values(
    item: Mapping[str, object], way: str, *, is_contact: bool
) -> Iterator[tuple[str, str | None]]:
    for key, value in item.items():
        column = f"{way}.{key}" if way else key
        parts = value if isinstance(value, list) else [value]
        nested = [part for part in parts if isinstance(part, dict)]
        of_persons = (nested or isinstance(value, list)) and holds_persons(key)
        if of_persons or (is_contact and has("of_a_person", key)):
            if value:
                yield column, None
            continue
        for part in nested:
            if holds_fields(key) or not any(map(is_first_name, part)):
                inner_is_contact = is_contact or has("contacts", key)
                yield from _values(part, column, is_contact=inner_is_contact)
            else:
                yield column, None
        if not nested:
            is_flat = isinstance(value, list) and not any(isinstance(part, list) for part in value)
            yield column, _BETWEEN.join(map(cell_text, parts)) if is_flat else cell_text(value)


def _point(geometry: object) -> str:
    """Returns "latitude, longitude" of a point of GeoJSON, which has the longitude first."""
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return ""
    match geometry.get("coordinates"):
        case [longitude, latitude, *_height]:
            return f"{cell_text(latitude)}, {cell_text(longitude)}"
    return ""


_MAX_DEPTH = 100
_MAX_EXPLAINED_BYTES = 1 << 24


def json_rows(path: Path, header_map: HeaderMap) -> Iterator[DirectoryRow]:
    import ijson

    try:
        with open_text(path) as file:
            prefix = _prefix(_events(file), header_map)
            file.seek(0)
            items = ijson.items(ijson.parse(_events(file)), prefix)
            for number, value in enumerate(items, start=1):
                yield _row(number, value)
    except ijson.JSONError as error:
        raise _explained(path, error) from None
    except (SystemError, ValueError):  # of an integer with more digits than Python reads
        raise InputError("no_json", reason="an integer has too many digits") from None


def json_lines_rows(path: Path, _header_map: HeaderMap) -> Iterator[DirectoryRow]:
    with open_text(path) as file:
        for number, line in enumerate(lines_of(file), start=1):
            if line.strip():
                try:
                    row = _row(number, _parse(line))
                except InputError as error:
                    row = DirectoryRow(number, reason=error.remark)
                yield row


def _events(file: TextIO) -> Iterator[tuple[str, object]]:
    """Yields the events of a JSON file, down to `_MAX_DEPTH`, which bounds ijson's prefixes."""
    import ijson

    depth = 0
    utf8 = SimpleNamespace(read=lambda size: file.read(size).encode())
    for event in ijson.basic_parse(utf8):
        depth += event[0].startswith("start_") - event[0].startswith("end_")
        if depth > _MAX_DEPTH:
            raise InputError("nested_json")
        yield event


def _prefix(events: Iterator[tuple[str, object]], header_map: HeaderMap) -> str:
    """Returns ijson's prefix of the actors: of the items of an array, or of the only object."""
    import ijson

    keys: list[str] = []
    arrays: list[str] = []
    tables: dict[str, None] = {}
    for prefix, kind, value in ijson.parse(events):
        if prefix == "" and kind != "map_key":
            if kind == "start_array":
                return "item"
            if kind not in {"start_map", "end_map"}:
                raise InputError("no_container")
        elif prefix == "":
            keys.append(str(value))
        elif kind == "start_array" and prefix == keys[-1]:
            arrays.append(prefix)
        elif kind == "start_map" and prefix == f"{keys[-1]}.item" and keys[-1] in arrays:
            tables[keys[-1]] = None
    if header_map.names_actors(keys[:MAX_COLUMNS]):
        return ""
    if len(tables) != 1 and len(arrays) != 1:
        raise InputError("not_one_array", arrays=", ".join(map(repr, arrays)) or "none")
    return f"{next(iter(tables), arrays[0])}.item"


def _explained(path: Path, error: Exception) -> InputError:
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
