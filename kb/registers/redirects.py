"""Redirects: the ids of merged actors, and the ids that replaced them."""

from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar, cast

from kb.models import Case, Record
from kb.store.store import Store

RecordT = TypeVar("RecordT", bound=Record)


def redirects_of(store: Store, actor_ids: Collection[str]) -> dict[str, str]:
    """Maps each merged actor id among these to the id that replaced it."""
    rows = store.run("select id, actor_id from merged_actors where id in :values", actor_ids)
    return {row["id"]: row["actor_id"] for row in rows}


def merged_into(store: Store, actor_id: str) -> list[str]:
    """The ids of the actors that were merged into this actor."""
    rows = store.execute("select id from merged_actors where actor_id = ? order by id", [actor_id])
    return [row["id"] for row in rows]


def follow_redirects(store: Store, record: RecordT) -> RecordT:
    """The record; in a case, with the ids of merged actors replaced."""
    if not isinstance(record, Case):
        return record
    case: Case = record
    redirects = redirects_of(store, {part.actor_id for part in case.participants})
    for other, kept in redirects.items():
        case = naming(case, kept, instead_of=other)
    return cast("RecordT", case)


def naming(case: Case, kept: str, *, instead_of: str) -> Case:
    """The case, with the actor `kept` in the place of another."""
    return replace(
        case,
        participants=tuple(
            replace(part, actor_id=kept) if part.actor_id == instead_of else part
            for part in case.participants
        ),
    )
