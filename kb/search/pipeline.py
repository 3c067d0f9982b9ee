"""Search: from the typed query to ranked actors and cases with their evidence."""

import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from kb.language_model import NO_WORDING, Wording
from kb.models import Case, Kind
from kb.search.boosts.case_matching import TOLD, credited, match_cases, one_edition_each
from kb.search.boosts.endorsements import Endorsement, endorse, leading
from kb.search.boosts.names import NamedActors, boost_names, is_number, named_actors
from kb.search.boosts.precedents import (
    NO_BOOST,
    Boost,
    Precedent,
    follow_precedents,
    precedents_elsewhere,
)
from kb.search.candidates import Candidate, Measure, best_first
from kb.search.context import RankingOptions, SearchContext
from kb.search.evidence import EvidenceBuilder, MeansFinder
from kb.search.filters import Bounds, checked, facets, leaves, scope_of, with_place_of
from kb.search.fits import FitScale, best_fit, fit_of_probability, least_fit, rank_of
from kb.search.need.probe import LEAST_ODDS, probability
from kb.search.parts import answers_by_part
from kb.search.query import Query
from kb.search.results import Absence, Filters, Fit, MatchedCase, SearchResult, Steering
from kb.search.scorer import Scope, WordValues, gather, retrieve, score
from kb.search.steering import compare, encoded, understood
from kb.search.trades.background import ComparedQuery, likely_trades
from kb.search.weights import NAMES
from kb.search.wordable import NameReading, name_reading

