"""Steering: what a person wants more of, does not want, and must have said.

It moves the embedding of the need, and it bounds who may answer.
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from kb.encoder.encoder import Embeddings, TextKind
from kb.indexing.derivation import NAME
from kb.models import Kind
from kb.search.close_trades import centre
from kb.search.query import Query
from kb.search.results import Steering
from kb.search.scorer import Room
from kb.search.vouching import Voucher
from kb.store.store import Store

WANTED_SHARE, UNWANTED_SHARE = 0.5, 0.3
"""How far a query is drawn towards what a person wants more of, and away from what not."""


def asked_embedding(asked: Query, steering: Steering, room: Room) -> Embeddings:
    """The `(dimension,)` embedding of the need, drawn towards and away from what is said; not unit.

    A linear combination of embeddings, that of the need itself in full: its standardised cosines
    combine those of its parts.
    """
    texts = [asked.need, *asked.wanted, *asked.unwanted]
    rows = room.encoder.encode(texts, TextKind.QUERY)
    liked = _of_actors(steering.like, room)
    unliked = _of_actors(steering.unlike, room)
    first_unwanted = 1 + len(asked.wanted)
    drawn: Embeddings = rows[0].copy()
    for towards in (*rows[1:first_unwanted], *liked):
        drawn += WANTED_SHARE * towards
    for away in (*rows[first_unwanted:], *unliked):
        drawn -= UNWANTED_SHARE * away
    return drawn


def unit(embedding: Embeddings) -> Embeddings:
    """A `(dimension,)` embedding made unit."""
    return np.asarray(embedding / max(float(np.linalg.norm(embedding)), 1e-12), np.float32)


def _of_actors(ids: Sequence[str], room: Room) -> list[Embeddings]:
    """The unit mean of what each of these actors says of itself; nothing of who says nothing."""
    return list(actor_embeddings(ids, room).values())


def actor_embeddings(ids: Collection[str], room: Room) -> dict[str, Embeddings]:
    """The `(dimension,)` unit mean of the embeddings of each actor's passages, by its id."""
    passages = room.store.passages(room.store.passage_ids_of(Kind.ACTOR, ids))
    known = room.index.embeddings(passages.keys())
    rows: dict[str, list[Embeddings]] = {}
    for id_, row in known.items():
        if passages[id_].part != NAME:
            rows.setdefault(passages[id_].record_id, []).append(row)
    return {actor_id: centre(of_actor) for actor_id, of_actor in rows.items()}


class Bounds:
    """What a person does not want, and what must be said: who cannot answer.

    A word that must be there may be said by a case that vouches.
    """

    def __init__(self, asked: Query, steering: Steering, store: Store) -> None:
        self._required = [store.records_saying(phrase) for phrase in asked.required]
        self._unwanted = [store.records_saying(phrase) for phrase in asked.unwanted]
        self._unlike = frozenset(steering.unlike)

    def leave_out_actor(self, id_: str, vouching: Iterable[Voucher]) -> bool:
        its_own = (Kind.ACTOR, id_)
        theirs = {(Kind.CASE, said.case.id) for said in vouching}
        return (
            id_ in self._unlike
            or any(its_own in those for those in self._unwanted)
            or any(its_own not in those and not theirs & those for those in self._required)
        )

    def leave_out_case(self, id_: str) -> bool:
        return self.unwanted_case(id_) or any(
            (Kind.CASE, id_) not in those for those in self._required
        )

    def unwanted_case(self, id_: str) -> bool:
        """Whether a case says what is not wanted: its story vouches for nobody."""
        return any((Kind.CASE, id_) in those for those in self._unwanted)
