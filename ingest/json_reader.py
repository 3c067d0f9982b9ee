"""Directories of actors in JSON and JSON Lines: one object per actor, its keys as columns."""

import json
from collections.abc import Iterator
from pathlib import Path

from ingest.actors import actor_from_columns
from ingest.columns import ACTOR_FIELDS, actor_columns, field_of
from ingest.entries import Entry
from ingest.text_files import open_text
from kb.errors import InputError
from kb.models import Actor


def read_json(path: Path) -> Iterator[Entry]:
    """Reads the actors of a JSON file: an array of objects, alone or in an object, or one object.

    Raises:
        InputError: the file is empty, is not text, is not JSON, or holds no actors.
    """
    with open_text(path) as file:
        document = _parse(file.read())
    for item, value in enumerate(_objects(document), start=1):
        yield _entry(item, value)


def read_json_lines(path: Path) -> Iterator[Entry]:
    """Reads the actors of a JSON Lines file, one object per line; blank lines are passed over.

    Raises:
        InputError: the file is empty or is not text.
    """
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                value = _parse(line)
            except InputError as error:
                yield Entry(number, reason=str(error))
            else:
                yield _entry(number, value)


def _parse(text: str) -> object:
    try:
        # Numbers stay as written: 1.10 is not 1.1.
        document: object = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"is not JSON: {error.msg} ({place})") from None
    except RecursionError:
        raise InputError("is not JSON that can be read: it is nested too deeply") from None
    return document


def _objects(document: object) -> list[object]:
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        raise InputError("holds neither an array nor an object")
    if any(field_of(key, ACTOR_FIELDS) == "name" for key in document):
        return [document]
    arrays = {key: value for key, value in document.items() if isinstance(value, list)}
    if len(arrays) != 1:
        found = ", ".join(repr(key) for key in arrays) or "none"
        raise InputError(f"must hold one array of actors; its arrays are: {found}")
    return next(iter(arrays.values()))


def _entry(row: int, value: object) -> Entry:
    try:
        return Entry(row, _actor(value))
    except InputError as error:
        return Entry(row, reason=str(error))


def _actor(value: object) -> Actor:
    if not isinstance(value, dict):
        raise InputError("is not an object")
    return actor_from_columns(actor_columns(list(value)), [_cell(each) for each in value.values()])


def _cell(value: object) -> str:
    """The value as the cell of a table: the items of a list joined by `|`, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        return " | ".join(_cell(item) for item in value)
    return json.dumps(value, ensure_ascii=False)
