"""Precedents: actors, here or elsewhere, that met such a need; close trades may be able to."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kb.encoder.encoder import Embeddings
from kb.models import Actor, Case, Kind, Participation
from kb.reference.roles import ROLES, Flow
from kb.reference.trades import Conversion
from kb.search.boosts.case_matching import relevance
from kb.search.boosts.endorsements import Endorsement, endorsement
from kb.search.context import SearchContext
from kb.search.query import Query
from kb.search.results import MatchedCase
from kb.search.scorer import Scope, nearest
from kb.search.steering import actor_embeddings
from kb.search.trades.background import ComparedQuery
from kb.search.trades.overlaps import standardised
from kb.search.weights import PrecedentWeights, RankingWeights
from kb.store.passages import Passage


@dataclass(frozen=True, slots=True)
class Precedent:
    """An actor that did it, with its `(dimension,)` embedding; or the firm `elsewhere`."""

    actor_id: str
    embedding: Embeddings
    endorsement: Endorsement
    weight: float
    elsewhere: Actor | None = None


@dataclass(frozen=True, slots=True)
class TradeMatch:
    """A passage close to a precedent's trade, by `likeness` deviations above a chance trade."""

    precedent: Precedent
    passage: Passage
    likeness: float


class Boost(NamedTuple):
    """The effect of precedents; `did` is the least probability of who did it in this base."""

    example: float = 0.0  # the greatest weight
    likeness: float = 0.0  # `mean_likeness`
    did: float = 0.0  # 0 if none is worth a call
    matches: Callable[[], Sequence[TradeMatch]] = lambda: ()

    def rise(self, weights: PrecedentWeights) -> float:
        return weights.strength * self.example * max(self.likeness, 0.0)


NO_BOOST = Boost()


def follow_precedents(
    endorsements: Mapping[str, Sequence[Endorsement]],
    context: SearchContext,
    scope: Scope,
    besides: Collection[int] = (),
    elsewhere: Sequence[Precedent] = (),
) -> dict[str, Boost]:
    """The boosts of actors by trades of those endorsed, and `elsewhere`, by id."""
    weights = context.weights.precedents
    precedents = [*precedents_of(endorsements, context), *elsewhere]
    if not precedents:
        return {}
    precedents.sort(key=lambda precedent: (-precedent.weight, precedent.actor_id))
    precedents = precedents[: weights.count]
    rows = np.stack([precedent.embedding for precedent in precedents])
    near = nearest(rows, weights.passages, context, scope)
    read = context.passages({*besides, *(id_ for of_each in near for id_ in of_each)})
    of_actors = {id_: of for id_, of in read.items() if of.kind is Kind.ACTOR}
    passages, likeness = compare_trades(precedents, of_actors, context)
    return boosts_of(precedents, passages, likeness, context.weights)


def precedents_of(
    endorsements: Mapping[str, Sequence[Endorsement]], context: SearchContext
) -> list[Precedent]:
    """The precedents among endorsed actors, weighed by the best endorsement of each."""
    embeddings = actor_embeddings(endorsements.keys(), context)
    found = []
    for actor_id, (best, *_) in endorsements.items():
        share = ROLES[best.participation.role].precedent_share
        if share and actor_id in embeddings:
            weight = best.matched.relevance * share
            found.append(Precedent(actor_id, embeddings[actor_id], best, weight))
    return found


def precedents_elsewhere(
    compared: ComparedQuery, asked: Query, lang: str, context: SearchContext
) -> list[Precedent]:
    """The firms elsewhere that met such a need; none for what is offered."""
    if asked.flow is Flow.OFFERS:
        return []
    known, weights = context.calibration.conversions, context.weights
    found = []
    for place, close in enumerate(known.closeness(compared).tolist()):
        relevant = relevance(close, compared.null, weights)
        share = ROLES[known.of[place].role].precedent_share
        if share and relevant >= weights.cases.least_relevance:
            case, firm = _told(known.of[place], lang if lang in known.needs else "fr")
            matched = MatchedCase(case, close, relevant)
            endorsed = endorsement(matched, case.participants[0], asked, weights.cases)
            found.append(Precedent(case.id, known.trades[place], endorsed, relevant * share, firm))
    return found


