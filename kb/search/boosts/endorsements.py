"""Endorsements: a matched case is evidence for its actors, unless they gave up what is offered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kb.models import Case, Participation
from kb.reference.roles import ROLES, Flow, Part, Role
from kb.search.query import Query, without_purpose
from kb.search.results import Fit, MatchedCase
from kb.search.weights import CaseWeights
from kb.text.analysis import TEXTS_REMEMBERED, word_coverage
from kb.text.flow import case_flow, gave_up

_MOST = {Fit.STRONG: 0.98, Fit.POSSIBLE: 0.8, Fit.WEAK: 0.45, Fit.NONE: 0.1}
"""The greatest probability of who is at best a fit by its role."""


@dataclass(frozen=True, slots=True)
class Endorsement:
    """The endorsement of an actor by a matched case; `gives`: it gave up what the query offers."""

    matched: MatchedCase
    participation: Participation
    role_share: float
    best_fit: Fit
    gives: bool = False

    @property
    def share(self) -> float:
        """How far the case speaks for the actor, 0 to 1: relevance, share of the role, credit."""
        return self.matched.relevance * self.role_share * self.matched.credit(self.participation)

    @property
    def probability(self) -> float:
        """The probability that the actor is an answer: its share, as far as its role allows."""
        return min(self.share, _MOST[self.best_fit])

    @property
    def case(self) -> Case:
        return self.matched.case


def endorsement(
    matched: MatchedCase, participation: Participation, asked: Query, weights: CaseWeights
) -> Endorsement:
    traits = ROLES[participation.role]
    case = matched.case
    shows_giving = case_flow(case) is Flow.OFFERS or any(map(gave_up, case.participants))
    if asked.flow is Flow.OFFERS and shows_giving:
        share = traits.outlet_share
        if not _speaks_of(participation, case, asked):
            return Endorsement(matched, participation, weights.aside * share, Fit.WEAK)
        gives = participation.role is Role.SUPPLIER
        return Endorsement(matched, participation, share, Fit(traits.outlet_fit), gives)
    share, fit = traits.endorsement_share, Fit(traits.best_fit)
    if asked.flow is Flow.OFFERS:
        # It made such a thing for who needed it: that says little of whether it takes one.
        fit = Fit.POSSIBLE if fit is Fit.STRONG else fit
    elif asked.flow is Flow.SHARES and traits.part is Part.COORDINATION:
        share, fit = weights.sharing, Fit.POSSIBLE
    elif traits.is_asked and (
        _words_covered(asked.thing, without_purpose(participation.contribution))
        >= weights.asked_words
    ):
        share, fit = 1.0 if gave_up(participation) else share, Fit.STRONG
    return Endorsement(matched, participation, share, fit)


def endorse(
    matched_cases: Iterable[MatchedCase], asked: Query, weights: CaseWeights
) -> dict[str, list[Endorsement]]:
    """The endorsements of the actors who took part in matched cases, by actor id, best first."""
    found: dict[str, list[Endorsement]] = {}
    for matched in matched_cases:
        for participation in matched.case.participants:
            if participation.actor_id:
                found.setdefault(participation.actor_id, []).append(
                    endorsement(matched, participation, asked, weights)
                )
    for endorsements in found.values():
        endorsements.sort(key=lambda endorsed: (-endorsed.probability, endorsed.case.id))
    return found


def leading(endorsements: Mapping[str, Sequence[Endorsement]]) -> dict[str, list[Endorsement]]:
    """The endorsements that others may follow: by cases in which the actor did not give."""
    found = {}
    for id_, of_actor in endorsements.items():
        given_up = {endorsed.case.id for endorsed in of_actor if endorsed.gives}
        followed = [endorsed for endorsed in of_actor if endorsed.case.id not in given_up]
        if followed:
            found[id_] = followed
    return found


def _speaks_of(participation: Participation, case: Case, asked: Query) -> bool:
    """Whether a part in a case is about what is asked, where the case tells of several things."""
    covered = {other: _words_covered(asked.need, other.contribution) for other in case.participants}
    return covered[participation] >= max(covered.values()) / 2


_words_covered = lru_cache(maxsize=TEXTS_REMEMBERED)(word_coverage)
"""A search asks for the same contributions again and again."""
