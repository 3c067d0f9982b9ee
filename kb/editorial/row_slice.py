"""A slice of the rows of a source, on its way into the base beside other slices.

While some slices are encoded, the next is read and prepared, and the one before is written. Slices
are put in the order in which they were read: each finds the base as the ones before left it.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace

from kb.editorial.commit import Change, Commit, Outcome
from kb.editorial.reconcile import Reconciliation, reconcile
from kb.indexing.indexer import Indexer, OnEmbedded
from kb.models import Actor, Record
from kb.registers.clock import now
from kb.registers.sources import contact_choice, contact_choices
from kb.resolution.merge_rules import SourceRow, allowed
from kb.store.pool import StorePool
from kb.store.store import Store


@dataclass(kw_only=True)
class _SourceRows(Change):
    """Stores the actors that a source's rows make, and their source records."""

    source: str
    rows: Sequence[SourceRow]
    from_sources: bool = True
    at: str = field(default_factory=now)
    reconciled: Reconciliation = field(default_factory=Reconciliation)

    def plan(self, store: Store) -> Sequence[Record]:
        choice = contact_choice(contact_choices(store), self.source)
        rows = [replace(row, actor=allowed(row.actor, choice)) for row in self.rows]
        self.reconciled = reconcile(store, self.source, rows, self.at)
        self.is_due = bool(self.reconciled.saved or self.reconciled.deleted)
        return self.reconciled.changed

    def described(self) -> Collection[str]:
        return self.reconciled.described

    def apply(self, store: Store) -> None:
        self.reconciled.save(store)


class RowSlice:
    """Rows of a source that `prepare`, `encode` and `put`, in this order, bring into the base."""

    def __init__(
        self,
        stores: StorePool,
        indexer: Indexer,
        source: str,
        rows: Sequence[SourceRow],
        *,
        by: str = "",
        note: str = "",
    ) -> None:
        self._stores = stores
        self._change = _SourceRows(source=source, rows=rows, by=by, note=note)
        self._commit = Commit(indexer, self._change, self._note_embedded)
        self._after: Sequence[RowSlice] = ()
        self._is_prepared = False
        self._changes_nothing = False
        self._on_embedded: OnEmbedded | None = None
        self._embedded = 0
        self._abandoned = threading.Event()

    @property
    def is_due(self) -> bool:
        """Whether there is anything to encode or to write, as prepared."""
        return self._commit.is_due

    def prepare(self, after: "Sequence[RowSlice]" = ()) -> None:
        """Plans what the rows change of the base as it is, `after` slices that are put before."""
        self._after = after
        with self._stores.lend() as store:
            self._commit.prepare(store, [earlier._commit for earlier in after])
        self._is_prepared = True

    def encode(self) -> None:
        """Encodes what the rows bring; in any thread, beside what is done with other slices.

        Raises:
            CancelledError: the slice was abandoned meanwhile.
        """
        self._commit.encode()

    def abandon(self) -> None:
        """Ends `encode` in another thread at its next batch."""
        self._abandoned.set()

    def put(
        self,
        on_embedded: OnEmbedded | None = None,
        *,
        on_changed: Callable[[Actor | None, Actor], object] | None = None,
        on_apart: Callable[[int, Actor], object] | None = None,
    ) -> list[Outcome]:
        """Stores the rows, as `Ingestion.ingest_actors` says; prepares them first if need be."""
        self._on_embedded = on_embedded
        if on_embedded and self._embedded:
            on_embedded(self._embedded)
        # Slices before may have changed what these rows are to change, since that was planned.
        is_sure = self._is_prepared and all(earlier._changes_nothing for earlier in self._after)
        self._after = ()
        with self._stores.lend() as store:
            if not (is_sure or (self._is_prepared and self.is_due)):
                self._prepare_again(store)
            self._changes_nothing = not self.is_due
            while self.is_due:
                if on_embedded:
                    on_embedded(0)
                if self._commit.write(store):
                    break
                self._prepare_again(store)
        return self._outcomes(on_changed, on_apart)

    def _prepare_again(self, store: Store) -> None:
        self._commit.prepare(store)
        self._commit.encode()

    def _note_embedded(self, count: int) -> None:
        """Counts the texts that are encoded before `put`, which tells of them in its thread."""
        if self._abandoned.is_set():
            raise CancelledError
        if self._on_embedded:
            self._on_embedded(count)
        else:
            self._embedded += count

    def _outcomes(
        self,
        on_changed: Callable[[Actor | None, Actor], object] | None,
        on_apart: Callable[[int, Actor], object] | None,
    ) -> list[Outcome]:
        plan = self._change.reconciled
        if on_changed:
            for before, after in zip(plan.befores, plan.afters, strict=True):
                if after is not None and before != after:
                    on_changed(before, after)
        if on_apart:
            for position, other in plan.apart.items():
                on_apart(position, other)
        return [
            Outcome.WITHDRAWN
            if position in plan.withdrawn
            else _outcome_of(before, after, joined=position in plan.joined)
            for position, (before, after) in enumerate(zip(plan.befores, plan.afters, strict=True))
        ]


def _outcome_of(before: Actor | None, after: Actor | None, *, joined: bool) -> Outcome:
    if before == after:
        return Outcome.UNCHANGED
    if before is None:
        return Outcome.ADDED
    return Outcome.COMPLETED if joined else Outcome.CHANGED