READ_FOR_WORDS = 10  # first hits: if one has all words of a need, something fits
SHOWN_DECIMALS = 2  # of a score: what differs in others only is level


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
    """Returns actors and cases that could answer a query: `complete`, all; `only`, one in full."""
    started = time.perf_counter()
    store, weights = context.store, context.weights
    asked, filters = _read(query, steering, filters, context, options)
    bounds, scope = Bounds(asked, steering, store), scope_of(filters, store, complete=complete)
    named = named_actors(asked.text, store)
    names = boost_names(asked.text, named, store, near=options.near_names)
    absent, best_by_chance = _absence(asked, names, options, context)
    compared = compare(
        asked, encoded(asked, wording, steering, context), context.calibration, options
    )
    words = WordValues(asked.stems_sought if options.lexical else (), context)
    needs = context.passages_of_cases(TOLD) if options.cases else ()
    found = retrieve(compared, words, context, options, scope, needs)
    scored = gather(score(compared, found, context, options, found))
    passages, case_passages = scored[Kind.ACTOR], scored[Kind.CASE]
    cases = context.cases(case_passages)
    unmatched = options.unmatched if options.cases and absent is not Absence.NUMBER else cases
    stories = bounds.wanted_stories(cases, unmatched)
    matched = match_cases(stories, case_passages, asked.text, compared.null, lang, weights)
    matched = credited(matched, compared, context)
    if any(match.relevance >= weights.parts.relevance for match in matched):
        absent, best_by_chance = None, Fit.STRONG  # it is a need, however it is written
    following = replace(options, elsewhere=False) if absent else options
    endorsements, boosts = _boosts(
        matched, compared, asked, named, found, context, following, scope, lang
    )
    # Assess, with what the encoder read of boosted actors that were not retrieved
    rising = (id_ for id_, boost in boosts.items() if boost.rise(weights.precedents))
    boosted = dict.fromkeys([*endorsements, *rising, *names])
    unread = context.index.embeddings(context.passages_of_actors(boosted.keys() - passages.keys()))
    passages |= gather(score(compared, unread, context, options))[Kind.ACTOR]
    measure = Measure(FitScale(compared.null, weights.fits), weights, asked, best_by_chance)
    candidates = {
        id_: Candidate(
            id_,
            measure,
            passages.get(id_, ()),
            endorsements.get(id_, ()),
            boosts.get(id_, NO_BOOST),
            names.get(id_, 0.0),
        )
        for id_ in {**passages, **boosted}
    }

    def answering(ids: Collection[str]) -> list[str]:
        """Those in the base; who is closed answers no need, but is found by its exact name."""
        filed = context.filed(ids)
        return [
            id_
            for id_ in ids
            if id_ in filed
            and not (filed[id_].closed_on and names.get(id_, 0.0) < NAMES.exact)
            and not bounds.exclude_actor(id_, endorsements.get(id_, ()))
        ]

    actor_left, case_left = (leaves(filters, kind, store) for kind in (Kind.ACTOR, Kind.CASE))
    fitting = set(answering([id_ for id_, of in candidates.items() if of.fit is not Fit.NONE]))
    # Left of an absence are those with a near number or name, and those that fit it by chance.
    besides = 0 if absent else None if complete or only else limit
    others = _others(candidates, fitting, boosted, besides, actor_left, answering)
    by_score = best_first(candidates[id_] for id_ in (*fitting, *others) if actor_left(id_))
    ranked = _nearest_first(by_score, filters, context)
    fits = [candidate for candidate in ranked if candidate.record_id in fitting]
    ranked_cases = best_first(
        Candidate(id_, replace(measure, asked=None, most=Fit.STRONG), of_case)
        for id_, of_case in case_passages.items()
        if case_left(id_) and not bounds.exclude_case(id_)
    )
    told = _stories(ranked_cases, cases, matched, lang, context)
    told = [story for story in told if not absent or story[2].is_worth_a_call]
    most = None if complete else limit
    shown = [
        (rank, of)
        for rank, of in enumerate(ranked[: None if only else most], start=1)
        if only in {"", of.record_id}
    ]
    means = MeansFinder(asked, compared, lang, context)
    builder = EvidenceBuilder(asked.stems, context, None if named.only_named else means)
    is_need = not named.only_named and not absent
    parts = (
        answers_by_part(
            asked,
            matched,
            ranked,
            compared.null,
            builder,
            context,
            scope,
            lambda id_, of: actor_left(id_) and not bounds.exclude_actor(id_, of),
            lang,
        )
        if is_need and not only and filters.kind is not Kind.CASE
        else []
    )
    worth = any(of.fit.is_worth_a_call for of in fits) or any(
        fit.is_worth_a_call for *_, fit in told
    )
    departments, themes, distances = facets(context.filed(fitting).values(), filters)
    return SearchResult(
        query=asked.typed,
        asked=asked,
        hits=tuple(builder.actor_hits(shown, in_full=bool(only))),
        cases=tuple(
            builder.case_hit(rank, candidate, cases[candidate.record_id], best, fit)
            for rank, (candidate, best, fit) in enumerate(told[:most], start=1)
        ),
        total=len(fits),
        serious=sum(of.fit.is_worth_a_call for of in fits),
        total_cases=sum(fit is not Fit.NONE for *_, fit in told),
        departments=departments,
        themes=themes,
        distances=distances,
        took_ms=(time.perf_counter() - started) * 1000,
        parts=tuple(bounds.without_silent_mentions(parts)),
        ceiling=compared.null.ceiling,
        need=probability(compared.null.need_odds),
        matched=tuple(matched),
        wording=wording,
        nothing_fits=not worth and not any(of.says(asked.need) for of in by_score[:READ_FOR_WORDS]),
        unsaid=bounds.unsaid,
        absent=absent,
        trades=likely_trades(compared) if is_need and compared.null.need_odds >= LEAST_ODDS else (),
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
    asked, filters = understood(query, steering), checked(filters)
    if asked.reading.parts and named_actors(asked.words, context.store).ids:
        asked = asked.unread  # "Menuiserie à Vitré" may be what somebody is called
    return asked, with_place_of(asked, filters) if options.places else filters


def _absence(
    asked: Query, names: Mapping[str, float], options: RankingOptions, context: SearchContext
) -> tuple[Absence | None, Fit]:
    """Returns what a query is that nobody here has, and the best fit that others may have then."""
    if is_number(asked.text):
        is_near = max(names.values(), default=0.0) >= NAMES.near
        return None if is_near else Absence.NUMBER, Fit.NONE
    is_sought = options.near_names and not names
    reading = name_reading(asked, context.store) if is_sought else NameReading.NEED
    if reading is NameReading.NEED:
        return None, Fit.STRONG
    return Absence.NAME, Fit.POSSIBLE if reading is NameReading.LIKELY else Fit.WEAK


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
    """Returns the endorsements of actors by id, and the boosts of close trades, `elsewhere` too."""
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


def _nearest_first(
    ranked: list[Candidate], filters: Filters, context: SearchContext
) -> list[Candidate]:
    """Returns the near before the far within each fit, then by score, and by distance if level."""
    if filters.near is None:
        return ranked
    filed = context.filed([candidate.record_id for candidate in ranked])

    def place(candidate: Candidate) -> tuple[int, bool, float, float]:
        known = filters.km_to(filed[candidate.record_id].point)
        km = math.inf if known is None else known
        score = round(candidate.score, SHOWN_DECIMALS)
        return -rank_of(candidate.fit), km > filters.near_km, -score, km

    return sorted(ranked, key=place)


def _others(
    candidates: Mapping[str, Candidate],
    fitting: Collection[str],
    boosted: Collection[str],
    most: int | None,
    left: Callable[[str], bool],
    answering: Callable[[Collection[str]], Sequence[str]],
) -> Sequence[str]:
    """Returns those that answer but do not fit: the `boosted`, and the `most` best or all."""
    rest = candidates.keys() - fitting
    if most is None:
        return answering(rest)
    if not most:
        return ()
    found = [*answering(rest.intersection(boosted))]
    in_order = best_first(candidates[id_] for id_ in rest.difference(boosted) if left(id_))
    enough = len(found) + most
    for first in range(0, len(in_order), most):
        if len(found) >= enough:
            break
        found += answering([of.record_id for of in in_order[first : first + most]])
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
    stories = []
    for case in one_edition_each((cases[id_] for id_ in candidates), lang):
        told = fit_of_probability(relevance.get(case.story, 0.0), context.weights.fits)
        # What only speaks of it is a lead.
        fit = best_fit(told, least_fit(candidates[case.id].fit, Fit.WEAK))
        stories.append((candidates[case.id], best[case.story], fit))
    return sorted(stories, key=lambda story: -rank_of(story[2]))
