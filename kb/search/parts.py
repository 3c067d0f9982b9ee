"""Answers by part: those who took each part of a need in cases, then those close in words."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path

import numpy as np

from kb.models import Case, Kind, Participation
from kb.reference.roles import ROLES, Flow, Part, Role
from kb.search.boosts.endorsements import Endorsement, endorse, endorsement
from kb.search.candidates import Candidate, Measure, best_first
from kb.search.context import SearchContext
from kb.search.evidence import EvidenceBuilder
from kb.search.fits import FitScale, fit_of_probability
from kb.search.query import Query, without_purpose
from kb.search.results import ActorHit, MatchedCase, Mention, PartAnswer
from kb.search.scorer import Scope, ScoredPassage, WordValues, gather, nearest, score
from kb.search.trades.background import NullDistribution
from kb.search.weights import CaseWeights, PartWeights
from kb.text.analysis import query_stems, words
from kb.text.folding import fold
from kb.text.lexicon import Lexicons

MayAnswer = Callable[[str, Sequence[Endorsement]], bool]
_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")

_SUPPLIES: Mapping[Part, frozenset[str]] = {
    part: _LEXICONS.words("supplies", part) for part in (Part.CONTAINERS, Part.PACKAGING)
}
"""Words of suppliers who bring in what goes round the product, folded."""

_QUERIES = {lang: _LEXICONS.spellings("part_queries", lang) for lang in ("fr", "en")}
"""By language and part, the queries for a part that are better than the words of the cases."""

_WITHOUT_PROPOSALS = frozenset({Part.COORDINATION, Part.BUYER})
"""Parts for which only actors of the cases are given: no trade shows who else could take them."""

_GOES_WITH = {Part.PACKAGING: (Part.CONTAINERS, Part.REPACKAGING)}
"""Parts that are usual where one of these parts is needed, even if no case mentions them."""

_SUPPLYING = re.compile(
    "^(?:{auxiliaries}\\s+)?(?:{adverbs}\\s+)?{verbs}\\s+(?:{ranks}\\s+)?{articles}?".format(
        **{
            section: _LEXICONS.any_of("supplying", section)
            for section in ("auxiliaries", "adverbs", "verbs", "ranks", "articles")
        }
    ),
    re.IGNORECASE,
)


@dataclass(slots=True)
class _NeededPart:
    """A part that cases needed: who `taken` it, who is only `mentioned`, and things brought in."""

    cases: dict[str, Case] = field(default_factory=dict)
    taken: dict[str, list[Endorsement]] = field(default_factory=dict)
    mentioned: dict[str, Mention] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)


def answers_by_part(
    asked: Query,
    matched: Sequence[MatchedCase],
    ranked: Sequence[Candidate],
    null: NullDistribution,
    builder: EvidenceBuilder,
    context: SearchContext,
    scope: Scope,
    may_answer: MayAnswer,
    lang: str,
) -> list[PartAnswer]:
    """Returns the actors that could take each part that the matched cases needed."""
    weights = context.weights
    relevant = [match for match in matched if match.relevance >= weights.parts.relevance]
    needed = _needed_parts(relevant, asked, weights.cases)
    if not needed:
        return []
    reader_lang = lang or relevant[0].case.lang
    queries = {part: _queries(part, of, reader_lang, weights.parts) for part, of in needed.items()}
    in_each_lang = {
        part: dict.fromkeys(
            query
            for in_lang in (reader_lang, *_QUERIES)
            for query in _queries(part, of, in_lang, weights.parts)
        )
        for part, of in needed.items()
    }
    close = _close_to(in_each_lang, context, scope)
    taken = endorse(relevant, asked, weights.cases)
    known = {
        id_
        for id_, actor in context.filed({*taken, *chain(*close.values())}).items()
        if not actor.closed_on and may_answer(id_, taken.get(id_, ()))
    }
    ranks = {candidate.record_id: rank for rank, candidate in enumerate(ranked)}
    measure = Measure(FitScale(null, weights.fits), weights)
    answers = []
    for part in Part:
        if part not in needed:
            continue
        of_part = needed[part]
        need = ", ".join(queries[part])
        if part is Part.MAKER:
            need = asked.need
            makers = filter(partial(_may_make, needed=of_part), ranked)
            hits = builder.actor_hits(enumerate(islice(makers, weights.parts.hits), start=1))
        else:
            stems = query_stems(" ".join(queries[part])) if queries[part] else set()
            of_part_builder = EvidenceBuilder(stems, context)
            took = [
                Candidate(id_, measure, endorsements=endorsements)
                for id_, endorsements in of_part.taken.items()
                if id_ in known
            ]
            hits = _actors_of_cases(took, of_part_builder, ranks, context)
            # A weak fit is not enough: this is a list of actors to call.
            could = best_first(
                candidate
                for id_, candidate in close.get(part, {}).items()
                if id_ in known and id_ not in of_part.taken and candidate.own_fit.is_worth_a_call
            )[: weights.parts.hits - len(hits)]
            hits += of_part_builder.actor_hits(enumerate(could, start=len(hits) + 1))
        if hits or of_part.mentioned:
            mentioned, cases = of_part.mentioned.values(), of_part.cases.values()
            answers.append(PartAnswer(part, need, tuple(cases), tuple(hits), tuple(mentioned)))
    return answers


def _needed_parts(
    matched: Sequence[MatchedCase], asked: Query, weights: CaseWeights
) -> dict[Part, _NeededPart]:
    """Returns the parts these cases needed, and usual ones; who offers needs no supplier."""
    needed: dict[Part, _NeededPart] = {}
    for match in matched:
        for participation in match.case.participants:
            if asked.flow is Flow.OFFERS and participation.role is Role.SUPPLIER:
                continue
            brought = brought_in(participation)
            of_part = needed.setdefault(part_of(participation, brought), _NeededPart())
            of_part.cases.setdefault(match.case.id, match.case)
            if brought:
                of_part.objects.setdefault(fold(brought), brought)
            if participation.actor_id:
                of_part.taken.setdefault(participation.actor_id, []).append(
                    endorsement(match, participation, asked, weights)
                )
            else:
                mention = Mention(match.case, participation)
                of_part.mentioned.setdefault(fold(participation.name), mention)
    for usual, where in _GOES_WITH.items():
        if usual not in needed and any(part in needed for part in where):
            needed[usual] = _NeededPart()
    return needed


def part_of(participation: Participation, brought: str) -> Part:
    """Returns the part of a participation; a supplier's depends on the thing it `brought`."""
    part = ROLES[participation.role].part
    if part is Part.INPUTS:
        forms = {form for word in words(f"{brought} {participation.name}") for form in word.forms}
        for supply, by_words in _SUPPLIES.items():
            if forms & by_words:
                return supply
    return part


