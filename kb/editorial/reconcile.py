"""Reconciliation: which actor each row of a source is about, and what the rows make of actors."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import chain

from slugify import slugify

from kb.models import Actor, Kind
from kb.registers.records.duplicates import certain_matches
from kb.registers.records.sources import (
    actors_by_keys,
    actors_of_keys,
    delete_source_records,
    save_source_records,
    source_records_of,
)
from kb.registers.records.versions import redirects_of, withdrawn, withdrawn_of_sirets
from kb.resolution.merge_rules import (
    MODERATION,
    SourceRecord,
    SourceRow,
    corrected,
    merged,
    moved,
    source_record,
)
from kb.resolution.similarity import name_similarity
from kb.store.store import Store

_SIMILAR_NAMES = 0.8


@dataclass(slots=True)
class Reconciliation:
    """The source records to save and to delete, and the actors that change or go."""

    changed: list[Actor] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    saved: list[SourceRecord] = field(default_factory=list)
    deleted: list[tuple[str, str]] = field(default_factory=list)
    befores: list[Actor | None] = field(default_factory=list)  # the actor before each row
    afters: list[Actor | None] = field(default_factory=list)  # the actor after each row
    withdrawn: set[int] = field(default_factory=set)  # positions of rows about a withdrawn actor
    joined: set[int] = field(default_factory=set)  # of new rows about an actor of other sources
    apart: dict[int, Actor] = field(default_factory=dict)  # of new rows with another name's SIRET
    described: set[str] = field(default_factory=set)  # ids of actors whose source records change

    def save(self, store: Store) -> None:
        delete_source_records(store, self.deleted)
        save_source_records(store, self.saved)


def reconcile(store: Store, source: str, rows: Sequence[SourceRow], at: str) -> Reconciliation:
    """Returns the changes that the rows of a source bring.

    A row is about the actor that the source described under its id before; else that with its SIRET
    and a like name; else that with its id, if both may be one firm; else that of another source
    with its name, town and a contact of their own; else a new actor.
    """
    known = _Known(store, source, rows)
    plan = Reconciliation()
    for position, row in enumerate(rows):
        actor_id = known.actor_of(row)
        before = known.actors.get(actor_id)
        if actor_id in known.withdrawn:
            plan.withdrawn.add(position)
            plan.befores.append(before)
            plan.afters.append(before)
            continue
        record_before = known.own.get(row.actor.id)
        record = source_record(source, row, actor_id, at, record_before)
        if record != record_before:
            plan.saved.append(record)
        records = known.source_records.setdefault(actor_id, [])
        if record_before is None:
            if any(other.source != source for other in records):
                plan.joined.add(position)
            if other := known.of_another_name(row, actor_id):
                plan.apart[position] = other
        records[:] = [other for other in records if _key(other) != _key(record)]
        records.append(record)
        after = merged(actor_id, records)
        known.put(actor_id, after, row.actor.siret)
        plan.befores.append(before)
        plan.afters.append(after)
    plan.changed = known.changed()
    plan.described = {record.actor_id for record in plan.saved}
    return plan


def prune_plan(store: Store, keys: Collection[tuple[str, str]]) -> Reconciliation:
    keys = set(keys)
    actor_ids = actors_by_keys(store, keys)
    actors = store.actors(actor_ids)
    plan = Reconciliation(deleted=sorted(keys), described=set(actor_ids))
    for actor_id, records in sorted(source_records_of(store, actor_ids).items()):
        rest = [record for record in records if _key(record) not in keys]
        after = merged(actor_id, rest)
        if after is None:
            plan.gone.append(actor_id)
            plan.deleted += [_key(record) for record in rest]
        elif actor_id in actors and after != actors[actor_id]:
            plan.changed.append(after)
    return plan


def correction(store: Store, after: Actor, at: str) -> list[SourceRecord]:
    """Returns the moderator's source record to save when a person writes an actor, if any."""
    records = source_records_of(store, [after.id]).get(after.id, [])
    known = next((record for record in records if record.source == MODERATION), None)
    extended = corrected(merged(after.id, records), after, at, known)
    return [extended] if extended != known and extended.claims else []


def merging(store: Store, kept_id: str, other_id: str) -> tuple[Actor, list[SourceRecord]]:
    """Returns the actor that two actors make, and its source records, the kept actor's first."""
    known = source_records_of(store, [kept_id, other_id])
    records = known.get(kept_id, [])
    records += [moved(record, kept_id) for record in known.get(other_id, [])]
    return merged(kept_id, records) or store.actors([kept_id])[kept_id], records


def _key(record: SourceRecord) -> tuple[str, str]:
    return record.source, record.key


