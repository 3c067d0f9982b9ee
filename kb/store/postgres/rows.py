"""Rows of PostgreSQL's results, read by place and by name as SQLite's are."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import psycopg


class PostgresRow(tuple[Any, ...]):
    """A row. Each list of columns has a class of its own, which knows their places."""

    __slots__ = ()
    places: ClassVar[Mapping[str, int]]

    def __getitem__(self, key: Any, /) -> Any:
        return tuple.__getitem__(self, self.places[key] if type(key) is str else key)

    def keys(self) -> Collection[str]:
        return self.places.keys()


def rows_by_name(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], PostgresRow]:
    """Makes the rows of a result: psycopg's `row_factory`."""
    names = tuple(column.name for column in cursor.description or ())
    return _row_of(names)


@lru_cache(maxsize=2_000)
def _row_of(names: tuple[str, ...]) -> type[PostgresRow]:
    # Of two columns of a name, the first is meant, as in SQLite.
    places = {name: place for place, name in reversed([*enumerate(names)])}
    places = {name: places[name] for name in names}
    return type("_Row", (PostgresRow,), {"places": places, "__slots__": ()})
