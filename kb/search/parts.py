"""Answers by part: who here could take which part, so that a person leaves with a set to call.

Makers alone seldom meet a need. Which parts it takes follows from the matched cases: who brought in
alcohol, who the containers, who validated the formula. For each part, those who took it are given
first, then those whose own words are close to what it asks. What no case tells, but containers
always ask for, cartons and labels, is given as usual, and said to be.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np

from kb.models import Case, Kind, Participation
from kb.reference.roles import ROLES, Part, Role
from kb.search.background import NullDistribution
from kb.search.boosts.endorsements import Endorsement, endorse, endorsement
from kb.search.candidates import Candidate, assess, best_first
from kb.search.context import SearchContext
from kb.search.evidence import EvidenceBuilder
from kb.search.fits import fit_of_case, required_score
from kb.search.fusion import ScoredPassage
from kb.search.results import ActorHit, MatchedCase, Mention, PartAnswer
from kb.search.scorer import Scope, gather, nearest, score
from kb.search.weights import CaseWeights, PartWeights
from kb.text.analysis import query_stems, words
from kb.text.folding import fold
from kb.text.lexicon import LEXICONS

MayAnswer = Callable[[str, Sequence[Endorsement]], bool]

_SUPPLIES: Mapping[Part, frozenset[str]] = {
    Part.CONTAINERS: LEXICONS.words("supplies", "containers"),
    Part.PACKAGING: LEXICONS.words("supplies", "packaging"),
}
"""Words of suppliers who bring in what goes round the product, folded."""

_ASKS: Mapping[Part, Mapping[str, tuple[str, ...]]] = {
    Part.CONTAINERS: {
        "fr": ("flacons et bouteilles", "bidons et récipients en plastique", "bouchons"),
        "en": ("bottles", "plastic jerrycans and containers", "caps and closures"),
    },
    Part.PACKAGING: {
        "fr": ("emballages en carton", "étuis et coffrets", "étiquettes"),
        "en": ("cardboard packaging", "boxes and cases", "labels"),
    },
    Part.REPACKAGING: {
        "fr": ("conditionnement à façon", "embouteillage"),
        "en": ("contract packing", "bottling"),
    },
    Part.TRANSPORT: {
        "fr": ("transport routier de marchandises", "livraison"),
        "en": ("road haulage", "delivery of goods"),
    },
    Part.VALIDATION: {
        "fr": ("laboratoire d'analyses", "contrôle de la qualité"),
        "en": ("testing laboratory", "quality control"),
    },
}
"""What is asked of a part whatever the need, where that says more than the cases do."""

_ONLY_THOSE_WHO_DID = frozenset({Part.COORDINATION, Part.BUYER})
"""Parts that nobody is proposed for who has not taken them: no trade tells who would."""

_GOES_WITH = {Part.PACKAGING: (Part.CONTAINERS, Part.REPACKAGING)}
"""What is usual where one of these parts is needed, though no case may tell of it."""

_PURPOSE = re.compile(r",|\s(?:pour|afin|destinée?s?|for|to)\s", re.IGNORECASE)
_BROUGHT = re.compile(
    r"^(?:(?:a|ont|avait|avaient|l'a|l'ont|has|have|had)\s+)?"
    r"(?:(?:aussi|également|en\s+premier|d'abord|first|also)\s+)?"
    r"(?:(?:fourni|livr|donn|apport|offr|offer|cèd|céd|vend)\w*|mis\s+à\s+disposition"
    r"|suppl(?:y|ies|ied)|provide[sd]?|g[ai]ve[sn]?(?:\s+up)?|deliver(?:s|ed)?"
    r"|br(?:ings?|ought)(?:\s+in)?|was\s+the\s+first\s+to\s+supply)\s+"
    r"(?:(?:en\s+premier|first)\s+)?"
    r"(?:de\s+l'|du\s+|des\s+|de\s+la\s+|d'|de\s+|les\s+|le\s+|la\s+|l'|leurs?\s+|ses\s+|son\s+"
    r"|sa\s+|the\s+|some\s+|its\s+|their\s+)?",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _NeededPart:
    """A part that cases needed: what was asked, who took it, with an entry here and without."""

    cases: dict[str, Case] = field(default_factory=dict)
    taken: dict[str, list[Endorsement]] = field(default_factory=dict)
    mentioned: dict[str, Mention] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)


def answers_by_part(
    need: str,
    matched: Sequence[MatchedCase],
    ranked: Sequence[Candidate],
    null: NullDistribution,
    builder: EvidenceBuilder,
    context: SearchContext,
    scope: Scope,
    may_answer: MayAnswer,
    lang: str,
) -> list[PartAnswer]:
    """For each part that the matched cases needed, who here could take it, makers first.

    Args:
        need: that of the query.
        matched: the matched cases, best first.
        ranked: the actors that the search found and leaves, best first.
        null: of the query.
        builder: of the evidence of `ranked`.
        context: of the search.
        scope: of the search.
        may_answer: whether the search leaves an actor, by its id and its endorsements.
        lang: of the reader, or empty.
    """
    weights = context.weights
    relevant = [match for match in matched if match.relevance >= weights.parts.relevance]
    needed = _needed_parts(relevant, weights.cases)
    if not needed:
        return []
    spoken = lang or relevant[0].case.lang
    asks = {part: _asks(part, of, spoken, weights.parts) for part, of in needed.items()}
    close = _close_to(asks, context, scope)
    taken = endorse(relevant, weights.cases)
    known = {
        id_: actor
        for id_, actor in context.store.actors({*taken, *chain(*close.values())}).items()
        if not actor.closed_on and may_answer(id_, taken.get(id_, ()))
    }
    ranks = {candidate.record_id: rank for rank, candidate in enumerate(ranked)}
    answers = []
    for part in Part:
        if part not in needed:
            continue
        of_part = needed[part]
        asked = ", ".join(asks[part])
        if part is Part.MAKER:
            asked = need
            hits = _makers(ranked, of_part, builder, weights.parts)
        else:
            stems = query_stems(" ".join(asks[part])) if asks[part] else set()
            of_known = EvidenceBuilder(stems, known)
            took = [
                assess(id_, (), null, weights, endorsements=endorsements)
                for id_, endorsements in of_part.taken.items()
                if id_ in known
            ]
            hits = _who_did(took, of_known, ranks, context)
            could = [
                candidate
                for id_, candidate in close.get(part, {}).items()
                if id_ in known and id_ not in of_part.taken
            ]
            hits += _who_could(could, of_known, len(hits), weights.parts)
        if hits or of_part.mentioned:
            mentioned = tuple(of_part.mentioned.values())
            cases = tuple(of_part.cases.values())
            answers.append(PartAnswer(part, asked, cases, tuple(hits), mentioned))
    return answers


def _needed_parts(matched: Sequence[MatchedCase], weights: CaseWeights) -> dict[Part, _NeededPart]:
    """The parts that these cases needed, and the usual ones that go with them."""
    needed: dict[Part, _NeededPart] = {}
    for match in matched:
        for participation in match.case.participants:
            brought = brought_in(participation)
            of_part = needed.setdefault(part_of(participation, brought), _NeededPart())
            of_part.cases.setdefault(match.case.id, match.case)
            if brought:
                of_part.objects.setdefault(fold(brought), brought)
            if participation.actor_id:
                of_part.taken.setdefault(participation.actor_id, []).append(
                    endorsement(match, participation, weights)
                )
            else:
                mention = Mention(match.case, participation)
                of_part.mentioned.setdefault(fold(participation.name), mention)
    for usual, where in _GOES_WITH.items():
        if usual not in needed and any(part in needed for part in where):
            needed[usual] = _NeededPart()
    return needed


def part_of(participation: Participation, brought: str) -> Part:
    """Which part a participation takes; of suppliers, by what they `brought`."""
    part = ROLES[participation.role].part
    if part is Part.INPUTS:
        forms = {form for word in words(f"{brought} {participation.name}") for form in word.forms}
        for supply, by_words in _SUPPLIES.items():
            if forms & by_words:
                return supply
    return part


def brought_in(participation: Participation) -> str:
    """What a supplier brought in, in the words of its contribution: "éthanol"."""
    if participation.role is not Role.SUPPLIER:
        return ""
    brought = _BROUGHT.sub("", participation.contribution, count=1)
    return _PURPOSE.split(brought, maxsplit=1)[0].strip(" .")


def _asks(part: Part, needed: _NeededPart, lang: str, weights: PartWeights) -> tuple[str, ...]:
    """What is asked of a part, in a few words each; nothing where its name says it all."""
    if part in _ASKS:
        return _ASKS[part].get(lang) or _ASKS[part]["fr"]
    return tuple(needed.objects.values())[: weights.objects]


def _close_to(
    asks: Mapping[Part, Sequence[str]], context: SearchContext, scope: Scope
) -> dict[Part, dict[str, Candidate]]:
    """Whose words are close to what is asked of each part that anyone may be proposed for.

    They are scored as if all that a part asks was the first thing that it asks.
    """
    asked = [
        (part, ask)
        for part, of_part in asks.items()
        if part not in _ONLY_THOSE_WHO_DID
        for ask in of_part
    ]
    if not asked:
        return {}
    weights = context.weights
    queries = context.calibration.phrases.expanded([ask for _, ask in asked])
    rows = np.stack([expanded.mean_row for expanded in queries])
    cosines = nearest(rows, weights.parts.passages, context, scope)
    nulls: dict[Part, NullDistribution] = {}
    scored: dict[Part, list[ScoredPassage]] = {}
    for (part, _), expanded, near in zip(asked, queries, cosines, strict=True):
        first = nulls.setdefault(part, expanded.null)
        shift = required_score(first, weights.fits) - required_score(expanded.null, weights.fits)
        scored.setdefault(part, []).extend(
            replace(passage, score=passage.score + shift)
            for passage in score(expanded, near, context)
        )
    return {
        part: {
            id_: assess(id_, passages, nulls[part], weights)
            for id_, passages in gather(of_part)[Kind.ACTOR].items()
        }
        for part, of_part in scored.items()
    }


def _makers(
    ranked: Sequence[Candidate],
    needed: _NeededPart,
    builder: EvidenceBuilder,
    weights: PartWeights,
) -> list[ActorHit]:
    """The first of the ranking, but for those who are there only for another part they took.

    A weak fit is not enough: a list of whom to call is no place for guesses.
    """
    makers = [
        candidate
        for candidate in ranked
        if candidate.fit.is_worth_a_call
        and (
            not candidate.endorsements
            or candidate.record_id in needed.taken
            or candidate.own_fit.is_worth_a_call
        )
    ]
    return [
        builder.actor_hit(rank, candidate)
        for rank, candidate in enumerate(makers[: weights.hits], start=1)
    ]


def _who_did(
    took: Sequence[Candidate],
    builder: EvidenceBuilder,
    ranks: Mapping[str, int],
    context: SearchContext,
) -> list[ActorHit]:
    """Those who took the part in a case: as fit for it as the case is like.

    Best case first; of a case, as they stand in the ranking.
    """
    last = len(ranks)
    best = sorted(
        took, key=lambda actor: (-actor.score, ranks.get(actor.record_id, last), actor.record_id)
    )
    weights = context.weights
    return [
        builder.actor_hit(
            rank,
            candidate,
            fit=fit_of_case(candidate.endorsements[0].matched.relevance, weights.fits),
        )
        for rank, candidate in enumerate(best[: weights.parts.hits_who_did], start=1)
    ]


def _who_could(
    could: Sequence[Candidate], builder: EvidenceBuilder, before: int, weights: PartWeights
) -> list[ActorHit]:
    """Those whose own words are close to what is asked, after the `before` who did it.

    A weak fit is not enough here either.
    """
    fitting = [actor for actor in best_first(could) if actor.own_fit.is_worth_a_call]
    return [
        builder.actor_hit(rank, candidate)
        for rank, candidate in enumerate(fitting[: weights.hits - before], start=before + 1)
    ]