def brought_in(participation: Participation) -> str:
    """Returns the thing that a supplier brought in, by its contribution: "éthanol"."""
    if participation.role is not Role.SUPPLIER:
        return ""
    brought = _SUPPLYING.sub("", participation.contribution, count=1)
    return without_purpose(brought).partition(",")[0].strip(" .")


def _queries(part: Part, needed: _NeededPart, lang: str, weights: PartWeights) -> tuple[str, ...]:
    """Returns the queries for a part, of a few words each; none if its name is enough."""
    of_part = _QUERIES.get(lang, _QUERIES["fr"])
    return of_part[part] if part in of_part else tuple(needed.objects.values())[: weights.objects]


def _close_to(
    queries: Mapping[Part, Iterable[str]], context: SearchContext, scope: Scope
) -> dict[Part, dict[str, Candidate]]:
    """Returns, by part, the actors with words close to its queries, on one scale."""
    asked = [
        (part, query)
        for part, of_part in queries.items()
        if part not in _WITHOUT_PROPOSALS
        for query in of_part
    ]
    if not asked:
        return {}
    weights = context.weights
    compared_queries = context.calibration.compared([query for _, query in asked])
    rows = np.stack([compared.embedding for compared in compared_queries])
    cosines = nearest(rows, weights.parts.passages, context, scope)
    scales: dict[Part, FitScale] = {}
    scored: dict[Part, list[ScoredPassage]] = {}
    for (part, query), compared, near in zip(asked, compared_queries, cosines, strict=True):
        words = WordValues(query_stems(query), context)
        scale = FitScale(compared.null, weights.fits)
        first = scales.setdefault(part, scale)
        shift = first.score_of(0.5) - scale.score_of(0.5)
        scored.setdefault(part, []).extend(
            passage._replace(score=passage.score + shift)
            for passage in score(compared, near, context, words=words.best(None, near))
        )
    return {
        part: {
            id_: Candidate(id_, Measure(scales[part], weights), passages)
            for id_, passages in gather(of_part)[Kind.ACTOR].items()
        }
        for part, of_part in scored.items()
    }


def _may_make(candidate: Candidate, needed: _NeededPart) -> bool:
    """Returns whether to call a candidate as a maker, unless it is ranked only for another part."""
    return candidate.fit.is_worth_a_call and (
        not candidate.endorsements
        or candidate.record_id in needed.taken
        or candidate.own_fit.is_worth_a_call
    )


def _actors_of_cases(
    took: Sequence[Candidate],
    builder: EvidenceBuilder,
    ranks: Mapping[str, int],
    context: SearchContext,
) -> list[ActorHit]:
    """Returns the actors that took the part in a case, with its fit, best case first."""
    weights, last = context.weights, len(ranks)
    relevance = {actor.record_id: actor.endorsements[0].matched.relevance for actor in took}
    by_id = {actor.record_id: actor for actor in took}
    in_order = sorted(by_id, key=lambda id_: (-relevance[id_], ranks.get(id_, last), id_))
    best = [by_id[id_] for id_ in in_order]
    fits = {id_: fit_of_probability(of, weights.fits) for id_, of in relevance.items()}
    return builder.actor_hits(enumerate(best[: weights.parts.hits_who_did], start=1), fits)
