"""Precedents: an actor whose trade is close to that of who met such a need may be able to do it.

A *precedent* is an actor that took part in a matched case. What follows from it for actors in close
trades is inferred, neither stated nor shown, and is marked as such. Whether two trades are close is
measured like all else: how far the cosine of two descriptions lies above those of each to all
trades, and how far the two would be filed in the same trades. Several precedents count together:
the more there are, and the more of them are close, the higher an actor rises.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.models import Kind
from kb.search.boosts.endorsements import Endorsement
from kb.search.context import SearchContext
from kb.search.scorer import Scope, nearest
from kb.search.steering import actor_embeddings
from kb.search.weights import PrecedentWeights
from kb.store.passages import Passage


@dataclass(frozen=True, slots=True)
class Precedent:
    """An actor that did it, its embedding of `(dimension,)`, and how much its example counts.

    `filing` are the square roots of how likely it would be filed in each trade, `(trades,)`; None
    without a trade index.
    """

    actor_id: str
    embedding: Embeddings
    endorsement: Endorsement
    weight: float
    filing: Embeddings | None = None


@dataclass(frozen=True, slots=True)
class TradeMatch:
    """A passage of another actor, compared with a precedent's trade.

    `likeness` is by how many deviations it is closer than a chance trade. The fit goes by its
    `closeness`: 0 where it is barely a close trade, 1 where it is as close as the closest of all.
    """

    precedent: Precedent
    passage_id: int
    likeness: float
    closeness: float


@dataclass(frozen=True, slots=True)
class Boost:
    """The effect of precedents on an actor.

    `support` is the weight of all of them, `example` that of the greatest, and `likeness` the mean
    likeness in which the closest count more (`mean_likeness`). `matches` are the closest passage
    for each precedent, strongest first.
    """

    support: float = 0.0
    example: float = 0.0
    likeness: float = 0.0
    matches: Sequence[tuple[TradeMatch, Passage]] = ()

    def rise(self, weights: PrecedentWeights) -> float:
        """Returns the rise of the actor's score: λ m max(C − c, 0) S / (S + h).

        m is `example`, C the `likeness` and S the `support`; a single precedent says less than
        several.
        """
        above = max(self.likeness - weights.least_likeness, 0.0)
        trusted = self.support / (self.support + weights.half_trust) if self.support else 0.0
        return weights.strength * self.example * above * trusted

    @property
    def closest(self) -> float:
        """The closeness of the closest trade."""
        return max((match.closeness for match, _ in self.matches), default=0.0)


NO_BOOST = Boost()


def follow_precedents(
    endorsements: Mapping[str, Sequence[Endorsement]],
    context: SearchContext,
    scope: Scope,
    besides: Collection[int] = (),
) -> dict[str, Boost]:
    """The boosts of actors by the trades of actors with endorsements, by id.

    Compared are the passages nearest to each precedent, and those `besides`, by id.
    """
    weights = context.weights.precedents
    precedents = precedents_of(endorsements, context)
    if not precedents:
        return {}
    rows = np.stack([precedent.embedding for precedent in precedents])
    near = nearest(rows, weights.passages, context, scope)
    compared = context.passages({*besides, *(id_ for of_each in near for id_ in of_each)})
    of_actors = {id_: of for id_, of in compared.items() if of.kind is Kind.ACTOR}
    by_actor: dict[str, list[tuple[TradeMatch, Passage]]] = {}
    for match in match_trades(precedents, of_actors, context):
        passage = of_actors[match.passage_id]
        if passage.record_id != match.precedent.actor_id:
            by_actor.setdefault(passage.record_id, []).append((match, passage))
    return {actor_id: boost_of(of_actor, weights) for actor_id, of_actor in by_actor.items()}


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
    endorsements: Mapping[str, Sequence[Endorsement]], context: SearchContext
) -> list[Precedent]:
    """The precedents that are followed, by their weight.

    What counts of an actor is its best endorsement.
    """
    weights = context.weights.precedents
    embeddings = actor_embeddings(endorsements.keys(), context)
    found = []
    for actor_id, (best, *_) in endorsements.items():
        share = weights.role_shares[best.participation.role]
        if share and actor_id in embeddings:
            weight = best.matched.relevance * share
            found.append(Precedent(actor_id, embeddings[actor_id], best, weight))
    found.sort(key=lambda precedent: (-precedent.weight, precedent.actor_id))
    followed = found[: weights.count]
    filing = _filing_of([precedent.actor_id for precedent in followed], context)
    return [replace(precedent, filing=filing.get(precedent.actor_id)) for precedent in followed]


def match_trades(
    precedents: Sequence[Precedent], passages: Mapping[int, Passage], context: SearchContext
) -> list[TradeMatch]:
    """The trade matches of each precedent with each of these passages that was embedded."""
    embeddings = context.index.embeddings(passages)
    if not embeddings:
        return []
    background, weights = context.calibration.background, context.weights
    ids, langs = list(embeddings), [passages[id_].lang for id_ in embeddings]
    rows = np.stack(list(embeddings.values()))
    of_precedents = np.stack([precedent.embedding for precedent in precedents])
    cosines = of_precedents @ rows.T
    nulls = background.null_distributions(of_precedents)
    there = np.stack([null.standardised_all(row) for null, row in zip(nulls, cosines, strict=True)])
    back = np.stack(
        [
            null.standardised_all(column)
            for null, column in zip(background.null_distributions(rows), cosines.T, strict=True)
        ],
        axis=1,
    )
    likeness = (there + back) / 2
    likeness += _in_filing(precedents, embeddings, langs, context)
    ceilings = np.array([max(null.ceiling, 1e-6) for null in nulls])
    close = weights.precedents.close
    closeness = (there / ceilings[:, np.newaxis] - close) / (1 - close)
    return [
        TradeMatch(precedent, id_, float(likeness[row, column]), float(closeness[row, column]))
        for row, precedent in enumerate(precedents)
        for column, id_ in enumerate(ids)
    ]


def boost_of(matches: Sequence[tuple[TradeMatch, Passage]], weights: PrecedentWeights) -> Boost:
    """The boost of an actor: for each precedent, its closest passage counts."""
    best: dict[str, tuple[TradeMatch, Passage]] = {}
    for match, passage in sorted(matches, key=lambda pair: (-pair[0].likeness, pair[1].id)):
        best.setdefault(match.precedent.actor_id, (match, passage))
    of_each = [match.precedent.weight for match, _ in best.values()]
    likenesses = [match.likeness for match, _ in best.values()]
    return Boost(
        support=sum(of_each),
        example=max(of_each, default=0.0),
        likeness=mean_likeness(of_each, likenesses, weights.sharpness),
        matches=tuple(
            sorted(
                best.values(),
                key=lambda pair: (-_strength(pair[0], weights), pair[0].precedent.actor_id),
            )
        ),
    )


def mean_likeness(weights: Sequence[float], likenesses: Sequence[float], sharpness: float) -> float:
    """The mean of likenesses in which the greater count more: ln(Σ w e^(βz) / Σ w) / β."""
    total = sum(weights)
    if not total:
        return 0.0
    greatest = max(likenesses)
    summed = sum(
        weight * math.exp(sharpness * (likeness - greatest))
        for weight, likeness in zip(weights, likenesses, strict=True)
    )
    return greatest + math.log(summed / total) / sharpness


def _strength(match: TradeMatch, weights: PrecedentWeights) -> float:
    return match.precedent.weight * math.exp(weights.sharpness * match.likeness)


def _in_filing(
    precedents: Sequence[Precedent],
    embeddings: Mapping[int, Embeddings],
    langs: Sequence[str],
    context: SearchContext,
) -> NDArray[np.float32]:
    """What likeness gains or loses by where precedents and passages would be filed.

    `(precedents, passages)`; 0 without a trade index.
    """
    gained = np.zeros((len(precedents), len(embeddings)), np.float32)
    known = [row for row, precedent in enumerate(precedents) if precedent.filing is not None]
    if not known:
        return gained
    roots = np.stack([precedents[row].filing for row in known])
    weights = context.weights
    filing = context.calibration.overlaps.filing(embeddings, langs)
    overlaps = roots @ filing.T
    least, unknown = weights.passages.least_filing, weights.passages.unknown_filing
    gained[known] = weights.precedents.filing * np.log((overlaps + least) / (unknown + least))
    return gained


def _filing_of(actor_ids: Sequence[str], context: SearchContext) -> dict[str, Embeddings]:
    """The square roots of how likely each actor would be filed in each trade, by its id.

    The mean over its passages; empty without a trade index.
    """
    if context.calibration.background.index is None or not actor_ids:
        return {}
    passages = context.passages(context.store.passage_ids_of(Kind.ACTOR, actor_ids))
    embeddings = context.index.embeddings(passages)
    langs = [passages[id_].lang for id_ in embeddings]
    filing = context.calibration.overlaps.filing(embeddings, langs)
    of_each: dict[str, list[Embeddings]] = {}
    for id_, roots in zip(embeddings, filing, strict=True):
        of_each.setdefault(passages[id_].record_id, []).append(roots)
    return {
        actor_id: np.sqrt(np.mean(np.square(roots), axis=0)) for actor_id, roots in of_each.items()
    }
