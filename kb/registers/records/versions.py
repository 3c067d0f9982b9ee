"""Versions: every state that a record had, and what was withdrawn."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from kb.models import Case, Kind, Record, kind_of
from kb.registers.clock import now
from kb.registers.register import columns_of, row_as
from kb.store.connection import StoreRow
from kb.store.record_json import record_from_json, record_to_json, without_values
from kb.store.store import Store


@dataclass(frozen=True, slots=True)
class Version:
    """A state of a record, counted from 1; `restored` is the number that it brought back, or 0."""

    kind: Kind
    record_id: str
    number: int
    record: Record
    by: str
    at: str
    note: str
    restored: int = 0


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawn record, or an erased one, whose `record_id` is a hash of its id."""

    kind: Kind
    record_id: str
    by: str
    at: str
    reason: str
    erased: bool


def history(store: Store, kind: Kind, record_id: str) -> list[Version]:
    rows = store.execute(
        "select * from versions where kind = ? and record_id = ? order by number",
        [kind.value, record_id],
    ).fetchall()
    return [row_as(Version, row, record=record_from_json(kind, row["content"])) for row in rows]


def publication_times(
    store: Store, kind: Kind, record_ids: Collection[str]
) -> dict[str, tuple[str, str]]:
    times = {id_: (at, at) for id_, at in store.updated_at(kind, record_ids).items()}
    rows = store.run(
        'select record_id, min("at") first, max("at") last from versions where kind = :kind'
        " and record_id in :values group by record_id",
        times,
        kind=kind.value,
    )
    return times | {row["record_id"]: (row["first"], row["last"]) for row in rows}


def looked_after(store: Store, kind: Kind) -> set[str]:
    """Returns the ids of the records that an account made or changed, or that began as a draft."""
    rows = store.execute(
        "select record_id from versions where kind = :kind and \"by\" != ''"
        " union select record_id from drafts where kind = :kind and state = 'published'",
        {"kind": kind.value},
    )
    return {row["record_id"] for row in rows}


def keep_versions(
    store: Store, records: Sequence[Record], *, by: str, note: str = "", restored: int = 0
) -> None:
    at = now()
    for kind in Kind:
        of_kind = [record for record in records if kind_of(record) is kind]
        rows = store.run(
            "select record_id, max(number) from versions where kind = :kind"
            " and record_id in :values group by record_id",
            {record.id for record in of_kind},
            kind=kind.value,
        )
        numbers = dict(map(tuple, rows))
        kept = []
        for record in of_kind:
            numbers[record.id] = number = numbers.get(record.id, 0) + 1
            version = Version(kind, record.id, number, record, by, at, note, restored)
            row = columns_of(version, but=["record"])
            kept.append({**row, "content": record_to_json(record)})
        store.insert_all("versions", kept)


def withdrawal(store: Store, kind: Kind, record_id: str) -> Withdrawal | None:
    row = _withdrawals(store, kind, [record_id]).get(record_id)
    return row_as(Withdrawal, row) if row else None


def withdrawn(store: Store, kind: Kind, record_ids: Collection[str]) -> set[str]:
    return set(_withdrawals(store, kind, record_ids))


def withdrawn_of_sirets(store: Store, sirets: Collection[str]) -> dict[str, str]:
    """Maps each of these SIRET to the withdrawn actor whose last version has it."""
    rows = store.run(
        "select v.record_id, json_extract(content, '$.siret') siret"
        # A cross join, so that SQLite begins with the few that were withdrawn.
        " from withdrawals w cross join versions v"
        " where w.kind = 'actor' and v.kind = w.kind and v.record_id = w.record_id"
        " and number = (select max(number) from versions last"
        "  where last.kind = v.kind and last.record_id = v.record_id)"
        " and json_extract(content, '$.siret') in :values"
        " order by v.record_id desc",
        sirets,
    )
    return {row["siret"]: row["record_id"] for row in rows}


