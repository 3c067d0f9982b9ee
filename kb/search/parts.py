"""Answers by part: the actors that could take each part of a need.

Makers alone seldom meet a need. The matched cases show the parts of it: one actor brought in
alcohol, another the containers, a third validated the formula. For each part, the actors that took
it in a case come first, then the actors whose own words are close to the queries for the part.
Packaging always goes with containers: it is given as usual even if no case mentions it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

import numpy as np

from kb.models import Case, Kind, Participation
from kb.reference.flows import Flow
from kb.reference.roles import ROLES, Part, Role
from kb.search.boosts.endorsements import Endorsement, endorse, endorsement
from kb.search.candidates import Candidate, Candidates, Measure, assess, best_first
from kb.search.context import SearchContext
from kb.search.evidence import EvidenceBuilder
from kb.search.fits import FitScale, fit_of_probability
from kb.search.fusion import ScoredPassage
from kb.search.query import Query, without_purpose
from kb.search.results import ActorHit, MatchedCase, Mention, PartAnswer
from kb.search.scorer import Scope, WordValues, gather, nearest, score
from kb.search.trades.null_distribution import NullDistribution
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
    """A part that cases needed, with the things brought in and the actors that took it.

    `taken` has the actors with an entry in the base, `mentioned` those without.
    """

    cases: dict[str, Case] = field(default_factory=dict)
    taken: dict[str, list[Endorsement]] = field(default_factory=dict)
    mentioned: dict[str, Mention] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)


def answers_by_part(
    asked: Query,
    matched: Sequence[MatchedCase],
    ranked: Sequence[str],
    candidates: Candidates,
    null: NullDistribution,
    builder: EvidenceBuilder,
    context: SearchContext,
    scope: Scope,
    may_answer: MayAnswer,
    lang: str,
) -> list[PartAnswer]:
    """Returns, for each part that the matched cases needed, the actors that could take it.

    Makers come first.

    Args:
        asked: the query.
        matched: the matched cases, best first.
        ranked: the actors that the search found and the filters keep, by id, best first.
        candidates: of the search.
        null: of the query.
        builder: of the evidence of `ranked`.
        context: of the search.
        scope: of the search.
        may_answer: tells whether an actor may be given, by its id and its endorsements.
        lang: of the reader, or empty.
    """
    weights = context.weights
    relevant = [match for match in matched if match.relevance >= weights.parts.relevance]
    needed = _needed_parts(relevant, asked, weights.cases)
    if not needed:
        return []
    reader_lang = lang or relevant[0].case.lang
    queries = {part: _queries(part, of, reader_lang, weights.parts) for part, of in needed.items()}
    close = _close_to(
        {
            part: dict.fromkeys(
                query
                for in_lang in (reader_lang, *_QUERIES)
                for query in _queries(part, of, in_lang, weights.parts)
            )
            for part, of in needed.items()
        },
        context,
        scope,
    )
    taken = endorse(relevant, asked, weights.cases)
    known = {
        id_
        for id_, actor in context.filed({*taken, *chain(*close.values())}).items()
        if not actor.closed_on and may_answer(id_, taken.get(id_, ()))
    }
    ranks = {id_: rank for rank, id_ in enumerate(ranked)}
    measure = Measure(FitScale(null, weights.fits), weights)
    answers = []
    for part in Part:
        if part not in needed:
            continue
        of_part = needed[part]
        need = ", ".join(queries[part])
        if part is Part.MAKER:
            need = asked.need
            hits = _makers((candidates[id_] for id_ in ranked), of_part, builder, weights.parts)
        else:
            stems = query_stems(" ".join(queries[part])) if queries[part] else set()
            of_part_builder = EvidenceBuilder(stems, context)
            took = [
                assess(id_, (), measure, endorsements=endorsements)
                for id_, endorsements in of_part.taken.items()
                if id_ in known
            ]
            hits = _actors_of_cases(took, of_part_builder, ranks, context)
            could = [
                candidate
                for id_, candidate in close.get(part, {}).items()
                if id_ in known and id_ not in of_part.taken
            ]
            hits += _proposed_actors(could, of_part_builder, len(hits), weights.parts)
        if hits or of_part.mentioned:
            mentioned = tuple(of_part.mentioned.values())
            cases = tuple(of_part.cases.values())
            answers.append(PartAnswer(part, need, cases, tuple(hits), mentioned))
    return answers


def _needed_parts(
    matched: Sequence[MatchedCase], asked: Query, weights: CaseWeights
) -> dict[Part, _NeededPart]:
    """Returns the parts that these cases needed, and the usual parts that go with them.

    Who offers a thing needs nobody to bring one: suppliers take no part then.
    """
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
    if part in of_part:
        return of_part[part]
    return tuple(needed.objects.values())[: weights.objects]


def _close_to(
    queries: Mapping[Part, Iterable[str]], context: SearchContext, scope: Scope
) -> dict[Part, dict[str, Candidate]]:
    """Returns, for each part, the actors whose words are close to a query for it, by id.

    Scores for the queries of a part are shifted to the scale of its first query.
    """
    asked = [
        (part, query)
        for part, of_part in queries.items()
        if part not in _WITHOUT_PROPOSALS
        for query in of_part
    ]
    if not asked:
        return {}
    weights = context.weights
    compared_queries = context.calibration.phrases.compared([query for _, query in asked])
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
            id_: assess(id_, passages, Measure(scales[part], weights))
            for id_, passages in gather(of_part)[Kind.ACTOR].items()
        }
        for part, of_part in scored.items()
    }


def _makers(
    ranked: Iterable[Candidate],
    needed: _NeededPart,
    builder: EvidenceBuilder,
    weights: PartWeights,
) -> list[ActorHit]:
    """Returns the first actors of the ranking, without actors ranked only for another part.

    A weak fit is not enough: this is a list of actors to call.
    """
    makers = (
        candidate
        for candidate in ranked
        if candidate.fit.is_worth_a_call
        and (
            not candidate.endorsements
            or candidate.record_id in needed.taken
            or candidate.own_fit.is_worth_a_call
        )
    )
    return list(builder.actor_hits(enumerate(islice(makers, weights.hits), start=1)))


def _actors_of_cases(
    took: Sequence[Candidate],
    builder: EvidenceBuilder,
    ranks: Mapping[str, int],
    context: SearchContext,
) -> list[ActorHit]:
    """Returns the actors that took the part in a case; their fit is that of the case.

    The best case is first; the actors of a case are in the order of the ranking.
    """
    last = len(ranks)
    best = sorted(
        took,
        key=lambda actor: (
            -actor.endorsements[0].matched.relevance,
            ranks.get(actor.record_id, last),
            actor.record_id,
        ),
    )
    weights = context.weights
    return [
        builder.actor_hit(
            rank,
            candidate,
            fit=fit_of_probability(candidate.endorsements[0].matched.relevance, weights.fits),
        )
        for rank, candidate in enumerate(best[: weights.parts.hits_who_did], start=1)
    ]


def _proposed_actors(
    could: Sequence[Candidate], builder: EvidenceBuilder, before: int, weights: PartWeights
) -> list[ActorHit]:
    """Returns the actors whose own words are close to the queries, ranked after the first `before`.

    A weak fit is not enough here either.
    """
    fitting = [actor for actor in best_first(could) if actor.own_fit.is_worth_a_call]
    return list(builder.actor_hits(enumerate(fitting[: weights.hits - before], start=before + 1)))
