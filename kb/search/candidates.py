"""Candidates: the records that a search brought up, each with all that counts for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kb.reference.flows import Flow
from kb.search.boosts.endorsements import Endorsement
from kb.search.boosts.precedents import NO_BOOST, Boost
from kb.search.fits import (
    best_fit,
    capped_by_doubt,
    fit_of,
    fit_of_case,
    fit_of_trade_match,
    fit_of_words,
    least_fit,
)
from kb.search.fusion import ScoredPassage
from kb.search.query import Query
from kb.search.results import Fit, ScoreParts
from kb.search.trades.null_distribution import NullDistribution
from kb.search.weights import RankingWeights
from kb.text.flow import gives_up


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record, what counts for it, and what that makes.

    `passages` are best first. `parts` are those of `score`; `own_fit` is the fit of its own words
    alone, `fit` that of all.
    """

    record_id: str
    passages: Sequence[ScoredPassage]
    endorsements: Sequence[Endorsement]
    boost: Boost
    parts: ScoreParts
    score: float
    own_fit: Fit
    fit: Fit


def assess(
    record_id: str,
    passages: Sequence[ScoredPassage],
    null: NullDistribution,
    weights: RankingWeights,
    *,
    asked: Query | None = None,
    endorsements: Sequence[Endorsement] = (),
    boost: Boost = NO_BOOST,
    greatest_rise: float = 0.0,
    name: float = 0.0,
) -> Candidate:
    """The candidate of a record, by its passages, its endorsements and its boosts, best first.

    Its best passage counts, so that length does not win; and its best endorsement. An actor that
    gives up itself what the query offers loses a share of its score, and is a lead at best. What is
    `asked` is known but for a part of a need.
    """
    best = passages[0] if passages else None
    own = best.score if best else 0.0
    shown = endorsements[0].score if endorsements else 0.0
    inferred = boost.rise(weights.precedents)
    lead = 0.0
    if endorsements and endorsements[0].best_fit.is_worth_a_call:
        # Who bought or coordinated it has not shown that it can do it.
        lead = endorsements[0].share * greatest_rise
    shares = ground_shares(own, inferred, shown + lead if endorsements else None, weights)
    score = shares.own * own + shares.similar * inferred + shares.shown * (shown + lead)
    own_fit = fit_of(own, null, weights.fits)
    if best and asked:
        own_fit = fit_of_words(best, asked, null, weights)
    gives = _gives(best, own_fit, endorsements, asked)
    direction = -weights.cases.given_up * gives * max(score, 0.0) if gives else 0.0
    score += direction + name
    fits = [
        own_fit,
        *(
            least_fit(fit_of_case(endorsed.share, weights.fits), endorsed.best_fit)
            for endorsed in endorsements
        ),
    ]
    if inferred:
        # An inferred hit shows only that its trade is close.
        of_match = fit_of_trade_match(boost.closest, weights.fits)
        fits.append(least_fit(fit_of(score, null, weights.fits), of_match))
    parts = ScoreParts(
        dense=best.dense if best else 0.0,
        lexical=best.lexical if best else 0.0,
        rare=best.words.rare if best else 0.0,
        overlap=best.overlap if best else 0.0,
        filing=best.filing if best else None,
        apart=best.apart if best else 0.0,
        own=own,
        case=shown,
        similar=inferred,
        support=boost.support,
        example=boost.example,
        likeness=boost.likeness,
        lead=lead,
        direction=direction,
        name=name,
    )
    fit = capped_by_doubt(best_fit(*fits), null, weights.fits)
    if gives >= weights.fits.shown_possible:
        fit = least_fit(fit, Fit.WEAK)
    if name:
        fit = Fit.STRONG
    return Candidate(record_id, passages, endorsements, boost, parts, score, own_fit, fit)


def _gives(
    best: ScoredPassage | None,
    own_fit: Fit,
    endorsements: Sequence[Endorsement],
    asked: Query | None,
) -> float:
    """How surely an actor gives up what the query offers, 0 to 1.

    It does so in a case, as far as this is relevant, or else by words that fit.
    """
    if endorsements:
        giving = (endorsed.matched.relevance for endorsed in endorsements if endorsed.gives)
        return max(giving, default=0.0)
    if best is None or asked is None or asked.flow is not Flow.OFFERS or own_fit is Fit.NONE:
        return 0.0
    return float(gives_up(best.passage.text))


class GroundShares(NamedTuple):
    """The shares with which an actor's words, what is inferred, and its best case count."""

    own: float
    similar: float
    shown: float


def ground_shares(
    own: float, inferred: float, shown: float | None, weights: RankingWeights
) -> GroundShares:
    """The shares with which the grounds of a score count.

    Its own words and what is inferred are a ground, its best case is the other. The better counts
    in full; of the other, its words or its case by a tenth, and less than nothing is nothing. So a
    case lowers nobody. `shown` is None without a case.
    """
    if shown is None:
        return GroundShares(1.0, 1.0, 0.0)
    second = weights.cases.second_ground
    if shown >= own + inferred:
        return GroundShares(second if own > 0 else 0.0, 0.0, 1.0)
    return GroundShares(1.0, 1.0, second if shown > 0 else 0.0)


def best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Returns the candidates by score, ties by id."""
    return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.record_id))
