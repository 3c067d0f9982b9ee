"""What a source's rows mean for the actors: of whom each tells, and what they become by it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from slugify import slugify

from kb.errors import UnknownRecord
from kb.models import Actor, Kind
from kb.registers.claims import (
    actors_told_by,
    forget_tellers,
    keep_tellers,
    tellers_by_key,
    tellers_of,
)
from kb.registers.redirects import leads_of
from kb.registers.versions import withdrawn, withdrawn_of_sirets
from kb.resolution.merge_rules import (
    MODERATION,
    UNNAMED,
    Teller,
    Told,
    combined,
    corrected_by_moderator,
    moved,
    told_by,
)
from kb.resolution.similarity import LIKELY, name_likeness
from kb.store.store import Store


@dataclass(slots=True)
class Telling:
    """What is to be kept: each teller's word, the records that it changes, what is forgotten.

    `befores` and `afters` are the records before and after each row, in the order of the rows: the
    same where the row changes nothing, None where there is no actor. `withdrawn` are the positions
    of the rows that tell of an actor that was taken out.
    """

    changed: list[Actor] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    tellers: list[Teller] = field(default_factory=list)
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    befores: list[Actor | None] = field(default_factory=list)
    afters: list[Actor | None] = field(default_factory=list)
    withdrawn: set[int] = field(default_factory=set)

    def keep(self, store: Store) -> None:
        """Writes what the tellers said; the records are the caller's to write."""
        forget_tellers(store, self.forgotten)
        keep_tellers(store, self.tellers)


def telling(store: Store, source: str, rows: Sequence[Told], at: str) -> Telling:
    """What a source tells in these rows, each under an id of the source's own.

    A row is of the actor of whom the source told under that id before; else of the one with its
    SIRET; else of the one with its id, if both may be one firm. Else it is a new actor's.
    """
    known = _Known(store, source, rows)
    plan = Telling()
    for position, told in enumerate(rows):
        actor_id = known.actor_of(told)
        before = known.actors.get(actor_id)
        if actor_id in known.withdrawn:
            plan.withdrawn.add(position)
            plan.befores.append(before)
            plan.afters.append(before)
            continue
        said_before = known.adopt(told, actor_id, plan)
        teller = told_by(source, told, actor_id, at, said_before)
        if teller != said_before or (teller.source, teller.key) in known.new:
            plan.tellers.append(teller)
        tellers = known.tellers.setdefault(actor_id, [])
        tellers[:] = [one for one in tellers if (one.source, one.key) != (source, told.actor.id)]
        tellers.append(teller)
        after = combined(actor_id, tellers)
        known.put(actor_id, after, told.actor.siret)
        plan.befores.append(before)
        plan.afters.append(after)
    plan.changed = known.changed()
    return plan


def untelling(store: Store, silent: Collection[tuple[str, str]]) -> Telling:
    """What becomes of actors when sources no longer tell of them: `silent` as of `keys_of`."""
    silent = set(silent)
    actor_ids = actors_told_by(store, silent)
    actors = store.actors(actor_ids)
    plan = Telling(forgotten=sorted(silent))
    for actor_id, tellers in sorted(tellers_of(store, actor_ids).items()):
        rest = [one for one in tellers if (one.source, one.key) not in silent]
        after = combined(actor_id, rest)
        if after is None:
            plan.gone.append(actor_id)
            plan.forgotten += [(one.source, one.key) for one in rest]
        elif actor_id in actors and after != actors[actor_id]:
            plan.changed.append(after)
    return plan


def correction(store: Store, after: Actor, at: str) -> list[Teller]:
    """What is to be kept of a record that a person wrote: their word over that of the sources."""
    before, tellers = _told(store, after.id)
    word = next((one for one in tellers if one.source == MODERATION), None)
    known = combined(after.id, tellers) if tellers else before
    new = [one for one in tellers if not one.number]
    corrected = corrected_by_moderator(known, after, at, word)
    return [*new, corrected] if corrected != word and corrected.said else new


def merging(store: Store, kept_id: str, other_id: str) -> tuple[Actor, list[Teller]]:
    """The record of two actors that are one, and its tellers: those of the kept one come first."""
    kept, tellers = _told(store, kept_id)
    _other, others = _told(store, other_id)
    tellers += [moved(one, kept_id) for one in others]
    both = combined(kept_id, tellers) or kept
    if both is None:
        raise UnknownRecord(f"There is no actor with the id {kept_id!r}.")
    return both, tellers


