"""Last inputs: each case as the ingested files last had it.

Ingesting again takes from the files what is new there, and leaves what persons corrected.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace

from kb.models import Case, Kind
from kb.registers.versions import history
from kb.store.record_json import case_from_json, record_to_json
from kb.store.store import Store


def last_inputs_of(store: Store, case_ids: Collection[str]) -> dict[str, Case]:
    """The last input of each of these cases, by id; unknown ids are left out.

    Of a case from before inputs were kept, it is the last version that no account made.
    """
    found = {id_: case_from_json(content) for id_, content in _inputs(store, case_ids).items()}
    for case_id in set(case_ids) - found.keys():
        for version in history(store, Kind.CASE, case_id):
            if isinstance(version.record, Case) and not (version.by or version.restored):
                found[case_id] = version.record
    return found


def changed_inputs(store: Store, cases: Sequence[Case]) -> list[Case]:
    """The cases that differ from their last input, or have none."""
    kept = _inputs(store, {case.id for case in cases})
    return [case for case in cases if kept.get(case.id) != record_to_json(case)]


def save_inputs(store: Store, cases: Sequence[Case]) -> None:
    store.executemany(
        "insert into inputs (case_id, content) values (?, ?)"
        " on conflict (case_id) do update set content = excluded.content",
        [(case.id, record_to_json(case)) for case in cases],
    )


def delete_inputs(store: Store, case_ids: Collection[str]) -> None:
    store.run("delete from inputs where case_id in :values", case_ids)


def _inputs(store: Store, case_ids: Collection[str]) -> dict[str, str]:
    """The content of the last input of cases, by id."""
    return {
        row["case_id"]: row["content"]
        for row in store.run("select * from inputs where case_id in :values", case_ids)
    }


def renewed(case: Case, given: Case, before: Case) -> Case:
    """The case, with the fields of the input `given` that differ from the input `before`."""
    new: Mapping[str, object] = {
        field.name: getattr(given, field.name)
        for field in fields(case)
        if getattr(given, field.name) != getattr(before, field.name)
    }
    return replace(case, **new)  # type: ignore[arg-type]
