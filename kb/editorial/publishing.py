"""Publishing, withdrawing, restoring, merging and erasing records."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from kb.editorial.catalogue import published
from kb.editorial.commit import Change, unless_same
from kb.editorial.contacts import ContactKeeping
from kb.editorial.reconcile import merging
from kb.errors import EditConflict, UnknownRecord
from kb.indexing.faiss_index import LiveIndex
from kb.indexing.indexer import Indexer
from kb.models import Actor, Case, Kind, Record
from kb.registers.dossiers import forget_in_reasons
from kb.registers.drafts import (
    OPEN_STATES,
    Draft,
    Drafts,
    DraftState,
    drafts_in,
    publishable,
    revise,
)
from kb.registers.jobs import forget_in_reports
from kb.registers.personal_data.keeping import erase_traces
from kb.registers.personal_data.naming import telling_of
from kb.registers.records import duplicates, versions
from kb.registers.records import sources as claims
from kb.registers.records.duplicates import Duplicates
from kb.resolution.merge_rules import SourceRecord
from kb.store.pool import StorePool
from kb.store.store import Store
from kb.text.folding import fold
from kb.text.organisation_name import name_key

_WORD = re.compile(r"[^\W_]+")


@dataclass(kw_only=True)
class _Publication(Change):
    draft: Draft
    revision: int
    force: bool
    on: str

    def plan(self, store: Store) -> Sequence[Record]:
        draft = publishable(store, self.draft.id, self.revision)
        record = versions.follow_redirects(store, _published_as(store, draft, force=self.force))
        if isinstance(record, Case) and not record.moderated:
            record = replace(record, moderated=self.on)
        self.draft = replace(draft, record=record)
        changed = unless_same(store, record)
        if isinstance(record, Actor) and not draft.based_on:
            cases = store.cases(store.cases_of([""]).get("", []))
            changed += _linked(store, cases.values(), record)
        return changed

    def apply(self, store: Store) -> None:
        record = self.draft.record
        revise(store, self.draft, DraftState.PUBLISHED, by=self.by, record=record)
        if isinstance(record, Actor) and not self.draft.based_on:
            for draft in drafts_in(store, OPEN_STATES):
                # A correction of a case gets the link with the case itself.
                for linked in _linked(store, [] if draft.based_on else [draft.record], record):
                    revise(store, draft, draft.state, by=self.by, record=linked)


@dataclass(kw_only=True)
class _Restoration(Change):
    """A record becomes what a version of it was, and its withdrawal is lifted."""

    kind: Kind
    record_id: str
    is_due: bool = False
    for_members: frozenset[str] = frozenset()

    def plan(self, store: Store) -> Sequence[Record]:
        record = self.record(store)
        if isinstance(record, Actor):
            self.for_members = claims.back_for_members(store, record)
        return unless_same(store, record)

    def record(self, store: Store) -> Record:
        for version in versions.history(store, self.kind, self.record_id):
            if version.number == self.restored:
                return versions.follow_redirects(store, version.record)
        raise UnknownRecord(f"The {self.kind} {self.record_id!r} has no version {self.restored}.")

    def apply(self, store: Store) -> None:
        versions.lift_withdrawal(store, self.kind, self.record_id)
        hidden = [self.record_id] if self.for_members else []
        for actor in store.actors_as_stored(hidden).values():
            store.hide_contacts(actor.id, actor.members_only | self.for_members)


@dataclass(kw_only=True)
class _Merging(Change):
    """The actor `other` becomes the actor `kept`; `settle` writes that both are the same."""

    kept: str
    other: str
    settle: Callable[[Store], None]
    from_sources: bool = True
    removes: bool = True
    source_records: Sequence[SourceRecord] = field(default=())

    def plan(self, store: Store) -> Sequence[Record]:
        published(store, Kind.ACTOR, self.other)
        before = published(store, Kind.ACTOR, self.kept)
        actor, self.source_records = merging(store, self.kept, self.other)
        cases = store.cases(store.cases_of([self.other]).get(self.other, []))
        renamed = [versions.naming(case, {self.other: self.kept}) for case in cases.values()]
        return [*([] if actor == before else [actor]), *renamed]

    def described(self) -> Collection[str]:
        return [self.kept]

    def apply(self, store: Store) -> None:
        claims.forget_actors(store, [self.kept, self.other])
        claims.save_source_records(store, self.source_records)
        store.remove(Kind.ACTOR, self.other)
        self.settle(store)
        duplicates.redirect(store, self.other, self.kept)


class Publishing(ContactKeeping):
    def __init__(self, stores: StorePool, indexer: Indexer, index: LiveIndex) -> None:
        super().__init__(stores, indexer, index)
        self.drafts = Drafts(stores)
        self.duplicates = Duplicates(stores, self._merge)

    def history(self, kind: Kind, id: str) -> Sequence[versions.Version]:
        with self._stores.lend() as store, store.reading():
            return versions.history(store, kind, id)

    def looked_after(self, kind: Kind) -> set[str]:
        with self._stores.lend() as store:
            return versions.looked_after(store, kind)

    def withdrawal(self, kind: Kind, id: str) -> versions.Withdrawal | None:
        with self._stores.lend() as store, store.reading():
            return versions.withdrawal(store, kind, id)

    def withdraw(self, kind: Kind, id: str, *, by: str, reason: str = "") -> None:
        with self._stores.lend() as store, store.changing():
            published(store, kind, id)
            store.remove(kind, id)
            if kind is Kind.ACTOR:
                duplicates.forget_pairs(store, [id])
            versions.note_withdrawal(store, kind, id, by=by, reason=reason)

    def restore(self, kind: Kind, id: str, number: int, *, by: str) -> Record:
        change = _Restoration(kind=kind, record_id=id, restored=number, by=by)
        self._commit(change)
        with self._stores.lend() as store:
            return change.record(store)

    def edit(self, kind: Kind, id: str, *, by: str) -> Draft:
        with self._stores.lend() as store, store.reading():
            record = published(store, kind, id)
            number = versions.history(store, kind, id)[-1].number
        return self.drafts.add(record, by=by, origin="", submitted=False, based_on=number)

    def publish(
        self, draft_id: str, *, by: str, revision: int, force: bool = False, on: str = ""
    ) -> Draft:
        """Makes a draft's record public; a new one gets the next free id (`gel` becomes `gel-2`).

        `on` is the day of moderation of a case that gives none. Raises `EditConflict` if the draft
        or, unless `force` is given, its record has changed, or is withdrawn or merged.
        """
        draft = self.drafts.get(draft_id)
        self._commit(_Publication(draft=draft, revision=revision, force=force, on=on, by=by))
        return self.drafts.get(draft_id)

    def erase(self, kind: Kind, id: str, *, by: str) -> None:
        """Destroys a record with all traces but a hash of its id, so that no ingest brings it back.

        Raises `NotYetScrubbed` if another process reads a former state for too long.
        """
        with self._stores.lend() as store:
            with store.changing():
                _erase(store, kind, id, by)
                store.mark_for_scrubbing()
            self._index.scrub(store)

    def back_again(
        self, erased: Iterable[versions.Withdrawal]
    ) -> list[tuple[versions.Withdrawal, str]]:
        with self._stores.lend() as store, store.reading():
            return versions.back_again(store, erased)

    def _merge(self, kept: str, other: str, by: str, settle: Callable[[Store], None]) -> None:
        self._commit(_Merging(kept=kept, other=other, settle=settle, by=by))


def _published_as(store: Store, draft: Draft, *, force: bool) -> Record:
    record, kind = draft.record, draft.kind
    if versions.withdrawn(store, kind, [record.id]):
        raise EditConflict(
            f"The {kind} {record.id!r} was withdrawn: restore it first, or give this draft "
            "another id."
        )
    if draft.based_on:
        if kind is Kind.ACTOR and (
            kept := versions.redirects_of(store, [record.id]).get(record.id)
        ):
            raise EditConflict(
                f"The actor {record.id!r} was merged into {kept!r} since this draft was made of "
                "it: edit that one."
            )
        last = versions.history(store, kind, record.id)[-1]
        if last.number != draft.based_on and not force:
            raise EditConflict(
                f"The {kind} {record.id!r} was changed by {last.by or 'an ingest'} since this "
                "draft was made of it."
            )
        return record
    number = 1
    while versions.history(store, kind, record.id) or versions.withdrawn(store, kind, [record.id]):
        number += 1
        record = replace(draft.record, id=f"{draft.record.id}-{number}")
    return record


def _linked(store: Store, records: Iterable[Record], entry: Actor) -> list[Record]:
    """Links to an entry the participants without one that have its name, if no other entry has it.

    Its place must stand in the case: each town has its "mairie". Returns the cases that change.
    """
    key, place = name_key(entry.name), _plain(entry.place)
    if not (key and place.strip()) or set(store.actors_named(key)) - {entry.id}:
        return []
    linked: list[Record] = []
    for case in (record for record in records if isinstance(record, Case)):
        parts = case.participants
        own = [part for part in parts if not part.actor_id and name_key(part.name) == key]
        if own and place in _plain(f"{case.title} {case.text}"):
            named = (replace(part, actor_id=entry.id) if part in own else part for part in parts)
            linked.append(replace(case, participants=tuple(named)))
    return linked


def _plain(text: str) -> str:
    return f" {' '.join(_WORD.findall(fold(text)))} "


def _erase(store: Store, kind: Kind, record_id: str, by: str) -> None:
    if kind is Kind.ACTOR and (kept := versions.redirects_of(store, [record_id]).get(record_id)):
        raise UnknownRecord(
            f"The actor {record_id!r} was merged into {kept!r}, which has all its "
            f"claims: erase {kept!r}."
        )
    ids = [record_id, *(versions.merged_into(store, record_id) if kind is Kind.ACTOR else ())]
    if not any(
        versions.history(store, kind, id_) or versions.withdrawal(store, kind, id_) for id_ in ids
    ):
        raise UnknownRecord(f"There is no {kind} with the id {record_id!r}.")
    records = [old.record for id_ in ids for old in versions.history(store, kind, id_)]
    names = {old.title if isinstance(old, Case) else old.name for old in records}
    is_told = telling_of(ids, names)
    forget_in_reports(store, is_told)
    forget_in_reasons(store, is_told)
    for id_ in ids:
        store.remove(kind, id_)
    if kind is Kind.ACTOR:
        ids += claims.unused_keys(store, ids)
    versions.erase_versions(store, kind, ids, by=by)
    erase_traces(store, kind, ids)
