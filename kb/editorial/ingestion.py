"""Intake: what sources and files say becomes records, and what they no longer say goes."""

from collections.abc import Callable, Collection, Sequence

from kb.editorial.commit import Outcome, keep, put
from kb.editorial.reconcile import Telling, telling, untelling
from kb.indexing.indexer import Maker, OnEmbedded
from kb.models import Actor, Case, Kind, Record
from kb.registers import claims, duplicates, last_inputs, versions
from kb.registers.clock import now
from kb.registers.redirects import led
from kb.resolution.merge_rules import MODERATION, UNNAMED, Told
from kb.store.store import Store

_PRUNED_AT_ONCE = 500


def tell(
    store: Store,
    maker: Maker,
    source: str,
    rows: Sequence[Told],
    *,
    by: str,
    note: str,
    on_embedded: OnEmbedded | None,
) -> list[Outcome]:
    """Keeps what a source tells of actors, and makes them what all their sources say together.

    Returns what each row changed of the actor that it is of, in the order given.
    """
    at = now()
    plan = Telling()

    def changed() -> list[Record]:
        nonlocal plan
        plan = telling(store, source, rows, at)
        return list(plan.changed)

    first = [changed()]
    if plan.changed or plan.tellers or plan.forgotten:
        keep(
            store,
            maker,
            lambda: first.pop() if first else changed(),
            by=by,
            note=note,
            is_told=True,
            also=lambda: plan.keep(store),
            on_embedded=on_embedded,
        )
    return [
        Outcome.WITHDRAWN if position in plan.withdrawn else _outcome_of(before, after)
        for position, (before, after) in enumerate(zip(plan.befores, plan.afters, strict=True))
    ]


def _outcome_of(before: Actor | None, after: Actor | None) -> Outcome:
    if before == after:
        return Outcome.UNCHANGED
    return Outcome.CHANGED if before else Outcome.ADDED


def tell_cases(
    store: Store,
    maker: Maker,
    cases: Sequence[Case],
    *,
    by: str,
    note: str,
    on_embedded: OnEmbedded | None,
) -> list[Outcome]:
    """Takes from the input what it says anew of cases; returns what changed, in the order given.

    What the input said is kept, to be compared the next time.
    """

    def renewed() -> Sequence[Record]:
        ids = {case.id for case in cases}
        known, before = store.cases(ids), last_inputs.inputs_of(store, ids)
        return [
            last_inputs.renewed(known[case.id], led(store, case), led(store, before[case.id]))
            if case.id in known and case.id in before
            else case
            for case in cases
        ]

    def present() -> list[Case]:
        # Of what was erased, nothing is kept.
        withdrawn = versions.withdrawn(store, Kind.CASE, {case.id for case in cases})
        return [case for case in cases if case.id not in withdrawn]

    return put(
        store,
        maker,
        renewed,
        by=by,
        note=note,
        is_due=lambda: bool(last_inputs.unkept_inputs(store, present())),
        also=lambda: last_inputs.keep_inputs(store, present()),
        on_embedded=on_embedded,
    )


def untell(
    store: Store, maker: Maker, sources: Collection[str], keeps: Callable[[str, str], bool]
) -> int:
    """Forgets what `sources`, read whole, no longer tell, and removes who nobody tells of.

    A transaction for some hundreds at a time. Returns how many actors were removed. `keeps`:
    whether a source, by its name, still tells under an id of its own.
    """
    silent = [
        (source, key) for source, key in claims.keys_of(store, sources) if not keeps(source, key)
    ]
    removed = 0
    for first in range(0, len(silent), _PRUNED_AT_ONCE):
        removed += _untell(store, maker, silent[first : first + _PRUNED_AT_ONCE])
    named = {source for source, _ in claims.sources_of(store)} - {UNNAMED, MODERATION}
    if named <= set(sources):
        told_before = [
            actor_id
            for actor_id in claims.untold_actors(store)
            if not any(keeps(source, actor_id) for source in sources)
        ]
        removed += remove(store, Kind.ACTOR, told_before)
    return removed


def _untell(store: Store, maker: Maker, silent: Sequence[tuple[str, str]]) -> int:
    """Forgets what is told under these keys, as of `statements.keys_of`."""
    plan = Telling()

    def changed() -> list[Record]:
        nonlocal plan
        plan = untelling(store, silent)
        return list(plan.changed)

    def forget() -> None:
        plan.keep(store)
        versions.keep_first_versions(store, Kind.ACTOR, plan.gone)
        duplicates.forget_pairs(store, plan.gone)
        for actor_id in plan.gone:
            store.remove(Kind.ACTOR, actor_id)

    keep(store, maker, changed, by="", is_told=True, removes=True, also=forget)
    return len(plan.gone)


def remove(store: Store, kind: Kind, ids: Collection[str]) -> int:
    """Removes records in one transaction; their versions stay. Returns how many there were."""
    with store.changing():
        versions.keep_first_versions(store, kind, ids)
        if kind is Kind.ACTOR:
            claims.forget_actors(store, ids)
            duplicates.forget_pairs(store, ids)
        return sum(store.remove(kind, id_) for id_ in sorted(ids))
