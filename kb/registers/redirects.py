"""Leads: where the ids of actors lead that were found to be others."""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar, cast

from kb.models import Case, Record
from kb.store.store import Store

RecordT = TypeVar("RecordT", bound=Record)


def leads_of(store: Store, actor_ids: Collection[str]) -> dict[str, str]:
    """Where those of these ids lead whose actors were found to be others."""
    rows = store.database.conn.execute(
        "select id, actor_id from merged_actors where id in (select value from json_each(?))",
        [json.dumps(sorted(actor_ids))],
    )
    return {row["id"]: row["actor_id"] for row in rows}


def merged_into(store: Store, actor_id: str) -> list[str]:
    """The former ids of an actor that others were found to be."""
    rows = store.database.conn.execute(
        "select id from merged_actors where actor_id = ? order by id", [actor_id]
    )
    return [row["id"] for row in rows]


def led(store: Store, record: RecordT) -> RecordT:
    """The record; a case names actors by the ids that those of merged ones lead to."""
    if not isinstance(record, Case):
        return record
    case: Case = record
    leads = leads_of(store, {part.actor_id for part in case.participants})
    for other, kept in leads.items():
        case = naming(case, kept, instead_of=other)
    return cast("RecordT", case)


def naming(case: Case, kept: str, *, instead_of: str) -> Case:
    """The case, with the kept one of two actors in the place of the other."""
    return replace(
        case,
        participants=tuple(
            replace(part, actor_id=kept) if part.actor_id == instead_of else part
            for part in case.participants
        ),
    )
