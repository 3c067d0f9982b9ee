"""Endorsements: a matched case is evidence for the actors who took part in it.

So it is even where nothing in their own words would say so: a polish maker's directory entry never
speaks of sanitiser.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from kb.models import Case, Participation
from kb.search.results import MatchedCase
from kb.search.weights import CaseWeights


@dataclass(frozen=True, slots=True)
class Endorsement:
    """The endorsement of an actor by a matched case.

    `share` is how far it speaks for the actor, 0 to 1: its relevance times the share of the role.
    """

    matched: MatchedCase
    participation: Participation
    share: float

    @property
    def score(self) -> float:
        """On the scale of `kb.search.fusion.fuse`."""
        return self.matched.closeness * self.share

    @property
    def case(self) -> Case:
        return self.matched.case


def endorsement(
    matched: MatchedCase, participation: Participation, weights: CaseWeights
) -> Endorsement:
    share = matched.relevance * weights.role_shares[participation.role]
    return Endorsement(matched, participation, share)


def endorse(
    matched_cases: Iterable[MatchedCase], weights: CaseWeights
) -> dict[str, list[Endorsement]]:
    """The endorsements of the actors who took part in matched cases, by actor id, best first."""
    found: dict[str, list[Endorsement]] = {}
    for matched in matched_cases:
        for participation in matched.case.participants:
            if participation.actor_id:
                found.setdefault(participation.actor_id, []).append(
                    endorsement(matched, participation, weights)
                )
    for endorsements in found.values():
        endorsements.sort(key=lambda endorsed: (-endorsed.score, endorsed.case.id))
    return found
