"""Precedents: an actor whose trade is close to that of who met such a need may be able to do it.

A *precedent* is an actor that took part in a matched case. What follows from it for actors in close
trades is inferred, neither stated nor shown, and is marked as such. How close two trades are is
measured like all else: how far the cosine of two descriptions lies above those of the precedent to
all trades.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kb.encoder.encoder import Embeddings
from kb.models import Kind
from kb.search.background import Background
from kb.search.boosts.endorsements import Endorsement
from kb.search.context import SearchContext
from kb.search.scorer import Scope, nearest
from kb.search.steering import actor_embeddings
from kb.search.weights import PrecedentWeights
from kb.store.passages import Passage


@dataclass(frozen=True, slots=True)
class Precedent:
    """An actor that did it, its embedding of `(dimension,)`, and how much its example counts."""

    actor_id: str
    embedding: Embeddings
    endorsement: Endorsement
    weight: float

    @property
    def score(self) -> float:
        """The highest score of an actor that follows it, on the scale of endorsements."""
        return self.weight * self.endorsement.matched.closeness


@dataclass(frozen=True, slots=True)
class TradeMatch:
    """A passage of another actor whose trade is close to a precedent's.

    `closeness` is 0 where it is barely so; `support` is the weight of the precedent times
    e^closeness - 1.
    """

    precedent: Precedent
    passage_id: int
    closeness: float
    support: float


@dataclass(frozen=True, slots=True)
class Boost:
    """The effect of precedents on an actor.

    `support` is that of all of them, `target` the score that they draw the actor to, and `matches`
    are those with its passages, strongest first.
    """

    support: float = 0.0
    target: float = 0.0
    matches: Sequence[tuple[TradeMatch, Passage]] = ()

    def above(self, own: float, weights: PrecedentWeights) -> float:
        """Returns the rise of an actor whose own words give it the score `own`.

        It rises towards the target, never above: by the share S / (S + h) of the way, with S
        the support, and h the support that draws half of the way.
        """
        return max(self.target - own, 0.0) * self.support / (self.support + weights.half_way)


NO_BOOST = Boost()


def follow_precedents(
    endorsements: Mapping[str, Sequence[Endorsement]], context: SearchContext, scope: Scope
) -> dict[str, Boost]:
    """The boosts of actors whose trade is close to that of actors with endorsements, by id."""
    weights = context.weights.precedents
    precedents = precedents_of(
        endorsements, actor_embeddings(endorsements.keys(), context), weights
    )
    if not precedents:
        return {}
    rows = np.stack([precedent.embedding for precedent in precedents])
    cosines = nearest(rows, weights.passages, context, scope)
    matches = match_trades(precedents, cosines, context.calibration.background, weights)
    passages = context.passages({match.passage_id for match in matches})
    by_actor: dict[str, list[tuple[TradeMatch, Passage]]] = {}
    for match in matches:
        passage = passages.get(match.passage_id)
        if not passage or passage.kind is not Kind.ACTOR:
            continue
        if passage.record_id != match.precedent.actor_id:
            by_actor.setdefault(passage.record_id, []).append((match, passage))
    return {actor_id: boost_of(of_actor) for actor_id, of_actor in by_actor.items()}


def without_other_parts(
    boosts: Mapping[str, Boost],
    endorsements: Mapping[str, Sequence[Endorsement]],
    weights: PrecedentWeights,
) -> dict[str, Boost]:
    """Returns the boosts without actors whose part in a case was not to make the thing."""
    return {
        actor_id: boost
        for actor_id, boost in boosts.items()
        if actor_id not in endorsements
        or any(weights.role_shares[item.participation.role] for item in endorsements[actor_id])
    }


def precedents_of(
    endorsements: Mapping[str, Sequence[Endorsement]],
    embeddings: Mapping[str, Embeddings],
    weights: PrecedentWeights,
) -> list[Precedent]:
    """The precedents that are followed, by their weight; `embeddings` are those of actors, by id.

    What counts of an actor is its best endorsement.
    """
    found = []
    for actor_id, (best, *_) in endorsements.items():
        share = weights.role_shares[best.participation.role]
        if share and actor_id in embeddings:
            weight = best.matched.relevance * share
            found.append(Precedent(actor_id, embeddings[actor_id], best, weight))
    return sorted(found, key=lambda precedent: (-precedent.weight, precedent.actor_id))[
        : weights.count
    ]


def match_trades(
    precedents: Sequence[Precedent],
    cosines: Sequence[Mapping[int, float]],
    background: Background,
    weights: PrecedentWeights,
) -> list[TradeMatch]:
    """The trade matches of each precedent among the passages near to it (cosine by passage id)."""
    found = []
    nulls = background.null_distributions(
        np.stack([precedent.embedding for precedent in precedents])
    )
    for precedent, null, near in zip(precedents, nulls, cosines, strict=True):
        for id_, cosine in near.items():
            share = null.standardised(cosine) / max(null.ceiling, 1e-6)
            if share > weights.close:
                closeness = (share - weights.close) / (1 - weights.close)
                found.append(trade_match(precedent, id_, closeness, weights))
    return found


def trade_match(
    precedent: Precedent, passage_id: int, closeness: float, weights: PrecedentWeights
) -> TradeMatch:
    support = precedent.weight * math.expm1(min(closeness, weights.most_closeness))
    return TradeMatch(precedent, passage_id, closeness, support)


def boost_of(matches: Sequence[tuple[TradeMatch, Passage]]) -> Boost:
    """The boost of an actor: for each precedent, its closest passage counts."""
    strongest_first = sorted(
        matches, key=lambda pair: (-pair[0].support, pair[0].precedent.actor_id, pair[1].id)
    )
    best: dict[str, TradeMatch] = {}
    for match, _ in strongest_first:
        best.setdefault(match.precedent.actor_id, match)
    return Boost(
        sum(match.support for match in best.values()),
        max((match.precedent.score for match in best.values()), default=0.0),
        tuple(strongest_first),
    )
