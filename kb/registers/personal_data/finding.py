"""Finding: everything that a base holds about a person, read in every register."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from kb.registers.personal_data.naming import read_column
from kb.registers.personal_data.places import PLACES, PersonalKind, PersonalPlace
from kb.store.store import Store

MOST_EXCERPTS = 3
EXCERPT_CHARS = 60
"""How much of a text is shown on either side of what was found."""


@dataclass(frozen=True, slots=True)
class PersonalFinding:
    """Something that names a person: what to erase or correct, and what of it is about them.

    `tables` counts the rows, such as versions, in which they are named. `excerpts` are the first
    texts, each with what stands around.
    """

    kind: PersonalKind
    id: str
    tables: dict[str, int] = field(default_factory=dict)
    excerpts: tuple[str, ...] = ()


def find_person(store: Store, pattern: re.Pattern[str]) -> Sequence[PersonalFinding]:
    """Everything in which a pattern is found, in the order of `PersonalKind`, then by id."""
    found: dict[tuple[PersonalKind, str], PersonalFinding] = {}

    def note(kind: PersonalKind, id_: str, table: str, excerpt: str, rows: int = 1) -> None:
        known = found.get((kind, id_), PersonalFinding(kind, id_))
        excerpts = known.excerpts
        if excerpt and excerpt not in excerpts and len(excerpts) < MOST_EXCERPTS:
            excerpts = (*excerpts, excerpt)
        tables = known.tables | {table: known.tables.get(table, 0) + rows}
        found[kind, id_] = PersonalFinding(kind, id_, tables, excerpts)

    for place in PLACES:
        for id_, kind, texts in _rows(store, place):
            matched = [(text, match) for text in texts if (match := pattern.search(text))]
            if matched or pattern.search(id_):
                excerpt = _around(*matched[0]) if matched else ""
                note(PersonalKind(kind), id_, place.table, excerpt)
    for name in sorted(filter(pattern.search, _names_of_writers(store))):
        for place, column in _columns_by():
            count = _count(store, place, column, name)
            if count:
                note(PersonalKind.ACCOUNT, name, place.table, "", count)
    order = list(PersonalKind)
    return sorted(found.values(), key=lambda each: (order.index(each.kind), each.id))


def _rows(store: Store, place: PersonalPlace) -> list[tuple[str, str, list[str]]]:
    """The id, the kind and the texts of each row of a place."""
    if not place.read:
        return []
    columns = ", ".join(f'"{column}"' for column in place.read)
    kind = "kind" if place.kind is None else f"'{place.kind}'"
    rows = store.execute(f'select "{place.id}", {kind}, {columns} from {place.table}')  # noqa: S608
    return [(str(id_), kind, [read_column(text) for text in texts]) for id_, kind, *texts in rows]


def _columns_by() -> list[tuple[PersonalPlace, str]]:
    return [(place, column) for place in PLACES for column in place.by]


def _names_of_writers(store: Store) -> set[str]:
    """The names of all accounts that did something, of those that are no more among them."""
    return {
        row[0]
        for place, column in _columns_by()
        for row in store.execute(f'select distinct "{column}" from {place.table}')  # noqa: S608
        if row[0]
    }


def _count(store: Store, place: PersonalPlace, column: str, name: str) -> int:
    (count,) = store.execute(
        f'select count(*) from {place.table} where "{column}" = ?',  # noqa: S608 (columns of ours)
        [name],
    ).fetchone()
    return int(count)


def _around(text: str, match: re.Match[str]) -> str:
    start, end = match.start() - EXCERPT_CHARS, match.end() + EXCERPT_CHARS
    around = " ".join(text[max(start, 0) : end].split())
    return f"{'…' if start > 0 else ''}{around}{'…' if end < len(text) else ''}"
