"""Places of bases, and all that is in one."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

from kb.address import Place, PostgresAddress
from kb.settings import Settings
from kb.store.connection import CopiedRow
from kb.store.pool import open_store
from kb.store.store import Store

UPLOAD = "0123456789abcdef" * 2

NewPlace = Callable[[str], Place]


def settings(place: Place) -> Settings:
    return Settings.from_environment(kb=place)


def store_of(place: Place) -> Store:
    return open_store(settings(place).store)


def content(
    place: Place, columns: Mapping[str, Sequence[str]] | None = None
) -> Mapping[str, list[CopiedRow]]:
    """Every row of every table, with these columns of each, or all but the places of rows."""
    with closing(store_of(place)) as store, store.reading():
        asked = columns or {name: store.columns(name) for name in store.tables()}
        return {name: sorted(store.rows(name, asked[name]), key=repr) for name in store.tables()}


def given(place: Place) -> str:
    return place.given if isinstance(place, PostgresAddress) else str(place)
