"""Search: from the typed query to ranked actors and cases with their evidence.

read (query) ─ encode, compare with all trades (steering) beside words (scorer) and names
(boosts.name_search, wordable) ─ retrieve, score (scorer) ─ match cases
(boosts.case_matching) ─ boost by endorsements and precedents (boosts) ─ assess (candidates) ─
filter (filters) ─ results (evidence, parts)
"""

import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from kb.language_model.wording import NO_WORDING, Wording
from kb.models import Case, Kind
from kb.reference.flows import Flow
from kb.search.boosts.case_matching import TOLD, match_cases, one_edition_each
from kb.search.boosts.contributions import credited
from kb.search.boosts.endorsements import Endorsement, endorse, leading
from kb.search.boosts.means import MeansFinder
from kb.search.boosts.name_search import NamedActors, boost_names, is_number, named_actors
from kb.search.boosts.precedents import (
    Boost,
    Precedent,
    follow_precedents,
    precedents_elsewhere,
)
from kb.search.candidates import Candidate, Candidates, Measure, assess, best_first
from kb.search.context import RankingOptions, SearchContext
from kb.search.evidence import EvidenceBuilder
from kb.search.filters import (
    Bounds,
    apply_filters,
    checked,
    facets,
    leaves,
    scope_of,
    with_place_of,
)
from kb.search.fits import FitScale, best_fit, fit_of_probability, least_fit, rank_of
from kb.search.need.probe import LEAST_ODDS, probability
from kb.search.parts import answers_by_part
from kb.search.query import Query
from kb.search.results import Absence, Filters, Fit, MatchedCase, PartAnswer, SearchResult, Steering
from kb.search.scorer import Scope, WordValues, gather, lexical_matches, retrieve, score
from kb.search.steering import comparing, understood
from kb.search.trades.background import ComparedQuery
from kb.search.trades.likely_trades import likely_trades
from kb.search.weights import NAMES
from kb.search.wordable import NameReading, name_reading

READ_FOR_WORDS = 10
"""Count of first hits of which one that has all the words of a need is no silence."""

SHOWN_DECIMALS = 2
"""Count of decimals of a score that are shown: what differs in others only is level."""


