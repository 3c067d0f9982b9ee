"""Duplicates: pairs of actors that may be the same; a decision stands whatever is ingested."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from kb.errors import UnknownRecord
from kb.models import Actor, Kind
from kb.registers.clock import now
from kb.registers.register import Register, as_json, count, row_as
from kb.resolution.contacts import MANY, Commonness, commonness_of, keys_of
from kb.resolution.similarity import (
    BLOCKING_VERSION,
    MAX_BLOCK,
    ActorSimilarity,
    actor_similarity,
    are_in_one_town,
    block_of,
    blocks,
    likely_similarity,
    shared_keys,
)
from kb.store.connection import ALL_ROWS
from kb.store.pool import StorePool
from kb.store.records import listed
from kb.store.store import Store

_BLOCKING = "blocking"
_JUDGED_AT_ONCE = 500


class DuplicateState(StrEnum):
    OPEN = "open"
    RELATED = "related"  # undecided, and no question: two establishments of one firm in two towns
    SAME = "same"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Duplicate:
    left_id: str
    right_id: str
    score: float
    reasons: tuple[str, ...]
    state: DuplicateState
    decided_by: str
    decided_at: str


# Merges two actors: the id kept, the other, the account, and what is written with it.
Merge = Callable[[str, str, str, Callable[[Store], None]], None]


class Duplicates(Register):
    def __init__(self, stores: StorePool, merge: Merge) -> None:
        super().__init__(stores)
        self._merge = merge

    def list(
        self,
        state: DuplicateState = DuplicateState.OPEN,
        limit: int = ALL_ROWS,
        sources: Collection[str] = (),
    ) -> Sequence[Duplicate]:
        with self._stores.lend() as store:
            select = f"select * {_IN_STATE} order by score desc, left_id, right_id limit :limit"
            rows = store.run(select, sources, state=state.value, all=not sources, limit=limit)
        return [row_as(Duplicate, row) for row in rows]

    def count(
        self, state: DuplicateState = DuplicateState.OPEN, sources: Collection[str] = ()
    ) -> int:
        with self._stores.lend() as store:
            select = f"select count(*) {_IN_STATE}"
            ((found,),) = store.run(select, sources, state=state.value, all=not sources)
        return int(found)

    def alike(self, actor: Actor, limit: int) -> Sequence[tuple[str, ActorSimilarity]]:
        """Returns the ids of the actors that a new actor likely is, likeliest first."""
        with self._stores.lend() as store, store.reading():
            own = blocks(actor)
            members = _members(store, own, MAX_BLOCK)
            ids = {id_ for block in members.values() for id_ in block} - {actor.id}
            others = _to_compare(store, "id in :values", ids)
        known = {**others, actor.id: actor}
        commonness = _commonness(known, {actor.id}, members, own - members.keys())
        found = ((id_, likely_similarity(actor, each, commonness)) for id_, each in others.items())
        likely = [(id_, each) for id_, each in found if each and not each.are_establishments]
        return sorted(likely, key=lambda pair: (-pair[1].score, pair[0]))[:limit]

    def decide(self, left: str, right: str, same: bool, keep: str = "", by: str = "") -> None:
        """Stores a decision about two actors; the `same` are merged into `keep`, or else `left`."""
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


_OF_THEM = "(select actor_id from statements where source in :values)"
_IN_STATE = (
    "from duplicates where state = :state"
    f" and (:all or left_id in {_OF_THEM} or right_id in {_OF_THEM})"
)


def compare(store: Store, actors: Sequence[Actor]) -> None:
    """Stores the pairs of these new or changed actors, and others that are likely the same.

    Open pairs that share a contact with them are judged anew: it says less the more firms have it.
    """
    if not actors:
        return
    if store.property(_BLOCKING) != BLOCKING_VERSION:
        everyone = _to_compare(store, "true")
        _keep_blocks(store, everyone.values())
        store.set_property(_BLOCKING, BLOCKING_VERSION)
        every = sorted(everyone)
        for first in range(0, len(every), _JUDGED_AT_ONCE):
            _judge(store, set(every[first : first + _JUDGED_AT_ONCE]))
    _keep_blocks(store, actors)
    ids = {actor.id for actor in actors}
    # An actor that is back redirects to no other, and may be decided about again.
    back = "(select id from merged_actors where id in :values)"
    store.run(
        "delete from duplicates where state = 'same'"  # noqa: S608 (`back` is written above)
        f" and (left_id in {back} or right_id in {back})",
        ids,
    )
    store.run("delete from merged_actors where id in :values", ids)
    _judge(store, ids | _whose_contacts_spread(store, actors))


def _judge(store: Store, ids: Collection[str]) -> None:
    """Stores the pairs of these actors with any that are likely the same, unless decided."""
    _delete_open_pairs(store, ids)
    rows = store.run("select distinct block from blocks where actor_id in :values", ids)
    every = {int(row[0]) for row in rows}
    members = _members(store, every, MAX_BLOCK)
    too_large = every - members.keys()
    known = _to_compare(
        store, "id in :values", {id_ for block in members.values() for id_ in block}
    )
    commonness = _commonness(known, ids, members, too_large)
    pairs = {pair for block in members.values() for pair in combinations(sorted(block), 2)}
    compared = (
        (left, right, found.score, found.reasons, "related" if found.are_establishments else "open")
        for left, right in sorted(pairs)
        if (left in ids or right in ids) and left in known and right in known
        if (found := likely_similarity(known[left], known[right], commonness))
    )
    store.executemany(
        "insert into duplicates (left_id, right_id, score, reasons, state, decided_by, decided_at)"
        " values (?, ?, ?, ?, ?, '', '') on conflict do nothing",
        [(*pair, as_json(reasons), state) for *pair, reasons, state in compared],
    )


def certain_matches(store: Store, source: str, actors: Sequence[Actor]) -> dict[str, str]:
    """Maps the ids of a source's new actors to the stored actors that they certainly are.

    None is mapped to an actor of the same source, or that a person said is another.
    """
    keys = {actor.id: list(keys_of(actor)) for actor in actors}
    wanted = {block_of(key) for those in keys.values() for key in those}
    members = _members(store, wanted, MAX_BLOCK)
    known = _to_compare(
        store, "id in :values", {id_ for block in members.values() for id_ in block}
    )
    # All sources of the few are read: with its name, a source's whole index might be.
    rows = store.run("select actor_id, source from statements where actor_id in :values", known)
    own = {row[0] for row in rows if row[1] == source}
    decided = "select count(*) from duplicates where left_id = ? and right_id = ? and state = ?"
    found: dict[str, str] = {}
    for actor in actors:
        sharing = {id_ for key in keys[actor.id] for id_ in members.get(block_of(key), ())}
        together = [known[id_] for id_ in sorted(sharing & known.keys())]
        may_be = [
            other
            for other in together
            if are_in_one_town(actor, other) and actor_similarity(actor, other).is_certain
        ]
        commonness = commonness_of([actor, *together]) if may_be else {}
        same = [
            other.id
            for other in may_be
            if other.id not in own and actor_similarity(actor, other, commonness).is_certain
        ]
        if len(same) == 1:
            pair = [*sorted([actor.id, same[0]]), DuplicateState.DIFFERENT.value]
            if not count(store, decided, pair):
                found[actor.id] = same[0]
    return found


def forget_pairs(store: Store, actor_ids: Collection[str]) -> None:
    store.run("delete from blocks where actor_id in :values", actor_ids)
    _delete_open_pairs(store, actor_ids)


def _delete_open_pairs(store: Store, actor_ids: Collection[str]) -> None:
    store.run(
        "delete from duplicates where state in ('open', 'related')"
        " and (left_id in :values or right_id in :values)",
        actor_ids,
    )


def redirect(store: Store, actor_id: str, to: str) -> None:
    store.execute("update merged_actors set actor_id = ? where actor_id = ?", [to, actor_id])
    store.insert("merged_actors", {"id": actor_id, "actor_id": to}, key=["id"])
    store.execute("delete from blocks where actor_id = ?", [actor_id])
    rows = store.execute(
        "delete from duplicates where state != 'same' and (left_id = :id or right_id = :id)"
        " returning *",
        {"id": actor_id},
    ).fetchall()
    for row in rows:
        left, right = sorted(to if id_ == actor_id else id_ for id_ in tuple(row)[:2])
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
        " values (:left, :right, 0, '[]', :state, :by, :at)"
        " on conflict (left_id, right_id) do update set"
        " state = :state, decided_by = :by, decided_at = :at",
        {"left": left, "right": right, "state": state.value, "by": by, "at": now()},
    )


def _keep_blocks(store: Store, actors: Iterable[Actor]) -> None:
    last = {actor.id: actor for actor in actors}
    rows = [(block, id_) for id_, actor in last.items() for block in blocks(actor)]
    store.run("delete from blocks where actor_id in :values", last)
    store.executemany("insert into blocks (block, actor_id) values (?, ?)", sorted(rows))


def _whose_contacts_spread(store: Store, actors: Sequence[Actor]) -> set[str]:
    """Returns the ids in open pairs that share a not yet common contact with these actors."""
    spreading = {block_of(key) for actor in actors for key in keys_of(actor)}
    members = _members(store, spreading, MAX_BLOCK + len(actors))
    shared = [set(block) for block in members.values()]
    rows = store.run(
        "select left_id, right_id from duplicates where state = 'open' and left_id in :values",
        {id_ for block in shared for id_ in block},
    )
    return {
        id_
        for left, right in (tuple(row) for row in rows)
        if any(left in block and right in block for block in shared)
        for id_ in (left, right)
    }


def _members(store: Store, wanted: Collection[int], most: int) -> dict[int, list[str]]:
    rows = store.run(
        "with few as materialized (select value as block from :values"
        " where (select count(*) from"
        " (select 1 from blocks b where b.block = value limit :most + 1)) <= :most)"
        " select block, actor_id from few join blocks using (block)",
        wanted,
        most=most,
    )
    members: dict[int, list[str]] = {}
    for row in rows:
        members.setdefault(int(row[0]), []).append(row[1])
    return members


def _commonness(
    known: Mapping[str, Actor],
    ids: Collection[str],
    members: Mapping[int, Sequence[str]],
    too_large: Collection[int],
) -> Commonness:
    keys = {key for id_ in ids if id_ in known for key in shared_keys(known[id_])}
    # Whoever has a key is in its block: of the others, nothing need be worked out.
    sharing = set(ids).union(*(members.get(block_of(key), ()) for key in keys))
    counted = dict(commonness_of((known[id_] for id_ in sharing if id_ in known), keys))
    return counted | {key: MANY for key in keys if block_of(key) in too_large}


def _to_compare(store: Store, condition: str, ids: Collection[str] = ()) -> dict[str, Actor]:
    """Returns the actors that a condition of SQL keeps, with only the fields that are compared."""
    rows = store.run(
        "select id, name, place, department, activity_code, siret, website, phone, email"  # noqa: S608 (ours)
        f" from actors where {condition}",
        ids,
    )
    return {
        row["id"]: row_as(Actor, row, phone=listed(row["phone"]), email=listed(row["email"]))
        for row in rows
    }