def note_withdrawal(
    store: Store, kind: Kind, record_id: str, *, by: str, reason: str, erased: bool = False
) -> None:
    row = columns_of(Withdrawal(kind, record_id, by, now(), reason, erased))
    store.insert("withdrawals", row, key=["kind", "record_id"])


def lift_withdrawal(store: Store, kind: Kind, record_id: str) -> None:
    store.execute(
        "delete from withdrawals where kind = ? and record_id = ? and erased = 0",
        [kind.value, record_id],
    )


def erase_versions(store: Store, kind: Kind, record_ids: Collection[str], *, by: str) -> None:
    for record_id in record_ids:
        lift_withdrawal(store, kind, record_id)
        store.execute(
            "delete from versions where kind = ? and record_id = ?", [kind.value, record_id]
        )
        note_withdrawal(store, kind, _hash(record_id), by=by, reason="", erased=True)


def erased_records(store: Store) -> list[Withdrawal]:
    rows = store.execute('select * from withdrawals where erased = 1 order by "at", record_id')
    return [row_as(Withdrawal, row) for row in rows.fetchall()]


def back_again(store: Store, erased: Iterable[Withdrawal]) -> list[tuple[Withdrawal, str]]:
    here: dict[tuple[str, str], str] = {}
    for kind in Kind:
        rows = store.execute("select distinct record_id from versions where kind = ?", [kind.value])
        ids = {*store.ids(kind), *(row["record_id"] for row in rows.fetchall())}
        here.update({(kind.value, _hash(id_)): id_ for id_ in ids})
    found = {(withdrawal.kind.value, withdrawal.record_id): withdrawal for withdrawal in erased}
    return [(found[key], here[key]) for key in found if key in here]


def forget_contacts(store: Store, actor_id: str, gone: Mapping[str, Collection[str]]) -> None:
    """Takes these values of contacts, by field, out of every version and draft of an actor."""
    for table in ("versions", "drafts", "draft_versions"):
        key = store.primary_key(table)
        rows = store.execute(
            f"select * from {table} where kind = 'actor' and record_id = ?",  # noqa: S608 (ours)
            [actor_id],
        ).fetchall()
        for row in rows:
            content = without_values(row["content"], gone)
            store.update(table, {column: row[column] for column in key}, {"content": content})


def _withdrawals(store: Store, kind: Kind, record_ids: Collection[str]) -> dict[str, StoreRow]:
    erased = {_hash(id_): id_ for id_ in record_ids}
    rows = store.run(
        "select * from withdrawals where kind = :kind and record_id in :values",
        [*record_ids, *erased],
        kind=kind.value,
    )
    found = {}
    for row in rows:
        id_ = erased.get(row["record_id"]) if row["erased"] else row["record_id"]
        if id_ is not None:
            found[id_] = row
    return found


def _hash(record_id: str) -> str:
    return hashlib.sha256(record_id.encode()).hexdigest()


RecordT = TypeVar("RecordT", bound=Record)


def redirects_of(store: Store, actor_ids: Collection[str]) -> dict[str, str]:
    rows = store.run("select id, actor_id from merged_actors where id in :values", actor_ids)
    return {row["id"]: row["actor_id"] for row in rows}


def merged_into(store: Store, actor_id: str) -> list[str]:
    rows = store.execute("select id from merged_actors where actor_id = ? order by id", [actor_id])
    return [row["id"] for row in rows]


def follow_redirects(store: Store, record: RecordT) -> RecordT:
    if not isinstance(record, Case):
        return record
    kept = redirects_of(store, {part.actor_id for part in record.participants})
    return cast("RecordT", naming(record, kept))


def naming(case: Case, kept: Mapping[str, str]) -> Case:
    parts = case.participants
    named = (replace(part, actor_id=kept.get(part.actor_id, part.actor_id)) for part in parts)
    return replace(case, participants=tuple(named))
