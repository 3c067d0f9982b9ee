"""Close trades: whose know-how resembles that of an actor who met such a need.

A *witness* is an actor that took part in a case like the need asked for. Who works in a trade
close to the witness's may be able to do what it did: that is inferred, neither stated nor shown,
and it is said so. How close two trades are is measured like all else here: how far the cosine of
two descriptions lies above those of the witness to all the trades there are.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kb.encoder.encoder import Embeddings
from kb.reference.roles import ROLES, Role
from kb.search.background import Background
from kb.search.vouching import Voucher

WITNESSES = 16
"""How many witnesses are heard at most."""

TRADES_PER_WITNESS = 100
"""How many of the passages nearest to a witness are looked at."""

CLOSE = 0.72
"""From which share of the closest of all trades on a trade is close to a witness's."""

HALF_WAY = 2.0
"""How much has to be said to draw an actor half of the way to those who did it."""

MOST_CLOSENESS = 3.0
"""Closer than this is no closer: the same trade."""


SHARES: Mapping[Role, float] = {
    role: traits.precedent_share for role, traits in ROLES.items() if traits.precedent_share
}
"""How far who is close to an actor in this role could be a maker."""


@dataclass(frozen=True, slots=True)
class Witness:
    """An actor that did it, its embedding of `(dimension,)`, and how much its example counts."""

    actor_id: str
    embedding: Embeddings
    voucher: Voucher
    weight: float

    @property
    def score(self) -> float:
        """What nobody who follows the example is raised above, on the scale of a voucher's."""
        return self.weight * self.voucher.heard.score


@dataclass(frozen=True, slots=True)
class Likeness:
    """A witness's word for a passage of another actor: `closeness` 0 and above, 0 where barely."""

    witness: Witness
    passage_id: int
    closeness: float

    @property
    def said(self) -> float:
        """What it is worth: the weight of the example times e^closeness - 1."""
        return self.witness.weight * math.expm1(min(self.closeness, MOST_CLOSENESS))


def witnesses(
    vouchers: Mapping[str, Sequence[Voucher]], embeddings: Mapping[str, Embeddings]
) -> list[Witness]:
    """Who is heard, by the weight of their example; `embeddings` are those of actors, by id."""
    found = [
        Witness(actor_id, embeddings[actor_id], one, _weight(one))
        for actor_id, given in vouchers.items()
        if actor_id in embeddings
        for one in given[:1]
        if one.participation.role in SHARES
    ]
    return sorted(found, key=lambda one: (-one.weight, one.actor_id))[:WITNESSES]


def _weight(voucher: Voucher) -> float:
    return voucher.heard.relevance * SHARES[voucher.participation.role]


def likenesses(
    heard: Sequence[Witness], nearest: Sequence[Mapping[int, float]], background: Background
) -> list[Likeness]:
    """What each witness says for the passages near to it (cosine by passage id)."""
    found = []
    chances = background.chances(np.stack([one.embedding for one in heard]))
    for witness, chance, cosines in zip(heard, chances, nearest, strict=True):
        for id_, cosine in cosines.items():
            share = chance.standardised(cosine) / max(chance.closest, 1e-6)
            if share > CLOSE:
                found.append(Likeness(witness, id_, (share - CLOSE) / (1 - CLOSE)))
    return found


@dataclass(frozen=True, slots=True)
class Lift:
    """What witnesses do for an actor: `said` by them together, and the score that it follows."""

    said: float = 0.0
    goal: float = 0.0

    def above(self, own: float) -> float:
        """How far they raise an actor whose own words give it a score.

        They draw it towards the goal, and never above: by the share S / (S + h) of the way, with S
        what they say together, and h what draws it half of the way.
        """
        return max(self.goal - own, 0.0) * self.said / (self.said + HALF_WAY)


NOTHING_SAID = Lift()


def lift(given: Iterable[Likeness]) -> Lift:
    """What witnesses do for an actor: of each of them, its closest passage counts."""
    best: dict[str, Likeness] = {}
    for one in given:
        known = best.get(one.witness.actor_id)
        if known is None or one.said > known.said:
            best[one.witness.actor_id] = one
    return Lift(
        sum(one.said for one in best.values()),
        max((one.witness.score for one in best.values()), default=0.0),
    )


def centre(rows: Sequence[Embeddings]) -> Embeddings:
    """The `(dimension,)` unit mean of the embeddings of one actor's passages."""
    mean = np.mean(rows, axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)
