"""Publishing: what it means to publish, withdraw, restore, merge and erase records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from kb.editorial.commit import Change, commit, unless_same
from kb.editorial.reconcile import merging
from kb.errors import EditConflict, UnknownRecord, WithdrawnRecord
from kb.indexing.indexer import Indexer
from kb.models import Case, Kind, Record
from kb.registers import claims, duplicates, last_inputs, versions
from kb.registers.drafts import Draft, DraftState, draft_of, erase_drafts, publishable, revise
from kb.registers.jobs import forget_in_reports
from kb.registers.redirects import follow_redirects, merged_into, naming, redirects_of
from kb.resolution.merge_rules import SourceRecord
from kb.store.store import Store


@dataclass(kw_only=True)
class _Publication(Change):
    """A draft's record becomes public with the draft's new state."""

    draft: Draft
    revision: int
    force: bool

    def plan(self, store: Store) -> Sequence[Record]:
        draft = publishable(store, self.draft.id, self.revision)
        record = follow_redirects(store, _published_as(store, draft, force=self.force))
        self.draft = replace(draft, record=record)
        return unless_same(store, record)

    def apply(self, store: Store) -> None:
        revise(store, self.draft, DraftState.PUBLISHED, by=self.by, record=self.draft.record)


@dataclass(kw_only=True)
class _Restoration(Change):
    """A record becomes what a version of it was, and its withdrawal is lifted."""

    kind: Kind
    record_id: str
    is_due: bool = False

    def plan(self, store: Store) -> Sequence[Record]:
        return unless_same(store, self.record(store))

    def record(self, store: Store) -> Record:
        """The record as the version has it, or `UnknownRecord`."""
        for version in versions.history(store, self.kind, self.record_id):
            if version.number == self.restored:
                return follow_redirects(store, version.record)
        raise UnknownRecord(f"The {self.kind} {self.record_id!r} has no version {self.restored}.")

    def apply(self, store: Store) -> None:
        versions.lift_withdrawal(store, self.kind, self.record_id)


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
        renamed = [naming(case, self.kept, instead_of=self.other) for case in cases.values()]
        return [*([] if actor == before else [actor]), *renamed]

    def apply(self, store: Store) -> None:
        versions.keep_first_versions(store, Kind.ACTOR, [self.other])
        claims.forget_actors(store, [self.kept, self.other])
        claims.save_source_records(store, self.source_records)
        store.remove(Kind.ACTOR, self.other)
        self.settle(store)
        duplicates.redirect(store, self.other, self.kept)


def published(store: Store, kind: Kind, record_id: str) -> Record:
    """The record with this id.

    Raises:
        UnknownRecord: there is none; `WithdrawnRecord` if there was one.
    """
    try:
        return store.record(kind, record_id)
    except UnknownRecord:
        if versions.withdrawn(store, kind, [record_id]):
            raise WithdrawnRecord(f"The {kind} {record_id!r} was withdrawn.") from None
        raise


def publish(
    store: Store, indexer: Indexer, draft_id: str, *, by: str, revision: int, force: bool
) -> Draft:
    """Makes a draft's record public, in one transaction with the draft's new state.

    Raises:
        UnknownRecord: there is no such draft.
        EditConflict: it cannot be published as it is, see `publishable` and `_published_as`.
    """
    commit(
        store,
        indexer,
        _Publication(draft=draft_of(store, draft_id), revision=revision, force=force, by=by),
    )
    return draft_of(store, draft_id)


def _published_as(store: Store, draft: Draft, *, force: bool) -> Record:
    """A draft's record under the id that it is published by, or `EditConflict`."""
    record, kind = draft.record, draft.kind
    if versions.withdrawn(store, kind, [record.id]):
        raise EditConflict(
            f"The {kind} {record.id!r} was withdrawn: restore it first, or give this draft "
            "another id."
        )
    if draft.based_on:
        if kind is Kind.ACTOR and (kept := redirects_of(store, [record.id]).get(record.id)):
            raise EditConflict(
                f"The actor {record.id!r} was found to be {kept!r} since this draft was made of "
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


def withdraw(store: Store, kind: Kind, record_id: str, *, by: str, reason: str) -> None:
    """Removes a record from every search; its versions stay.

    Raises:
        UnknownRecord: there is none; `WithdrawnRecord` if it was withdrawn already.
    """
    with store.changing():
        published(store, kind, record_id)
        versions.keep_first_versions(store, kind, [record_id])
        store.remove(kind, record_id)
        if kind is Kind.ACTOR:
            duplicates.forget_pairs(store, [record_id])
        versions.note_withdrawal(store, kind, record_id, by=by, reason=reason)


def restore(
    store: Store, indexer: Indexer, kind: Kind, record_id: str, number: int, *, by: str
) -> Record:
    """Makes a record what its version of that number was, and lifts its withdrawal.

    Raises:
        UnknownRecord: there is no such version.
    """
    change = _Restoration(kind=kind, record_id=record_id, restored=number, by=by)
    commit(store, indexer, change)
    return change.record(store)


def merge(
    store: Store,
    indexer: Indexer,
    kept: str,
    other: str,
    *,
    by: str,
    settle: Callable[[Store], None],
) -> None:
    """Merges the actor `other` into `kept`, as `Duplicates.decide` describes, and calls `settle`.

    Raises:
        UnknownRecord: one of them is no actor; `WithdrawnRecord` if it was one.
    """
    commit(store, indexer, _Merging(kept=kept, other=other, settle=settle, by=by))


def erase(store: Store, kind: Kind, record_id: str, *, by: str) -> None:
    """Destroys all that the registers hold of a record and of the actors merged into it.

    What the files still hold of it goes by `Store.scrub`.

    Raises:
        UnknownRecord: there never was such a record, or it is an actor that was found to be
            another.
    """
    with store.changing():
        if kind is Kind.ACTOR and (kept := redirects_of(store, [record_id]).get(record_id)):
            raise UnknownRecord(
                f"The actor {record_id!r} was found to be {kept!r}, which has all that was said "
                "of it: erase that one."
            )
        ids = [record_id, *(merged_into(store, record_id) if kind is Kind.ACTOR else ())]
        if not any(
            versions.history(store, kind, id_) or versions.withdrawal(store, kind, id_)
            for id_ in ids
        ):
            raise UnknownRecord(f"There is no {kind} with the id {record_id!r}.")
        names = {_name(old.record) for id_ in ids for old in versions.history(store, kind, id_)}
        forget_in_reports(store, ids, names)
        for id_ in ids:
            store.remove(kind, id_)
        erase_drafts(store, kind, ids)
        if kind is Kind.ACTOR:
            ids += claims.unused_keys(store, ids)
            claims.erase_claims(store, ids)
        else:
            last_inputs.delete_inputs(store, ids)
        versions.erase_versions(store, kind, ids, by=by)


def _name(record: Record) -> str:
    return record.title if isinstance(record, Case) else record.name
