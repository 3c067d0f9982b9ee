"""Publishing: what it means to publish, withdraw, restore, merge and erase records."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from kb.editorial.commit import Outcome, keep, outcomes
from kb.editorial.reconcile import merging
from kb.errors import EditConflict, UnknownRecord, WithdrawnRecord
from kb.indexing.indexer import Maker
from kb.models import Case, Kind, Record
from kb.registers import claims, duplicates, last_inputs, versions
from kb.registers.drafts import Draft, DraftState, draft_of, erase_drafts, publishable, revise
from kb.registers.jobs import forget_in_reports
from kb.registers.redirects import leads_of, led, merged_into, naming
from kb.resolution.merge_rules import Teller
from kb.store.store import Store


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
    store: Store, maker: Maker, draft_id: str, *, by: str, revision: int, force: bool
) -> Draft:
    """Makes a draft's record public, in one transaction with the draft's new state.

    Raises:
        UnknownRecord: there is no such draft.
        EditConflict: it cannot be published as it is, see `publishable` and `_published_as`.
    """
    draft = draft_of(store, draft_id)
    record = draft.record

    def changed() -> list[Record]:
        nonlocal draft, record
        draft = publishable(store, draft_id, revision)
        record = led(store, _published_as(store, draft, force=force))
        is_same = outcomes(store, [record]) == [Outcome.UNCHANGED]
        return [] if is_same else [record]

    def mark() -> None:
        revise(store, draft, DraftState.PUBLISHED, by=by, record=record)

    keep(store, maker, changed, by=by, also=mark)
    return draft_of(store, draft_id)


def _published_as(store: Store, draft: Draft, *, force: bool) -> Record:
    """A draft's record under the id that it is to be published by, or `EditConflict`."""
    record, kind = draft.record, draft.kind
    if versions.withdrawn(store, kind, [record.id]):
        raise EditConflict(
            f"The {kind} {record.id!r} was withdrawn: restore it first, or give this draft "
            "another id."
        )
    if draft.based_on:
        if kind is Kind.ACTOR and (kept := leads_of(store, [record.id]).get(record.id)):
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
    """Takes a record out of what is searched; its versions stay.

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
    store: Store, maker: Maker, kind: Kind, record_id: str, number: int, *, by: str
) -> Record:
    """Makes a record what its version of that number says, and lifts its withdrawal.

    Raises:
        UnknownRecord: there is no such version.
    """

    def version() -> list[Record]:
        for one in versions.history(store, kind, record_id):
            if one.number == number:
                return [led(store, one.record)]
        raise UnknownRecord(f"The {kind} {record_id!r} has no version {number}.")

    def changed() -> list[Record]:
        records = version()
        is_same = outcomes(store, records) == [Outcome.UNCHANGED]
        return [] if is_same else records

    def lift() -> None:
        versions.lift_withdrawal(store, kind, record_id)

    if changed():
        keep(store, maker, changed, by=by, restored=number, also=lift)
    return version()[0]


def merge(
    store: Store,
    maker: Maker,
    kept: str,
    other: str,
    *,
    by: str,
    settle: Callable[[Store], None],
) -> None:
    """Makes two actors one, as `Duplicates.decide` says; `settle` is done with it.

    Raises:
        UnknownRecord: one of them is no actor; `WithdrawnRecord` if it was one.
    """
    tellers: Sequence[Teller] = ()

    def changed() -> list[Record]:
        nonlocal tellers
        published(store, Kind.ACTOR, other)
        is_kept = published(store, Kind.ACTOR, kept)
        actor, tellers = merging(store, kept, other)
        is_same = actor == is_kept
        cases = store.cases(store.cases_of([other]).get(other, []))
        named = [naming(case, kept, instead_of=other) for case in cases.values()]
        return [*([] if is_same else [actor]), *named]

    def join() -> None:
        versions.keep_first_versions(store, Kind.ACTOR, [other])
        claims.forget_actors(store, [kept, other])
        claims.keep_tellers(store, tellers)
        store.remove(Kind.ACTOR, other)
        settle(store)
        duplicates.lead(store, other, kept)

    keep(store, maker, changed, by=by, is_told=True, removes=True, also=join)


def erase(store: Store, kind: Kind, record_id: str, *, by: str) -> None:
    """Destroys what every register tells of a record and of those merged into it.

    Not what the files still hold of it: see `Store.scrub`.

    Raises:
        UnknownRecord: there never was such a record, or it is an actor that was found to be
            another.
    """
    with store.changing():
        if kind is Kind.ACTOR and (kept := leads_of(store, [record_id]).get(record_id)):
            raise UnknownRecord(
                f"The actor {record_id!r} was found to be {kept!r}, which has all that was said "
                "of it: erase that one."
            )
        ids = [record_id, *(merged_into(store, record_id) if kind is Kind.ACTOR else ())]
        if not any(
            versions.history(store, kind, one) or versions.withdrawal(store, kind, one)
            for one in ids
        ):
            raise UnknownRecord(f"There is no {kind} with the id {record_id!r}.")
        names = {_name(old.record) for one in ids for old in versions.history(store, kind, one)}
        forget_in_reports(store, ids, names)
        for one in ids:
            store.remove(kind, one)
        erase_drafts(store, kind, ids)
        if kind is Kind.ACTOR:
            ids += claims.keys_free(store, ids)
            claims.erase_statements(store, ids)
        else:
            last_inputs.forget_inputs(store, ids)
        versions.erase_versions(store, kind, ids, by=by)


def _name(record: Record) -> str:
    return record.title if isinstance(record, Case) else record.name