def _told(known: Conversion, lang: str) -> tuple[Case, Actor]:
    """A conversion as a case, and its firm as an actor: neither has a page here."""
    product, source = known.product[lang], known.source
    part = Participation(known.firm, known.role, "", product, source)
    case = Case(
        *(f"elsewhere {known.id}", product, "", lang),
        need=product,
        period=known.year,
        source_url=source,
        participants=(part,),
    )
    trade, country = known.trade[lang], known.country
    firm = Actor("", known.firm, trade, known.place, country=country, lang=lang, source_url=source)
    return case, firm


def compare_trades(
    precedents: Sequence[Precedent], passages: Mapping[int, Passage], context: SearchContext
) -> tuple[list[Passage], NDArray[Any]]:
    """Returns the embedded passages of these, and their `(precedents, passages)` likeness."""
    embedded = context.index.embedded(sorted(passages))
    compared = [passages[id_] for id_ in embedded.ids.tolist()]
    if not compared:
        return [], np.zeros((len(precedents), 0), np.float32)
    rows = np.stack([precedent.embedding for precedent in precedents])
    cosines = rows @ embedded.embeddings.T
    nulls = context.calibration.background.null_distributions(rows)
    there = [null.standardised(row) for null, row in zip(nulls, cosines, strict=True)]
    langs = [passage.lang for passage in compared]
    read = context.calibration.overlaps.read(embedded, langs, context.store)
    return compared, (np.stack(there) + standardised(read, cosines)) / 2


def boosts_of(
    precedents: Sequence[Precedent],
    passages: Sequence[Passage],
    likeness: NDArray[Any],
    weights: RankingWeights,
) -> dict[str, Boost]:
    """The boosts of actors, by id: of each, the passage closest to a precedent counts."""
    by_actor: dict[str, list[int]] = {}
    for column, passage in enumerate(passages):
        by_actor.setdefault(passage.record_id, []).append(column)
    if not by_actor:
        return {}
    columns = np.concatenate([np.array(of_actor) for of_actor in by_actor.values()])
    counts = [len(of_actor) for of_actor in by_actor.values()]
    best = np.maximum.reduceat(likeness[:, columns], np.cumsum([0, *counts[:-1]]), axis=1)
    of_each = np.array(
        [[of.weight * (of.actor_id != actor_id) for actor_id in by_actor] for of in precedents]
    )
    # Who is only like them stands below all who took part and are worth a call.
    did = np.array([[_did(precedent, weights.fits.possible)] for precedent in precedents])
    least = np.where((of_each > 0) & (did > 0), did, np.inf).min(axis=0)
    surest = np.where(np.isfinite(least), least, 0.0)
    sharpness = weights.precedents.sharpness
    means = mean_likeness(of_each, best, sharpness)
    strength = of_each * np.exp(sharpness * (best - best.max(axis=0)))

    def matches(place: int, of_actor: Sequence[int]) -> Sequence[TradeMatch]:
        rows = [row for row in range(len(of_each)) if of_each[row, place]]
        rows.sort(key=lambda row: (-strength[row, place], precedents[row].actor_id))
        # The first of the closest passages: which of them is shown does not depend on their order.
        closest = [(row, of_actor[int(likeness[row, of_actor].argmax())]) for row in rows]
        return [
            TradeMatch(precedents[row], passages[at], float(likeness[row, at]))
            for row, at in closest
        ]

    greatest = of_each.max(axis=0)
    return {
        actor_id: Boost(
            float(greatest[place]),
            float(means[place]),
            float(surest[place]),
            partial(matches, place, of_actor),
        )
        for place, (actor_id, of_actor) in enumerate(by_actor.items())
        if greatest[place]
    }


def _did(precedent: Precedent, possible: float) -> float:
    """The probability of a precedent of this base that is worth a call, 0 of any other."""
    probability = precedent.endorsement.probability
    return 0.0 if precedent.elsewhere or probability < possible else probability


def mean_likeness(weights: ArrayLike, likenesses: ArrayLike, sharpness: float) -> NDArray[Any]:
    """ln(Σ w e^(βz) / Σ w) / β over the first axis: the greater count more; 0 without a weight."""
    of_each, values = np.asarray(weights), np.asarray(likenesses, np.float64)
    total = of_each.sum(axis=0)
    known = total > 0
    greatest = values.max(axis=0, where=of_each > 0, initial=-np.inf)
    greatest = np.where(known, greatest, 0.0)
    # What has no weight may be above the greatest: it must not overflow.
    summed = (of_each * np.exp(sharpness * np.minimum(values - greatest, 0.0))).sum(axis=0)
    mean = np.log(np.where(known, summed, 1.0) / np.where(known, total, 1.0)) / sharpness
    return np.asarray(greatest + mean)
