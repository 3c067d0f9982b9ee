"""Duplicates: pairs of actors that may be the same, and a person's decision about each.

A pair is decided once: the decision stands whatever is ingested later.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from kb.errors import UnknownRecord
from kb.models import Actor, Kind
from kb.registers.clock import now
from kb.resolution.similarity import (
    BLOCKING_VERSION,
    LIKELY,
    ActorSimilarity,
    actor_similarity,
    blocks,
)
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.store import Store

_MAX_BLOCK = 25
"""A block of more actors is no sign: a chain's name, the commonest trade of a town."""
_BLOCKING = "blocking"


class DuplicateState(StrEnum):
    OPEN = "open"
    SAME = "same"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two actors that may be the same, in the order of their ids, with `ActorSimilarity`'s reasons.

    Of actors that are the same, the actor that was not kept is gone, and its id redirects to the
    other.
    """

    left_id: str
    right_id: str
    score: float
    reasons: tuple[str, ...]
    state: DuplicateState
    decided_by: str
    decided_at: str


Merge = Callable[[str, str, str, Callable[[Store], None]], None]
"""Merges two actors: the id kept, the other, the account, and what is written with it."""


class Duplicates:
    """The register of likely duplicates."""

    def __init__(self, stores: StorePool, merge: Merge) -> None:
        self._stores = stores
        self._merge = merge

    def list(
        self, state: DuplicateState = DuplicateState.OPEN, limit: int = -1
    ) -> Sequence[Duplicate]:
        """The pairs in a state, the likeliest first."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select * from duplicates where state = ?"
                " order by score desc, left_id, right_id limit ?",
                [state.value, limit],
            ).fetchall()
        return [
            dataclass_of(
                Duplicate,
                row,
                reasons=tuple(json.loads(row["reasons"])),
                state=DuplicateState(row["state"]),
            )
            for row in rows
        ]

    def alike(self, actor: Actor, limit: int) -> Sequence[tuple[str, ActorSimilarity]]:
        """The ids of the actors that a new actor is likely the same as, likeliest first."""
        with self._stores.lend() as store, store.reading():
            rows = store.run(
                "select distinct actor_id from blocks where block in :values and (select count(*)"
                " from (select 1 from blocks b where b.block = blocks.block limit :most + 1))"
                " <= :most",
                blocks(actor),
                most=_MAX_BLOCK,
            )
            others = _to_compare(store, "id in :values", [row["actor_id"] for row in rows])
        found = ((id_, actor_similarity(actor, other)) for id_, other in others.items())
        likely = [pair for pair in found if pair[1].score >= LIKELY and pair[0] != actor.id]
        return sorted(likely, key=lambda pair: (-pair[1].score, pair[0]))[:limit]

    def count(self, state: DuplicateState = DuplicateState.OPEN) -> int:
        with self._stores.lend() as store:
            (count,) = store.execute(
                "select count(*) from duplicates where state = ?", [state.value]
            ).fetchone()
        return int(count)

    def decide(self, left: str, right: str, same: bool, keep: str = "", by: str = "") -> None:
        """Stores a person's decision about two actors.

        Actors that are the same are merged in one transaction: the kept actor is made of the
        claims of all sources about both, takes the other's place in cases, and the other's id
        redirects to it, in links and in directories.

        Args:
            left: the id of an actor.
            right: the id of another.
            same: whether they are the same.
            keep: the id to keep if they are; `left` when empty.
            by: the account that decides.

        Raises:
            UnknownRecord: an id is no actor's, or `keep` is neither id.
            ReadOnlyKnowledgeBase: the base cannot be written.
        """
        keep = keep or left
        if keep not in {left, right}:
            raise UnknownRecord(f"The actor {keep!r} is neither {left!r} nor {right!r}.")
        if left == right:
            raise UnknownRecord(f"The actor {left!r} is one already.")
        if same:
            other = right if keep == left else left
            self._merge(
                keep, other, by, lambda store: _settle(store, keep, other, DuplicateState.SAME, by)
            )
            return
        with self._stores.lend() as store, store.writing():
            for actor_id in (left, right):
                store.record(Kind.ACTOR, actor_id)
            _settle(store, left, right, DuplicateState.DIFFERENT, by)


