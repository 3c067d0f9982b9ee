"""Inputs: what the files that are ingested last said of each case.

So that ingesting them again takes from them what is new there, and leaves what persons corrected.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace

from kb.models import Case, Kind
from kb.registers.versions import history
from kb.store.record_json import case_from_json, record_to_json
from kb.store.store import Store


def inputs_of(store: Store, case_ids: Collection[str]) -> dict[str, Case]:
    """What the input last said of these cases, by id; left out where it is not known.

    Of a case from before inputs were kept, it is the last version that no account made.
    """
    rows = store.database.conn.execute(
        "select * from inputs where case_id in (select value from json_each(?))",
        [json.dumps(sorted(case_ids))],
    )
    found = {row["case_id"]: case_from_json(row["content"]) for row in rows}
    for case_id in set(case_ids) - found.keys():
        for version in history(store, Kind.CASE, case_id):
            if isinstance(version.record, Case) and not (version.by or version.restored):
                found[case_id] = version.record
    return found


def unkept_inputs(store: Store, cases: Sequence[Case]) -> list[Case]:
    """Those of these cases that are not kept as what the input last said."""
    rows = store.database.conn.execute(
        "select * from inputs where case_id in (select value from json_each(?))",
        [json.dumps(sorted({case.id for case in cases}))],
    )
    kept = {row["case_id"]: row["content"] for row in rows}
    return [case for case in cases if kept.get(case.id) != record_to_json(case)]


def keep_inputs(store: Store, cases: Sequence[Case]) -> None:
    store.database.conn.executemany(
        "insert or replace into inputs (case_id, content) values (?, ?)",
        [(case.id, record_to_json(case)) for case in cases],
    )


def forget_inputs(store: Store, case_ids: Collection[str]) -> None:
    store.database.conn.execute(
        "delete from inputs where case_id in (select value from json_each(?))",
        [json.dumps(sorted(case_ids))],
    )


def renewed(case: Case, said: Case, before: Case) -> Case:
    """The case with what the input says, in the fields of which it said something else `before`."""
    new: Mapping[str, object] = {
        field.name: getattr(said, field.name)
        for field in fields(case)
        if getattr(said, field.name) != getattr(before, field.name)
    }
    return replace(case, **new)  # type: ignore[arg-type]
