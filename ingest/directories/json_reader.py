"""Directories of actors in JSON and JSON Lines: one object per actor, its keys as columns.

An array is read item by item, however large it is.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from decimal import InvalidOperation
from pathlib import Path
from typing import IO

from ingest.directories.columns.header_map import HeaderMap
from ingest.directories.nested import row_of
from ingest.directories.table import DirectoryRow
from ingest.encodings import encoding_of, lines_of, open_text
from ingest.records.fields import MAX_COLUMNS
from kb.errors import InputError
from kb.remarks import Remark

_Event = tuple[str, object]
"""An event of a streaming parser: its kind and its value."""

_END_OF_MAP, _END_OF_ARRAY = ("end_map", None), ("end_array", None)
_MAX_EXPLAINED_BYTES = 1 << 24
_MAX_DEPTH = 50
_MAX_KEYS = 10 * MAX_COLUMNS
"""Most different keys of all objects of a file: each object may have others to look up."""
_MAX_DIGITS = sys.int_info.str_digits_check_threshold
"""So many digits Python makes a number of, however it is set."""

_LONG_NUMBER = re.compile(f"[0-9]{{{_MAX_DIGITS + 1}}}")


def json_rows(path: Path, header_map: HeaderMap) -> Iterator[DirectoryRow]:
    """Reads the items of a JSON file, as `RowReader`."""
    import ijson

    encoding = encoding_of(path)
    try:
        array = _array(path, encoding, header_map)
        with _Utf8(path, encoding) as file:
            keys: set[str] = set()
            for number, value in enumerate(_values(ijson.basic_parse(file), array), start=1):
                yield _row(number, value, keys)
    except ijson.JSONError as error:
        raise _explained(path, error) from None
    except InvalidOperation:  # an exponent of twenty digits
        raise InputError("huge_number") from None


def json_lines_rows(path: Path, _header_map: HeaderMap) -> Iterator[DirectoryRow]:
    """Reads the lines of a JSON Lines file, as `RowReader`: each names its own columns."""
    keys: set[str] = set()
    with open_text(path) as file:
        for number, line in enumerate(lines_of(file), start=1):
            if not line.strip():
                continue
            try:
                value = _parse(line)
            except InputError as error:
                yield DirectoryRow(number, reason=error.remark)
            else:
                yield _row(number, value, keys)


class _Utf8:
    """Reads a text file of any encoding as UTF-8, for a parser of bytes.

    It refuses what the parser dies of: a whole number that Python makes none of.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self._file: IO[str] = path.open(encoding=encoding, newline="")
        self._before = ""

    def __enter__(self) -> "_Utf8":
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def read(self, n: int = -1) -> bytes:
        text = self._file.read(n)
        joined = self._before + text
        if _LONG_NUMBER.search(joined):
            raise InputError("huge_number")
        self._before = joined[-_MAX_DIGITS:]
        return text.encode()


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


def _values(events: Iterator[_Event], array: str | None) -> Iterator[object]:
    if array is None:
        yield _value(events, next(events), 0)
        return
    next(events)
    if array:
        while next(events) != ("map_key", array):
            _skip(events)
        next(events)
    while (event := next(events)) != _END_OF_ARRAY:
        yield _value(events, event, 0)


def _skip(events: Iterator[_Event]) -> None:
    """Passes over a value, however deep."""
    depth = 0
    for kind, _value in events:
        depth += (kind in {"start_map", "start_array"}) - (kind in {"end_map", "end_array"})
        if depth == 0:
            return


def _value(events: Iterator[_Event], event: _Event, depth: int) -> object:
    """Returns the value that begins with this event. Numbers stay as written: 1.10 is not 1.1."""
    kind, value = event
    if depth > _MAX_DEPTH:
        raise InputError("nested_json")
    if kind == "start_map":
        items: dict[str, object] = {}
        while (inner := next(events)) != _END_OF_MAP:
            items[str(inner[1])] = _value(events, next(events), depth + 1)
        return items
    if kind == "start_array":
        values = []
        while (inner := next(events)) != _END_OF_ARRAY:
            values.append(_value(events, inner, depth + 1))
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


def _row(number: int, value: object, keys: set[str]) -> DirectoryRow:
    """Returns the row of an item, and adds its columns to those of the items before.

    Raises:
        InputError: they are too many.
    """
    if not isinstance(value, dict):
        return DirectoryRow(number, reason=Remark("no_object"))
    cells, persons = row_of(value)
    if len(cells) > MAX_COLUMNS:
        return DirectoryRow(number, reason=Remark("many_columns", most=MAX_COLUMNS))
    keys.update(cells)
    if len(keys) > _MAX_KEYS:
        raise InputError("many_keys", most=_MAX_KEYS)
    return DirectoryRow(number, tuple(cells), list(cells.values()), persons=persons)