def compare(store: Store, actors: Sequence[Actor]) -> None:
    """Stores the pairs of these actors, added or changed, and others that are likely the same."""
    if not actors:
        return
    if store.property(_BLOCKING) != BLOCKING_VERSION:
        _keep_blocks(store, _to_compare(store, "true").values())
        store.set_property(_BLOCKING, BLOCKING_VERSION)
    _keep_blocks(store, actors)
    ids = {actor.id for actor in actors}
    # An actor that is back, such as a restored actor, redirects to no other, and may be decided
    # about again.
    back = "(select id from merged_actors where id in :values)"
    store.run(
        "delete from duplicates where state = 'same'"  # noqa: S608 (`back` is written above)
        f" and (left_id in {back} or right_id in {back})",
        ids,
    )
    store.run("delete from merged_actors where id in :values", ids)
    _delete_open_pairs(store, ids)
    pairs = _pairs_of_blocks(store, ids)
    known = _to_compare(store, "id in :values", {id_ for pair in pairs for id_ in pair})
    compared = (
        (left, right, actor_similarity(known[left], known[right]))
        for left, right in sorted(pairs)
        if left in known and right in known
    )
    store.executemany(
        "insert into duplicates (left_id, right_id, score, reasons, state, decided_by, decided_at)"
        " values (?, ?, ?, ?, 'open', '', '') on conflict do nothing",
        [
            (left, right, similarity.score, json.dumps(similarity.reasons))
            for left, right, similarity in compared
            if similarity.score >= LIKELY
        ],
    )


def forget_pairs(store: Store, actor_ids: Collection[str]) -> None:
    """Deletes the open pairs of actors that are gone."""
    store.run("delete from blocks where actor_id in :values", actor_ids)
    _delete_open_pairs(store, actor_ids)


def _delete_open_pairs(store: Store, actor_ids: Collection[str]) -> None:
    store.run(
        "delete from duplicates where state = 'open'"
        " and (left_id in :values or right_id in :values)",
        actor_ids,
    )


def redirect(store: Store, actor_id: str, to: str) -> None:
    """Redirects the id of a merged actor, and those that redirect to it, to another actor.

    Its undecided and different pairs become pairs of the other.
    """
    store.execute("update merged_actors set actor_id = ? where actor_id = ?", [to, actor_id])
    store.execute(
        "insert or replace into merged_actors (id, actor_id) values (?, ?)", [actor_id, to]
    )
    store.execute("delete from blocks where actor_id = ?", [actor_id])
    rows = store.execute(
        "select * from duplicates where state != 'same' and (left_id = :id or right_id = :id)",
        {"id": actor_id},
    ).fetchall()
    for row in rows:
        store.execute(
            "delete from duplicates where left_id = ? and right_id = ?",
            [row["left_id"], row["right_id"]],
        )
        left, right = sorted(
            to if id_ == actor_id else id_ for id_ in (row["left_id"], row["right_id"])
        )
        if left != right:
            store.execute(
                "insert into duplicates"
                " (left_id, right_id, score, reasons, state, decided_by, decided_at)"
                " values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                [left, right, *tuple(row)[2:]],
            )


def _settle(store: Store, first: str, second: str, state: DuplicateState, by: str) -> None:
    left, right = sorted([first, second])
    store.execute(
        "insert into duplicates (left_id, right_id, score, reasons, state, decided_by, decided_at)"
        " values (:left, :right, 0, '[]', :state, :by, :at) on conflict do update"
        " set state = :state, decided_by = :by, decided_at = :at",
        {"left": left, "right": right, "state": state.value, "by": by, "at": now()},
    )


def _keep_blocks(store: Store, actors: Iterable[Actor]) -> None:
    last = {actor.id: actor for actor in actors}
    rows = [(block, id_) for id_, actor in last.items() for block in sorted(blocks(actor))]
    store.run("delete from blocks where actor_id in :values", last)
    store.executemany("insert into blocks (block, actor_id) values (?, ?)", rows)


def _pairs_of_blocks(store: Store, actor_ids: Collection[str]) -> set[tuple[str, str]]:
    """The pairs of these actors with any that share a block with them."""
    rows = store.run(
        "with shared as materialized (select distinct block from blocks"
        " where actor_id in :values),"
        " few as materialized (select block from shared where (select count(*) from"
        " (select 1 from blocks b where b.block = shared.block limit :most + 1)) <= :most)"
        " select block, actor_id from few join blocks using (block)",
        actor_ids,
        most=_MAX_BLOCK,
    )
    members: dict[int, list[str]] = {}
    for row in rows:
        members.setdefault(row[0], []).append(row[1])
    wanted = set(actor_ids)
    return {
        (left, right)
        for block in members.values()
        for left, right in combinations(sorted(block), 2)
        if left in wanted or right in wanted
    }


def _to_compare(store: Store, condition: str, ids: Collection[str] = ()) -> dict[str, Actor]:
    """The actors that a condition of SQL keeps, by id, with only the fields that are compared."""
    rows = store.run(
        "select id, name, place, department, activity_code, siret, website"  # noqa: S608 (ours)
        f" from actors where {condition}",
        ids,
    )
    return {row["id"]: Actor(**dict(row)) for row in rows}
