"""A register of the base: rows of its tables, read into dataclasses and written from them.

The dataclass declares the table: enums are kept as their words, what has parts as JSON.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from kb.errors import UnknownRecord
from kb.store.connection import StoreRow, Values
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.store import Store

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
D = TypeVar("D", bound="DataclassInstance")


class Register:
    """Some tables of a base; changes raise `ReadOnlyKnowledgeBase` if it cannot be written."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    @contextmanager
    def _writing(self, *, waits: bool = True) -> Iterator[Store]:
        with self._stores.lend() as store, store.writing(waits=waits):
            yield store

    def _write(self, sql: str, values: Values = ()) -> None:
        with self._writing() as store:
            store.execute(sql, values)

    def _rows(self, sql: str, values: Values = ()) -> list[Any]:
        with self._stores.lend() as store:
            return store.execute(sql, values).fetchall()

    def _read(self, made: type[D], sql: str, values: Values = ()) -> list[D]:
        return [row_as(made, row) for row in self._rows(sql, values)]

    def _by_id(self, made: type[D], table: str, id: str) -> D:
        with self._stores.lend() as store:
            return by_id(store, made, table, id)


def by_id(store: Store, made: type[D], table: str, id: str) -> D:
    row = find(store, made, f"select * from {table} where id = ?", [id])  # noqa: S608 (ours)
    return known(row, f"There is no {table.rpartition('_')[2][:-1]} with the id {id!r}.")


def row_as(made: type[D], row: StoreRow | Mapping[str, Any], **converted: object) -> D:
    """Makes a dataclass of a row; `converted` are fields that are not as their columns."""
    known = dict(row)
    read = {
        name: reader(known[name])
        for name, reader in _readers(made)
        if name in known and name not in converted
    }
    return dataclass_of(made, known, **read, **converted)


def columns_of(made: "DataclassInstance", but: Collection[str] = ()) -> dict[str, object]:
    """Returns the columns of a dataclass, by name; None is kept as an empty text."""
    names = (field.name for field in fields(made) if field.name not in but)
    return {name: _kept(getattr(made, name)) for name in names}


def known(found: T | None, otherwise: str) -> T:
    if found is None:
        raise UnknownRecord(otherwise)
    return found


def find(store: Store, made: type[D], sql: str, values: Values = ()) -> D | None:
    row = store.execute(sql, values).fetchone()
    return row_as(made, row) if row else None


def count(store: Store, sql: str, values: Values = ()) -> int:
    return int(store.execute(sql, values).fetchone()[0] or 0)


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _kept(value: Any) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, frozenset):
        return as_json(sorted(value))
    if isinstance(value, tuple | list | Mapping):
        return as_json(dict(value) if isinstance(value, Mapping) else value)
    if is_dataclass(value) and not isinstance(value, type):
        return as_json(asdict(value))
    return "" if value is None else value


@cache
def _readers(made: type[Any]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    hints = get_type_hints(made)
    readers = ((field.name, _reader(hints[field.name])) for field in fields(made))
    return tuple((name, reader) for name, reader in readers if reader)


def _reader(kind: Any) -> Callable[[Any], Any] | None:
    origin = get_origin(kind)
    if origin is UnionType:
        made = get_args(kind)[0]
        return lambda value: made(value) if value else None
    if origin in {tuple, frozenset}:
        read = _reader(get_args(kind)[0]) or (lambda value: value)
        return lambda value: origin(map(read, _parsed(value)))
    if origin is Mapping:
        return _parsed
    if is_dataclass(kind) and isinstance(kind, type):
        return lambda value: row_as(kind, _parsed(value))
    if isinstance(kind, type) and issubclass(kind, Enum | bool):
        return kind
    return None


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