def search(
    query: str,
    context: SearchContext,
    *,
    limit: int = 10,
    filters: Filters = Filters(),
    lang: str = "",
    steering: Steering = Steering(),
    options: RankingOptions = RankingOptions(),
    complete: bool = False,
    only: str = "",
    wording: Wording = NO_WORDING,
) -> SearchResult:
    """Returns the actors and the cases that could answer a query.

    A case with translations is given once: in `lang` if there is an edition in it, else in the
    language that answers best. Its score is the best of them. With `complete`, every actor
    and every case that the filters leave is scored and given, whatever the limit; with the id of an
    actor, `only` that actor is given, with all its evidence, and there are no parts. The query is
    moved towards the phrases of `wording`.

    Raises:
        QueryError: the query is empty, too long, or without a word, or there is no such department.
    """
    started = time.perf_counter()
    store, weights = context.store, context.weights
    # Read
    asked, filters = _read(query, steering, filters, context, options)
    # Encode and compare, while this thread reads what needs no embedding
    with comparing(asked, wording, steering, context, options) as comparison:
        bounds = Bounds(asked, steering, store)
        scope = scope_of(filters, store, complete=complete)
        needs = context.passages_of_cases(TOLD) if options.cases else ()
        words = WordValues(asked.stems_sought if options.lexical else (), context)
        said = lexical_matches(words, context, scope, needs)
        named, names, absent, best_by_chance = _naming(asked, options, context)
    compared = comparison()
    # Retrieve and score
    found = retrieve(compared, said, context, options, scope, needs)
    scored = gather(score(compared, found, context, options, found))
    retrieved, case_passages = scored[Kind.ACTOR], scored[Kind.CASE]
    # Match cases
    cases = context.cases(case_passages)
    unmatched = options.unmatched if options.cases and absent is not Absence.NUMBER else cases
    eligible = bounds.wanted_stories(cases, unmatched)
    matched = credited(
        match_cases(eligible, case_passages, asked.text, compared.null, lang, weights),
        compared,
        context,
    )
    if any(match.relevance >= weights.parts.relevance for match in matched):
        absent, best_by_chance = None, Fit.STRONG  # it is a need, however it is written
    # Boost by endorsements and precedents
    following = options if not absent else replace(options, elsewhere=False)
    endorsements, boosts = _boosts(
        matched, compared, asked, named, found, context, following, scope, lang
    )
    measure = Measure(FitScale(compared.null, weights.fits), weights, asked, best_by_chance)
    # Assess, with the passages of boosted actors that were not retrieved
    rising = (id_ for id_, boost in boosts.items() if boost.rise(weights.precedents))
    boosted = dict.fromkeys([*endorsements, *rising, *names])
    unread = context.passages_of_actors(boosted.keys() - retrieved.keys())
    actor_passages = retrieved | gather(score(compared, unread, context, options))[Kind.ACTOR]
    candidates = Candidates(actor_passages, boosted, measure, endorsements, boosts, names)

    # Filter
    def answering(ids: Collection[str]) -> list[str]:
        filed = context.filed(ids)
        return apply_filters(ids, filed, bounds, endorsements, names, NAMES.exact)

    actor_left, case_left = (leaves(filters, kind, store) for kind in (Kind.ACTOR, Kind.CASE))
    fitting = set(answering(candidates.fitting(candidates.scores)))
    # Left of an absence are those with a near number or name, and those that fit it by chance.
    besides = 0 if absent else None if complete or only else limit
    others = _others(candidates, fitting, boosted, besides, actor_left, answering)
    ranked = _nearest_first(
        candidates.best_first(id_ for id_ in (*fitting, *others) if actor_left(id_)),
        candidates,
        filters,
        context,
    )
    fits = [id_ for id_ in ranked if id_ in fitting]
    ranked_cases = best_first(
        assess(id_, passages, replace(measure, asked=None, most=Fit.STRONG))
        for id_, passages in case_passages.items()
        if case_left(id_) and not bounds.exclude_case(id_)
    )
    # Results
    most = None if complete else limit
    shown = [
        (rank, candidates[id_])
        for rank, id_ in enumerate(ranked[: None if only else most], start=1)
        if only in {"", id_}
    ]
    counts = facets(context.filed(fitting).values(), filters)
    means = MeansFinder(compared, lang, context, offered=asked.flow is Flow.OFFERS)
    builder = EvidenceBuilder(asked.stems, context, None if named.only_named else means)
    stories = [
        story
        for story in _stories(ranked_cases, cases, matched, lang, context)
        if not absent or story[2].is_worth_a_call
    ]
    parts: list[PartAnswer] = []
    if not named.only_named and not absent and not only and filters.kind is not Kind.CASE:

        def may_answer(id_: str, of_actor: Sequence[Endorsement]) -> bool:
            return actor_left(id_) and not bounds.exclude_actor(id_, of_actor)

        parts = answers_by_part(
            asked,
            matched,
            ranked,
            candidates,
            compared.null,
            builder,
            context,
            scope,
            may_answer,
            lang,
        )
        parts = bounds.without_silent_mentions(parts)
    return SearchResult(
        query=asked.typed,
        asked=asked,
        hits=builder.actor_hits(shown, in_full=bool(only)),
        cases=tuple(
            builder.case_hit(rank, candidate, cases[candidate.record_id], best, fit)
            for rank, (candidate, best, fit) in enumerate(stories[:most], start=1)
        ),
        total=len(fits),
        total_cases=sum(fit is not Fit.NONE for _, _, fit in stories),
        departments=counts.departments,
        themes=counts.themes,
        distances=counts.distances,
        took_ms=(time.perf_counter() - started) * 1000,
        parts=tuple(parts),
        ceiling=compared.null.ceiling,
        need=probability(compared.null.need_odds),
        matched=tuple(matched),
        wording=wording,
        nothing_fits=not any(
            fit.is_worth_a_call
            for fit in chain((candidates[id_].fit for id_ in fits), (fit for _, _, fit in stories))
        )
        and not any(candidates[id_].says(asked.need) for id_ in ranked[:READ_FOR_WORDS]),
        unsaid=bounds.unsaid,
        absent=absent,
        trades=()
        if named.only_named or absent or compared.null.need_odds < LEAST_ODDS
        else likely_trades(compared),
        filters=filters,
    )


def _read(
    query: str,
    steering: Steering,
    filters: Filters,
    context: SearchContext,
    options: RankingOptions,
) -> tuple[Query, Filters]:
    """Returns the query as it is understood, and the filters with the place that it names."""
    asked = understood(query, steering, context.encoder, context.calibration)
    if asked.reading.parts and named_actors(asked.words, context).ids:
        asked = asked.unread  # "Menuiserie à Vitré" may be what somebody is called
    filters = checked(filters)
    return asked, with_place_of(asked, filters) if options.places else filters


