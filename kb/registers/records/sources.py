"""Sources: what each claims of an actor since when, the choices for it, and its last inputs."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from types import MappingProxyType

from kb.models import Actor, Case
from kb.reference.fields import CONTACT_FIELDS
from kb.reference.visibility import DEFAULT_CHOICE, DEFAULT_CHOICES, ContactChoice, Visibility
from kb.registers.clock import now
from kb.registers.register import Register, as_json, columns_of, row_as
from kb.resolution.merge_rules import MODERATION, Claim, SourceRecord, members_only
from kb.store.record_json import case_from_json, record_to_json
from kb.store.store import Store


@dataclass(frozen=True, slots=True)
class SourcedClaim:
    """A source's claim about an actor, under the source's own id (`key`); see `SourceRecord`."""

    source: str
    key: str
    field: str
    value: str
    claimed_at: str


class Claims(Register):
    def of(self, actor_id: str) -> Sequence[SourcedClaim]:
        with self._stores.lend() as store:
            records = source_records_of(store, [actor_id]).get(actor_id, [])
        return [
            SourcedClaim(record.source, record.key, field, text, claim.at)
            for record in records
            for field, claim in record.claims.items()
            for text in [claim.value if isinstance(claim.value, str) else " | ".join(claim.value)]
        ]

    def sources(self) -> Sequence[tuple[str, int]]:
        rows = self._rows("select source, count(*) from statements group by source order by source")
        return [(row[0], row[1]) for row in rows]


def source_records_of(store: Store, actor_ids: Collection[str]) -> dict[str, list[SourceRecord]]:
    found: dict[str, list[SourceRecord]] = {}
    for row in store.run(
        "select * from statements where actor_id in :values order by number", actor_ids
    ):
        claims = {
            field: Claim(tuple(value) if isinstance(value, list) else value, at)
            for at, values in json.loads(row["said"]).items()
            for field, value in values.items()
        }
        record = row_as(SourceRecord, row, claims=MappingProxyType(claims))
        found.setdefault(row["actor_id"], []).append(record)
    return found


def actors_of_keys(store: Store, source: str, keys: Collection[str]) -> dict[str, str]:
    rows = store.run(
        "select key, actor_id from statements where source = :source and key in :values",
        keys,
        source=source,
    )
    return {row["key"]: row["actor_id"] for row in rows}


def keys_of(store: Store, sources: Collection[str]) -> Iterator[tuple[str, str]]:
    for source in sorted(sources):
        rows = store.execute("select key from statements where source = ?", [source])
        yield from ((source, row[0]) for row in rows)


def actors_by_keys(store: Store, keys: Iterable[tuple[str, str]]) -> set[str]:
    of_key = "select actor_id from statements where source = ? and key = ?"
    return {row[0] for key in keys for row in store.execute(of_key, key)}


def unused_keys(store: Store, actor_ids: Collection[str]) -> list[str]:
    """Returns the sources' own ids of these actors that no actor has, but that one could get."""
    rows = store.run(
        "select distinct key from statements where actor_id in :values"
        " and key not in (select id from actors) order by key",
        actor_ids,
    )
    return [row[0] for row in rows]


def save_source_records(store: Store, source_records: Iterable[SourceRecord]) -> None:
    """Stores source records, each in the place of the one with its source and key."""
    numbered: list[dict[str, object]] = []
    new: list[dict[str, object]] = []
    for record in source_records:
        by_date: dict[str, dict[str, str | tuple[str, ...]]] = {}
        for field, claim in record.claims.items():
            by_date.setdefault(claim.at, {})[field] = claim.value
        unused = ["claims"] if record.number else ["claims", "number"]
        row = {**columns_of(record, but=unused), "said": as_json(by_date)}
        (numbered if record.number else new).append(row)
    # None of the new ones must get the number of another.
    store.insert_all("statements", numbered, key=["source", "key"])
    store.insert_all("statements", new, key=["source", "key"])


