"""Keeping: a record becomes what it is to be, in one transaction with all that goes with it.

With the record go what is made of it to be found by, its version, a moderator's word, and the
actors that it may be.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from kb.editorial.reconcile import correction
from kb.indexing.indexer import Maker, OnEmbedded
from kb.models import Actor, Kind, Record, kind_of
from kb.registers import claims, duplicates, versions
from kb.registers.clock import now
from kb.registers.redirects import led
from kb.store.store import Store


class Outcome(StrEnum):
    """What putting a record changed."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"
    """Nothing: a person withdrew or erased the record, and it stays out until one restores it."""


def put(
    store: Store,
    maker: Maker,
    find: Callable[[], Sequence[Record]],
    *,
    by: str,
    note: str,
    on_embedded: OnEmbedded | None,
    is_due: Callable[[], bool] = lambda: False,
    also: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """Puts the records that `find` finds in the state of the base; returns what changed.

    `also` is done with it, and where no record changes but `is_due`.
    """
    result: list[Outcome] = []

    def changed() -> list[Record]:
        found = [led(store, record) for record in find()]
        result[:] = outcomes(store, found)
        return [
            record
            for record, outcome in zip(found, result, strict=True)
            if outcome in {Outcome.ADDED, Outcome.CHANGED}
        ]

    if changed() or is_due():
        keep(store, maker, changed, by=by, note=note, also=also, on_embedded=on_embedded)
    return result


def keep(
    store: Store,
    maker: Maker,
    wanted: Callable[[], Sequence[Record]],
    *,
    by: str,
    note: str = "",
    restored: int = 0,
    is_told: bool = False,
    removes: bool = False,
    also: Callable[[], None] = lambda: None,
    on_embedded: OnEmbedded | None = None,
) -> None:
    """Embeds the records that `wanted` gives, then stores them and their versions.

    `wanted` looks at the base, and is asked again within the transaction: while this one
    encoded, another process may have changed what it looked at. `also` is done with it, and
    `removes` records. Unless the records are what sources told, an account that changes an
    actor has a moderator's word.

    Raises:
        ReadOnlyKnowledgeBase: the base cannot be written.
        KnowledgeBaseError: the base was embedded by another encoder, or made by other rules.
    """
    making = maker.begin(on_embedded)
    while True:
        with store.reading():
            records = wanted()
        making.derive(records)
        maker.refuse_mismatch(store)
        making.embed(store)
        with store.changing() if records or removes else store.writing():
            # Another may also have changed the encoder, or removed the last passage that had
            # one of these texts, and its embedding.
            maker.refuse_mismatch(store)
            if records == wanted() and making.is_embedded(store):
                for kind in Kind:
                    ids = {record.id for record in records if kind_of(record) is kind}
                    versions.keep_first_versions(store, kind, ids)
                actors = [record for record in records if isinstance(record, Actor)]
                if by and not is_told:
                    for actor in actors:
                        claims.keep_tellers(store, correction(store, actor, now()))
                making.put(store)
                duplicates.compare(store, actors)
                versions.keep_versions(store, records, by=by, note=note, restored=restored)
                also()
                return


def outcomes(store: Store, records: Sequence[Record]) -> list[Outcome]:
    """What putting each of these records would change."""
    ids = {kind: {record.id for record in records if kind_of(record) is kind} for kind in Kind}
    known: dict[Kind, Mapping[str, Record]] = {
        Kind.ACTOR: store.actors(ids[Kind.ACTOR]),
        Kind.CASE: store.cases(ids[Kind.CASE]),
    }
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
