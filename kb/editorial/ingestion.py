"""Ingestion: rows of sources and cases of files become records, and what is gone goes."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from kb.editorial.commit import Change, Outcome, PutRecords, commit
from kb.editorial.reconcile import Reconciliation, prune_plan, reconcile
from kb.indexing.indexer import Indexer, OnEmbedded
from kb.models import Actor, Case, Kind, Record
from kb.registers import claims, duplicates, last_inputs, versions
from kb.registers.clock import now
from kb.registers.redirects import follow_redirects
from kb.resolution.merge_rules import MODERATION, UNNAMED, SourceRow
from kb.store.store import Store

_PRUNED_AT_ONCE = 500


@dataclass(kw_only=True)
class _SourceRows(Change):
    """Stores the actors that a source's rows make, and their source records."""

    source: str
    rows: Sequence[SourceRow]
    from_sources: bool = True
    at: str = field(default_factory=now)
    reconciled: Reconciliation = field(default_factory=Reconciliation)

    def plan(self, store: Store) -> Sequence[Record]:
        self.reconciled = reconcile(store, self.source, self.rows, self.at)
        self.is_due = bool(self.reconciled.saved or self.reconciled.deleted)
        return self.reconciled.changed

    def apply(self, store: Store) -> None:
        self.reconciled.save(store)


@dataclass(kw_only=True)
class _CaseInputs(PutRecords):
    """Stores what is new in the input of cases; the input is kept to compare the next with."""

    cases: Sequence[Case]
    records: Sequence[Record] = ()

    def plan(self, store: Store) -> Sequence[Record]:
        ids = {case.id for case in self.cases}
        known, before = store.cases(ids), last_inputs.last_inputs_of(store, ids)
        self.records = [
            last_inputs.renewed(
                known[case.id],
                follow_redirects(store, case),
                follow_redirects(store, before[case.id]),
            )
            if case.id in known and case.id in before
            else case
            for case in self.cases
        ]
        self.is_due = bool(last_inputs.changed_inputs(store, self._kept(store)))
        return super().plan(store)

    def apply(self, store: Store) -> None:
        last_inputs.save_inputs(store, self._kept(store))

    def _kept(self, store: Store) -> list[Case]:
        """The cases whose input is kept: nothing is kept of those withdrawn or erased."""
        withdrawn = versions.withdrawn(store, Kind.CASE, {case.id for case in self.cases})
        return [case for case in self.cases if case.id not in withdrawn]


@dataclass(kw_only=True)
class _Pruning(Change):
    """Deletes source records, by source and key, with the actors that are left without any."""

    keys: Sequence[tuple[str, str]]
    from_sources: bool = True
    removes: bool = True
    reconciled: Reconciliation = field(default_factory=Reconciliation)

    def plan(self, store: Store) -> Sequence[Record]:
        self.reconciled = prune_plan(store, self.keys)
        return self.reconciled.changed

    def apply(self, store: Store) -> None:
        gone = self.reconciled.gone
        self.reconciled.save(store)
        versions.keep_first_versions(store, Kind.ACTOR, gone)
        duplicates.forget_pairs(store, gone)
        for actor_id in gone:
            store.remove(Kind.ACTOR, actor_id)


def ingest_actors(
    store: Store,
    indexer: Indexer,
    source: str,
    rows: Sequence[SourceRow],
    *,
    by: str,
    note: str,
    on_embedded: OnEmbedded | None,
) -> list[Outcome]:
    """Stores the rows of a source, merged with the claims of all other sources.

    Returns what each row changed of its actor, in the order given.
    """
    change = _SourceRows(source=source, rows=rows, by=by, note=note)
    commit(store, indexer, change, on_embedded)
    plan = change.reconciled
    return [
        Outcome.WITHDRAWN if position in plan.withdrawn else _outcome_of(before, after)
        for position, (before, after) in enumerate(zip(plan.befores, plan.afters, strict=True))
    ]


def _outcome_of(before: Actor | None, after: Actor | None) -> Outcome:
    if before == after:
        return Outcome.UNCHANGED
    return Outcome.CHANGED if before else Outcome.ADDED


def ingest_cases(
    store: Store,
    indexer: Indexer,
    cases: Sequence[Case],
    *,
    by: str,
    note: str,
    on_embedded: OnEmbedded | None,
) -> list[Outcome]:
    """Stores what is new in the input of cases; returns what changed, in the order given."""
    change = _CaseInputs(cases=cases, by=by, note=note)
    commit(store, indexer, change, on_embedded)
    return change.outcomes


def prune(
    store: Store, indexer: Indexer, sources: Collection[str], keeps: Callable[[str, str], bool]
) -> int:
    """Deletes the claims that `sources`, read whole, no longer make; returns how many actors went.

    An actor without a claim is removed. A transaction covers some hundreds of keys. `keeps`
    tells whether a source, by its name, still has a key.
    """
    gone = [
        (source, key) for source, key in claims.keys_of(store, sources) if not keeps(source, key)
    ]
    removed = 0
    for first in range(0, len(gone), _PRUNED_AT_ONCE):
        change = _Pruning(keys=gone[first : first + _PRUNED_AT_ONCE])
        commit(store, indexer, change)
        removed += len(change.reconciled.gone)
    named = {source for source, _ in claims.sources_of(store)} - {UNNAMED, MODERATION}
    if named <= set(sources):
        unnamed = [
            actor_id
            for actor_id in claims.actors_without_source(store)
            if not any(keeps(source, actor_id) for source in sources)
        ]
        removed += remove(store, Kind.ACTOR, unnamed)
    return removed


def remove(store: Store, kind: Kind, ids: Collection[str]) -> int:
    """Removes records in one transaction; their versions stay. Returns how many there were."""
    with store.changing():
        versions.keep_first_versions(store, kind, ids)
        if kind is Kind.ACTOR:
            claims.forget_actors(store, ids)
            duplicates.forget_pairs(store, ids)
        return sum(store.remove(kind, id_) for id_ in sorted(ids))