class _Known:
    """The actors that rows may be about, as stored and as the rows change them."""

    def __init__(self, store: Store, source: str, rows: Sequence[SourceRow]) -> None:
        keys = {row.actor.id for row in rows}
        self._store = store
        self._source = source
        described = actors_of_keys(store, source, keys)
        self._redirects = redirects_of(store, keys)
        sirets = {row.actor.siret for row in rows} - {""}
        self._by_siret = store.actors_of_sirets(sirets)
        for siret, actor_id in withdrawn_of_sirets(store, sirets).items():
            self._by_siret.setdefault(siret, []).append(actor_id)
        ids = keys | set(described.values())
        ids |= set(chain(*self._by_siret.values())) | set(self._redirects.values())
        self._stored = dict(store.actors(ids))
        self.actors: dict[str, Actor] = dict(self._stored)
        self.source_records = source_records_of(store, ids)
        self.own = {
            record.key: record
            for actor_id in set(described.values())
            for record in self.source_records[actor_id]
            if record.source == source and record.key in keys
        }
        self.withdrawn = withdrawn(store, Kind.ACTOR, ids)
        self._certain = self._certain_matches(rows)

    def actor_of(self, row: SourceRow) -> str:
        key = row.actor.id
        if key in self.own:
            return self.own[key].actor_id
        claiming = self.source_records.get(key, ())
        if key in self.actors and all(record.source == MODERATION for record in claiming):
            return key
        of_siret = self._by_siret.get(row.actor.siret, ())
        alike = (id_ for id_ in of_siret if self._is_called_alike(id_, row.actor))
        return next(alike, None) or self._actor_of_new(row.actor)

    def of_another_name(self, row: SourceRow, actor_id: str) -> Actor | None:
        """Returns the actor with a row's SIRET but an unlike name."""
        of_siret = self._by_siret.get(row.actor.siret, ())
        if actor_id in of_siret:
            return None
        unlike = (id_ for id_ in of_siret if not self._is_called_alike(id_, row.actor))
        return next((self.actors[id_] for id_ in unlike), None)

    def _actor_of_new(self, actor: Actor) -> str:
        """Returns the id of the actor that a row is about if no number or earlier row tells."""
        key = self._redirects.get(actor.id, actor.id)
        if key in self.actors and self._may_be_same(key, actor):
            return key
        certain = self._certain.get(actor.id)
        records = self.source_records.get(certain, ()) if certain else ()
        # A source has each actor once.
        if certain and all(record.source != self._source for record in records):
            return certain
        if key not in self.actors:
            return key
        return self._unused(f"{key}-{slugify(self._source)}" if self._source else key)

    def put(self, actor_id: str, after: Actor | None, siret: str) -> None:
        if after is not None:
            self.actors[actor_id] = after
        of_siret = self._by_siret.setdefault(siret, []) if siret else [actor_id]
        if actor_id not in of_siret:
            of_siret.append(actor_id)

    def changed(self) -> list[Actor]:
        return [
            actor for actor_id, actor in self.actors.items() if self._stored.get(actor_id) != actor
        ]

    def _may_be_same(self, actor_id: str, given: Actor) -> bool:
        """Says whether two actors of an id may be one firm: many sources have an id "1"."""
        known = self.actors[actor_id]
        if known.siret and given.siret and known.siret != given.siret:
            return False
        return self._is_called_alike(actor_id, given)

    def _is_called_alike(self, actor_id: str, given: Actor) -> bool:
        known = self.actors.get(actor_id)
        if known is None or not given.name:
            return True
        claims = [record.claims.get("name") for record in self.source_records.get(actor_id, ())]
        names = {known.name, *(str(claim.value) for claim in claims if claim and claim.value)}
        return any(name_similarity(name, given.name) >= _SIMILAR_NAMES for name in names)

    def _certain_matches(self, rows: Sequence[SourceRow]) -> dict[str, str]:
        """Returns the actors that new rows are certainly about, and loads their records."""
        new = [
            row.actor
            for row in rows
            if row.actor.id not in self.own and row.actor.siret not in self._by_siret
        ]
        found = certain_matches(self._store, self._source, new)
        matched = set(found.values()) - self.actors.keys()
        self._stored |= self._store.actors(matched)
        self.actors |= {id_: self._stored[id_] for id_ in matched}
        self.source_records |= source_records_of(self._store, matched)
        return found

    def _unused(self, actor_id: str) -> str:
        number, candidate = 1, actor_id
        while candidate in self.actors or self._store.actors([candidate]):
            number += 1
            candidate = f"{actor_id}-{number}"
        # An actor that had this id and was withdrawn was this source's.
        self.withdrawn |= withdrawn(self._store, Kind.ACTOR, [candidate])
        return candidate
