"""Choices under way: who sees the contacts of a source, carried out some actors at a time."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from kb.store.connection import StoreConnection
from kb.store.database import dataclass_of

_NAME = "choices of contacts under way"


@dataclass(frozen=True, slots=True)
class ChoiceUnderWay:
    """What is left to do: the actors of the source's statements whose number is above `after`."""

    source: str
    withheld: tuple[str, ...]
    published: tuple[str, ...]
    after: int = 0


def choices_under_way(store: StoreConnection) -> Sequence[ChoiceUnderWay]:
    """The choices under way, in the order in which they were made."""
    lists = ("withheld", "published")
    return [
        dataclass_of(ChoiceUnderWay, each, **{name: tuple(each[name]) for name in lists})
        for each in json.loads(store.property(_NAME) or "[]")
    ]


def keep_under_way(store: StoreConnection, choices: Sequence[ChoiceUnderWay]) -> None:
    """Stores the choices that are under way. Called in a transaction."""
    store.set_property(_NAME, json.dumps([asdict(each) for each in choices], ensure_ascii=False))


def actors_waiting(
    store: StoreConnection, choice: ChoiceUnderWay, ids: Collection[str]
) -> set[str]:
    """The ids of those of these actors whose turn has not come."""
    rows = store.run(
        "select distinct actor_id from statements"
        " where source = :source and number > :after and actor_id in :values",
        ids,
        source=choice.source,
        after=choice.after,
    )
    return {row[0] for row in rows}


def next_actors(store: StoreConnection, choice: ChoiceUnderWay, most: int) -> tuple[list[str], int]:
    """The actors whose turn is next, and the number of the last of their statements; else 0."""
    rows = store.execute(
        # As an expression, the source keeps SQLite from sorting all its statements for each slice.
        "select number, actor_id from statements where source || '' = ? and number > ?"
        " order by number limit ?",
        [choice.source, choice.after, most],
    ).fetchall()
    return sorted({row["actor_id"] for row in rows}), rows[-1]["number"] if rows else 0