def delete_source_records(store: Store, keys: Iterable[tuple[str, str]]) -> None:
    store.executemany("delete from statements where source = ? and key = ?", keys)


def forget_actors(store: Store, actor_ids: Collection[str]) -> None:
    store.run("delete from statements where actor_id in :values", actor_ids)


class ColumnChoices(Register):
    def mapping(self, name: str) -> Mapping[str, str]:
        rows = self._rows("select mapping from sources where name = ?", [name])
        return dict(json.loads(rows[0][0])) if rows else {}

    def remember(self, name: str, mapping: Mapping[str, str]) -> None:
        row = {"name": name, "mapping": as_json(dict(mapping)), "updated_at": now()}
        with self._writing() as store:
            store.insert("sources", row, key=["name"])


class ContactChoices(Register):
    def of(self, source: str) -> ContactChoice:
        with self._stores.lend() as store:
            return contact_choice(contact_choices(store), source)


def contact_choice(choices: Mapping[str, ContactChoice], source: str) -> ContactChoice:
    return choices.get(source) or DEFAULT_CHOICES.get(source, DEFAULT_CHOICE)


def contact_choices(store: Store) -> dict[str, ContactChoice]:
    rows = store.execute("select name, contacts, persons from sources where contacts != ''")
    return {
        row["name"]: ContactChoice(Visibility(row["contacts"]), Visibility(row["persons"]))
        for row in rows
    }


def save_contact_choice(store: Store, source: str, choice: ContactChoice) -> None:
    store.execute(
        "insert into sources (name, mapping, updated_at, contacts, persons)"
        " values (?, '{}', ?, ?, ?) on conflict (name) do update set"
        " contacts = excluded.contacts, persons = excluded.persons",
        [source, now(), choice.organisations.value, choice.persons.value],
    )


def back_for_members(store: Store, actor: Actor) -> frozenset[str]:
    """Returns contacts of a version that the stored actor lacks, in fields not public."""
    choices = contact_choices(store)
    sources = {record.source for record in source_records_of(store, [actor.id]).get(actor.id, ())}
    stored = store.actors([actor.id]).get(actor.id)
    back: set[str] = set()
    for field in CONTACT_FIELDS:
        if any(
            contact_choice(choices, source).of(field) is not Visibility.PUBLIC
            for source in sources - {MODERATION}
        ):
            back |= _values(actor, field) - (_values(stored, field) if stored else set())
    return frozenset(back)


def _values(actor: Actor, field: str) -> set[str]:
    value: str | tuple[str, ...] = getattr(actor, field)
    return {value} - {""} if isinstance(value, str) else set(value)


def keep_members_only(
    store: Store, actor_ids: Collection[str], published: Collection[str] = ()
) -> None:
    """Notes which contacts only members see; corrections in `published` fields become public."""
    actor_ids = store.with_contacts(actor_ids)
    choices = contact_choices(store)
    records = source_records_of(store, actor_ids)
    for actor_id, actor in store.actors_as_stored(actor_ids).items():
        of_actor = records.get(actor_id, ())
        hidden = members_only(actor, of_actor, partial(contact_choice, choices), published)
        if hidden != actor.members_only:
            store.hide_contacts(actor_id, hidden)


def last_inputs_of(store: Store, case_ids: Collection[str]) -> dict[str, Case]:
    rows = store.run("select * from inputs where case_id in :values", case_ids)
    return {row["case_id"]: case_from_json(row["content"]) for row in rows}


def save_inputs(store: Store, cases: Sequence[Case]) -> None:
    rows = [{"case_id": case.id, "content": record_to_json(case)} for case in cases]
    store.insert_all("inputs", rows, key=["case_id"])


def renewed(case: Case, given: Case, before: Case) -> Case:
    new: Mapping[str, object] = {
        field.name: getattr(given, field.name)
        for field in fields(case)
        if getattr(given, field.name) != getattr(before, field.name)
    }
    return replace(case, **new)  # type: ignore[arg-type]
