"""Committing: a change of records becomes one transaction with all that goes with it."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kb.editorial.reconcile import correction
from kb.indexing.indexer import Indexer, OnEmbedded
from kb.models import Actor, Kind, Record, kind_of
from kb.registers.clock import now
from kb.registers.records import duplicates, versions
from kb.registers.records import sources as claims
from kb.store.store import Store


class Outcome(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    COMPLETED = "completed"  # by a further source, which was not known to describe it
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"  # nothing changed: only a person restores it


@dataclass(kw_only=True)
class Change(ABC):
    """A change of the base: `plan` names the records to store, `apply` writes the rest."""

    by: str = ""
    note: str = ""
    restored: int = 0  # the number of the version that it brings back
    from_sources: bool = False  # and no moderator's correction
    removes: bool = False  # raises the generation even if no record is stored
    is_due: bool = True  # even if no record changes

    @abstractmethod
    def plan(self, store: Store) -> Sequence[Record]:
        """Returns the records to store; called again within the transaction."""

    def described(self) -> Collection[str]:
        """Returns the ids of the actors whose source records change, as planned."""
        return ()

    def apply(self, store: Store) -> None:  # noqa: B027 (most changes have records alone)
        """Writes what goes with the records, in their transaction."""


@dataclass(kw_only=True)
class PutRecords(Change):
    """Puts records in the place of those with their ids; `outcomes` are in the records' order."""

    records: Sequence[Record]
    outcomes: list[Outcome] = field(default_factory=list)
    is_due: bool = False

    def plan(self, store: Store) -> Sequence[Record]:
        records = [versions.follow_redirects(store, record) for record in self.records]
        self.outcomes = outcomes(store, records)
        found = zip(records, self.outcomes, strict=True)
        return [record for record, how in found if how in {Outcome.ADDED, Outcome.CHANGED}]


class _OutdatedError(Exception):
    """The base has changed so that another change is due: the transaction is undone."""


class Commit:
    """A change on its way into the base: prepared, encoded (which needs no store), written."""

    def __init__(
        self, indexer: Indexer, change: Change, on_embedded: OnEmbedded | None = None
    ) -> None:
        self._indexer = indexer
        self._change = change
        self._batch = indexer.start(on_embedded)
        self._records: Sequence[Record] = ()

    @property
    def is_due(self) -> bool:
        return bool(self._records) or self._change.is_due

    def prepare(self, store: Store) -> None:
        with store.reading():
            self._records = self._change.plan(store)
        if self.is_due:
            self._batch.derive(self._records)
            self._indexer.refuse_mismatch(store)
            self._batch.look_up(store)

    def encode(self) -> None:
        self._batch.encode()

    def write(self, store: Store) -> bool:
        """Writes all in one transaction; returns False, and writes nothing, if the plan changed."""
        change, records = self._change, self._records
        try:
            with store.changing(if_noted=not (records or change.removes)):
                # Another process may also have changed the encoder, or removed an embedding.
                self._indexer.refuse_mismatch(store)
                if records != change.plan(store) or not self._batch.is_embedded(store):
                    raise _OutdatedError  # noqa: TRY301 (it undoes the transaction)
                actors = [record for record in records if isinstance(record, Actor)]
                if change.by and not change.from_sources:
                    for actor in actors:
                        claims.save_source_records(store, correction(store, actor, now()))
                self._batch.put(store)
                duplicates.compare(store, actors)
                versions.keep_versions(
                    store, records, by=change.by, note=change.note, restored=change.restored
                )
                change.apply(store)
                ids = {actor.id for actor in actors} | set(change.described())
                claims.keep_members_only(store, ids)
        except _OutdatedError:
            return False
        return True


def commit(
    store: Store, indexer: Indexer, change: Change, on_embedded: OnEmbedded | None = None
) -> None:
    under_way = Commit(indexer, change, on_embedded)
    while True:
        under_way.prepare(store)
        if not under_way.is_due:
            return
        under_way.encode()
        if on_embedded:
            on_embedded(0)
        if under_way.write(store):
            return


def outcomes(store: Store, records: Sequence[Record]) -> list[Outcome]:
    ids = {kind: {record.id for record in records if kind_of(record) is kind} for kind in Kind}
    known = {kind: store.records(kind, ids[kind]) for kind in Kind}
    withdrawn = {kind: versions.withdrawn(store, kind, ids[kind]) for kind in Kind}
    found = []
    for record in records:
        kind = kind_of(record)
        if record.id in withdrawn[kind]:
            found.append(Outcome.WITHDRAWN)
        elif record.id not in known[kind]:
            found.append(Outcome.ADDED)
        elif known[kind][record.id] == record:
            found.append(Outcome.UNCHANGED)
        else:
            found.append(Outcome.CHANGED)
    return found


def unless_same(store: Store, record: Record) -> list[Record]:
    return [] if outcomes(store, [record]) == [Outcome.UNCHANGED] else [record]
