"""Ingestion: rows of sources and cases of files become records, and vanished ones are removed.

Slices are prepared, encoded and written side by side, but put in the order in which they were read.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from kb.editorial.catalogue import Catalogue
from kb.editorial.commit import Change, Commit, Outcome, PutRecords, commit
from kb.editorial.reconcile import Reconciliation, prune_plan, reconcile
from kb.indexing.indexer import Indexer, OnEmbedded
from kb.models import Actor, Case, Kind, Record
from kb.registers.clock import now
from kb.registers.records import duplicates, versions
from kb.registers.records import sources as claims
from kb.resolution.merge_rules import SourceRow, allowed
from kb.store.pool import StorePool
from kb.store.store import Store


@dataclass(kw_only=True)
class _Reconciled(Change):
    """Stores the actors that source records make, and the source records."""

    from_sources: bool = True
    reconciled: Reconciliation = field(default_factory=Reconciliation)

    def described(self) -> Collection[str]:
        return self.reconciled.described

    def apply(self, store: Store) -> None:
        self.reconciled.save(store)


@dataclass(kw_only=True)
class _SourceRows(_Reconciled):
    source: str
    rows: Sequence[SourceRow]
    at: str = field(default_factory=now)

    def plan(self, store: Store) -> Sequence[Record]:
        choice = claims.contact_choice(claims.contact_choices(store), self.source)
        rows = [replace(row, actor=allowed(row.actor, choice)) for row in self.rows]
        self.reconciled = reconcile(store, self.source, rows, self.at)
        self.is_due = bool(self.reconciled.saved or self.reconciled.deleted)
        return self.reconciled.changed


class RowSlice:
    """Rows of a source that `prepare`, `encode` and `put`, in this order, bring into the base."""

    def __init__(
        self, stores: StorePool, indexer: Indexer, source: str, rows: Sequence[SourceRow], by: str
    ) -> None:
        self._stores = stores
        self._change = _SourceRows(source=source, rows=rows, by=by)
        self._commit = Commit(indexer, self._change, self._note_embedded)
        self._prepared_at: str | None = None
        self._embedded = 0

    def prepare(self) -> None:
        with self._stores.lend() as store:
            self._prepare(store)

    def encode(self) -> None:
        """Encodes what the rows bring, in any thread."""
        self._commit.encode()

    def put(
        self,
        on_embedded: OnEmbedded = lambda _: None,
        *,
        on_changed: Callable[[Actor | None, Actor], object] | None = None,
        on_apart: Callable[[int, Actor], object] | None = None,
    ) -> list[Outcome]:
        """Stores the rows, merged with those of other sources; returns what each changed.

        `on_changed` is called with each actor that changes, before and after; `on_apart` with the
        position of each new row with the SIRET of an actor of quite another name, and that actor.
        """
        with self._stores.lend() as store:
            # What was to change nothing may change something now, after other changes.
            stale = not self._commit.is_due and self._prepared_at != store.generation
            if self._prepared_at is None or stale:
                self._prepare(store)
                self.encode()
            while self._commit.is_due:
                on_embedded(0)
                if self._commit.write(store):
                    break
                self._prepare(store)
                self.encode()
        on_embedded(self._embedded)
        return self._outcomes(on_changed, on_apart)

    def _prepare(self, store: Store) -> None:
        generation = store.generation
        self._commit.prepare(store)
        self._prepared_at = generation

    def _note_embedded(self, count: int) -> None:
        self._embedded += count

    def _outcomes(
        self,
        on_changed: Callable[[Actor | None, Actor], object] | None,
        on_apart: Callable[[int, Actor], object] | None,
    ) -> list[Outcome]:
        plan = self._change.reconciled
        found = []
        for position, (before, after) in enumerate(zip(plan.befores, plan.afters, strict=True)):
            if on_changed and after is not None and before != after:
                on_changed(before, after)
            if position in plan.withdrawn:
                found.append(Outcome.WITHDRAWN)
            elif before == after:
                found.append(Outcome.UNCHANGED)
            elif before is None:
                found.append(Outcome.ADDED)
            else:
                is_joined = position in plan.joined
                found.append(Outcome.COMPLETED if is_joined else Outcome.CHANGED)
        if on_apart:
            for position, other in plan.apart.items():
                on_apart(position, other)
        return found


_CHANGED_AT_ONCE = 200  # records removed in a transaction, so that no writer waits long


@dataclass(kw_only=True)
class _CaseInputs(PutRecords):
    """Stores what is new in the input of cases; the input is kept to compare the next with."""

    cases: Sequence[Case]
    records: Sequence[Record] = ()

    def plan(self, store: Store) -> Sequence[Record]:
        ids = {case.id for case in self.cases}
        known, before = store.cases(ids), claims.last_inputs_of(store, ids)
        self.records = [
            claims.renewed(
                known[case.id],
                versions.follow_redirects(store, case),
                versions.follow_redirects(store, before[case.id]),
            )
            if case.id in known and case.id in before
            else case
            for case in self.cases
        ]
        self.is_due = any(before.get(case.id) != case for case in self._kept(store))
        return super().plan(store)

    def apply(self, store: Store) -> None:
        claims.save_inputs(store, self._kept(store))

    def _kept(self, store: Store) -> list[Case]:
        """Returns the cases that are neither withdrawn nor erased."""
        withdrawn = versions.withdrawn(store, Kind.CASE, {case.id for case in self.cases})
        return [case for case in self.cases if case.id not in withdrawn]


@dataclass(kw_only=True)
class _Pruning(_Reconciled):
    """Deletes source records, by source and key, with the actors that are left without any."""

    keys: Sequence[tuple[str, str]]
    removes: bool = True

    def plan(self, store: Store) -> Sequence[Record]:
        self.reconciled = prune_plan(store, self.keys)
        return self.reconciled.changed

    def apply(self, store: Store) -> None:
        super().apply(store)
        duplicates.forget_pairs(store, self.reconciled.gone)
        for actor_id in self.reconciled.gone:
            store.remove(Kind.ACTOR, actor_id)


class Ingestion(Catalogue):
    def put(
        self,
        records: Sequence[Record],
        on_embedded: OnEmbedded | None = None,
        *,
        by: str = "",
        note: str = "",
    ) -> list[Outcome]:
        """Stores all records but withdrawn ones in one transaction; returns what changed.

        `on_embedded` is called with how many texts, after each batch.
        """
        change = PutRecords(records=records, by=by, note=note)
        self._commit(change, on_embedded)
        return change.outcomes

    def ingest_cases(
        self, cases: Sequence[Case], on_embedded: OnEmbedded | None = None, *, by: str = ""
    ) -> list[Outcome]:
        """Stores cases as the input has them, but for fields corrected since the last input."""
        change = _CaseInputs(cases=cases, by=by)
        self._commit(change, on_embedded)
        return change.outcomes

    def begin_rows(self, source: str, rows: Sequence[SourceRow], *, by: str = "") -> RowSlice:
        return RowSlice(self._stores, self._indexer, source, rows, by)

    def prune(self, sources: Collection[str], keeps: Callable[[str, str], bool]) -> int:
        """Deletes claims that sources, read whole, no longer make, and actors left without any.

        `keeps` tells whether a source, by its name, still has an id. Returns how many actors go.
        """
        with self._stores.lend() as store:
            gone = [key for key in claims.keys_of(store, sources) if not keeps(*key)]
        removed = 0
        for first in range(0, len(gone), _CHANGED_AT_ONCE):
            change = _Pruning(keys=gone[first : first + _CHANGED_AT_ONCE])
            self._commit(change)
            removed += len(change.reconciled.gone)
        return removed

    def remove(self, kind: Kind, ids: Collection[str]) -> int:
        """Removes records, but not their versions; returns how many."""
        removed, every = 0, sorted(ids)
        for first in range(0, len(every), _CHANGED_AT_ONCE):
            some = every[first : first + _CHANGED_AT_ONCE]
            with self._stores.lend() as store, store.changing():
                if kind is Kind.ACTOR:
                    claims.forget_actors(store, some)
                    duplicates.forget_pairs(store, some)
                removed += sum(store.remove(kind, id_) for id_ in some)
        return removed

    def _commit(self, change: Change, on_embedded: OnEmbedded | None = None) -> None:
        with self._stores.lend() as store:
            commit(store, self._indexer, change, on_embedded)