def _boosts(
    matched: Sequence[MatchedCase],
    compared: ComparedQuery,
    asked: Query,
    named: NamedActors,
    near: Collection[int],
    context: SearchContext,
    options: RankingOptions,
    scope: Scope,
    lang: str,
) -> tuple[Mapping[str, Sequence[Endorsement]], Mapping[str, Boost]]:
    """Returns the endorsements of the actors of matched cases, and the boosts of close trades.

    The passages `near` to the query, by id, are compared with the precedents as well; firms
    elsewhere are precedents, too, told in `lang`. A query that is a name endorses nobody else.
    """
    weights = context.weights
    endorsed = endorse(matched, asked, weights.cases)
    if named.only_named:
        endorsed = {id_: of_actor for id_, of_actor in endorsed.items() if id_ in named.ids}
    followed: Mapping[str, Boost] = {}
    if options.similar and not named.only_named:
        elsewhere: Sequence[Precedent] = ()
        if options.elsewhere:
            elsewhere = precedents_elsewhere(compared, asked, lang, context)
        followed = follow_precedents(leading(endorsed), context, scope, near, elsewhere)
    endorsements = {} if options.transfer_only else endorsed
    # Who clearly did it has shown what it can do: nothing is inferred of it.
    showing = {
        id_ for id_, (best, *_) in endorsements.items() if best.probability >= weights.fits.possible
    }
    return endorsements, {id_: of for id_, of in followed.items() if id_ not in showing}


class _Naming(NamedTuple):
    """Whom a query names, exactly or nearly, each with its boost, and if so what is `absent` here.

    `best_by_chance` is the best fit that others may have then.
    """

    exactly: NamedActors
    boosts: Mapping[str, float]
    absent: Absence | None = None
    best_by_chance: Fit = Fit.STRONG


def _naming(asked: Query, options: RankingOptions, context: SearchContext) -> _Naming:
    named = named_actors(asked.text, context)
    boosts = boost_names(asked.text, named, context, near=options.near_names)
    if is_number(asked.text):
        if max(boosts.values(), default=0.0) >= NAMES.near:
            return _Naming(named, boosts, best_by_chance=Fit.NONE)
        return _Naming(named, boosts, Absence.NUMBER, Fit.NONE)
    if boosts or not options.near_names:
        return _Naming(named, boosts)
    reading = name_reading(asked, context.store)
    if reading is NameReading.NEED:
        return _Naming(named, boosts)
    chance = Fit.POSSIBLE if reading is NameReading.LIKELY else Fit.WEAK
    return _Naming(named, boosts, Absence.NAME, chance)


def _nearest_first(
    ranked: Sequence[str], candidates: Candidates, filters: Filters, context: SearchContext
) -> list[str]:
    """Returns those whose scores are shown as the same by their distance, unknown ones last."""
    if filters.near is None:
        return list(ranked)
    filed = context.filed(ranked)

    def place(id_: str) -> tuple[int, float, float]:
        km, score = filters.km_to(filed[id_].point), round(candidates.scores[id_], SHOWN_DECIMALS)
        return -rank_of(candidates[id_].fit), -score, math.inf if km is None else km

    return sorted(ranked, key=place)


def _others(
    candidates: Candidates,
    fitting: Collection[str],
    boosted: Collection[str],
    most: int | None,
    left: Callable[[str], bool],
    answering: Callable[[Collection[str]], Sequence[str]],
) -> Sequence[str]:
    """Returns those that can answer but do not fit: the `boosted`, and the `most` best or more.

    Those besides the boosted are `left` by the filters. Not all are looked up, of whom the best
    alone are shown; without a `most`, all are.
    """
    rest = candidates.scores.keys() - fitting
    if most is None:
        return answering(rest)
    if not most:
        return ()
    found = [*answering(rest.intersection(boosted))]
    in_order = candidates.best_first(filter(left, rest.difference(boosted)))
    enough = len(found) + most
    for first in range(0, len(in_order), most):
        found += answering(in_order[first : first + most])
        if len(found) >= enough:
            break
    return found


def _stories(
    ranked: Sequence[Candidate],
    cases: Mapping[str, Case],
    matched: Sequence[MatchedCase],
    lang: str,
    context: SearchContext,
) -> list[tuple[Candidate, float, Fit]]:
    """Returns an edition of each ranked case, the best fits first, with its story's best score."""
    candidates = {candidate.record_id: candidate for candidate in ranked}
    best: dict[str, float] = {}
    for candidate in ranked:
        best.setdefault(cases[candidate.record_id].story, candidate.score)
    relevance = {match.case.story: match.relevance for match in matched}
    weights = context.weights.fits
    stories = [
        (
            candidates[case.id],
            best[case.story],
            best_fit(
                fit_of_probability(relevance.get(case.story, 0.0), weights),
                # What only speaks of it is a lead.
                least_fit(candidates[case.id].fit, Fit.WEAK),
            ),
        )
        for case in one_edition_each((cases[id_] for id_ in candidates), lang)
    ]
    return sorted(stories, key=lambda story: -rank_of(story[2]))