def _told(store: Store, actor_id: str) -> tuple[Actor | None, list[Teller]]:
    """An actor and its tellers; where none is known, an unnamed one (`number` 0)."""
    actor = store.actors([actor_id]).get(actor_id)
    tellers = tellers_of(store, [actor_id]).get(actor_id, [])
    if actor and not tellers:
        (at,) = store.updated_at(Kind.ACTOR, [actor_id]).values()
        tellers = [told_by(UNNAMED, Told(actor), actor_id, at)]
    return actor, tellers


class _Known:
    """What the base knows of the actors that rows may tell of, and what the rows make of them."""

    def __init__(self, store: Store, source: str, rows: Sequence[Told]) -> None:
        keys = {told.actor.id for told in rows}
        self._store = store
        self._source = source
        self._own = tellers_by_key(store, source, keys)
        self._leads = leads_of(store, keys)
        sirets = {told.actor.siret for told in rows}
        self._by_siret = {**withdrawn_of_sirets(store, sirets), **store.actors_of_sirets(sirets)}
        ids = keys | {teller.actor_id for teller in self._own.values()}
        ids |= set(self._by_siret.values()) | set(self._leads.values())
        self._stored = dict(store.actors(ids))
        self.actors: dict[str, Actor] = dict(self._stored)
        self.tellers = tellers_of(store, ids)
        self.withdrawn = withdrawn(store, Kind.ACTOR, ids)
        self.new: set[tuple[str, str]] = set()

    def actor_of(self, told: Told) -> str:
        key, siret = told.actor.id, told.actor.siret
        if key in self._own:
            return self._own[key].actor_id
        if key in self.actors and self._is_unclaimed(key):
            return key
        if siret in self._by_siret:
            return self._by_siret[siret]
        key = self._leads.get(key, key)
        if key not in self.actors or _may_be_one(self.actors[key], told.actor):
            return key
        return self._unused(f"{key}-{slugify(self._source)}" if self._source else key)

    def adopt(self, told: Told, actor_id: str, plan: Telling) -> Teller | None:
        """What the source said before under this id, what nobody's was and is now its own included.

        What was known of an actor before sources were named, under the id that the source gives it,
        was its word. Else it becomes the word of an unnamed source.
        """
        key = told.actor.id
        if key in self._own:
            return self._own[key]
        self.new.add((self._source, key))
        tellers = self.tellers.setdefault(actor_id, [])
        if not tellers and actor_id in self.actors:
            (at,) = self._store.updated_at(Kind.ACTOR, [actor_id]).values()
            tellers.append(told_by(UNNAMED, Told(self.actors[actor_id]), actor_id, at))
            if key != actor_id:
                plan.tellers.append(tellers[0])
        unnamed = next((one for one in tellers if one.source == UNNAMED), None)
        if unnamed is None or key != actor_id:
            return None
        tellers.remove(unnamed)
        if unnamed.number:
            plan.forgotten.append((UNNAMED, unnamed.key))
        return replace(unnamed, source=self._source, key=key)

    def put(self, actor_id: str, after: Actor | None, siret: str) -> None:
        if after is not None:
            self.actors[actor_id] = after
        if siret:
            self._by_siret.setdefault(siret, actor_id)

    def changed(self) -> list[Actor]:
        return [
            actor for actor_id, actor in self.actors.items() if self._stored.get(actor_id) != actor
        ]

    def _is_unclaimed(self, actor_id: str) -> bool:
        """Whether all that is known of the actor is what was, before sources were named."""
        return (
            all(one.source in {UNNAMED, MODERATION} for one in self.tellers.get(actor_id, ()))
            and (self._source, actor_id) not in self.new
        )

    def _unused(self, actor_id: str) -> str:
        number, candidate = 1, actor_id
        while candidate in self.actors or self._store.actors([candidate]):
            number += 1
            candidate = f"{actor_id}-{number}"
        # One that had this id and was taken out was this source's.
        self.withdrawn |= withdrawn(self._store, Kind.ACTOR, [candidate])
        return candidate


def _may_be_one(known: Actor, told: Actor) -> bool:
    """Whether two sources' records of one id may be of one firm: ids like "1" are anybody's."""
    if known.siret and told.siret:
        return known.siret == told.siret
    return name_likeness(known.name, told.name) >= LIKELY
