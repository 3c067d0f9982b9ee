"""Cases that vouch: what was done for a need like this one, and by whom.

A case whose need resembles the query (its need, not whatever else its article touches on) is
evidence for the actors who met it, even where nothing in their own words would say so: a polish
maker's directory entry never speaks of sanitiser. How much it counts is its *relevance*: a gate,
between 0 for a need that is another one and 1 for the same, so that an unrelated case adds nothing.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kb.models import Case, Participation
from kb.reference.roles import ROLES, Role
from kb.search.background import Chance
from kb.search.fusion import LEXICAL_WEIGHT

WEIGHTS: Mapping[Role, float] = {role: traits.endorsement_share for role, traits in ROLES.items()}
"""What share of a case's score its actors get, by their role."""

GATE_MIDDLE, GATE_WIDTH = 1.1, 0.05
"""Where a need is as likely the same as another one, and how fast that changes: as a share of how
close the closest of all trades are to the query (`Chance.closest`)."""

LEAST_RELEVANCE = 0.1
"""A case of less relevance says nothing."""


@dataclass(frozen=True, slots=True)
class HeardCase:
    """A case that is heard for a query.

    `score` is how close its need is (`closeness`); `relevance` is from 0 to 1.
    """

    case: Case
    score: float
    relevance: float


@dataclass(frozen=True, slots=True)
class Voucher:
    """A case's word for an actor. `score` is on the scale of `kb.search.fusion.fuse`."""

    heard: HeardCase
    participation: Participation

    @property
    def weight(self) -> float:
        """How far the case speaks for the actor, 0 to 1: its relevance, and the part it took."""
        return self.heard.relevance * WEIGHTS[self.participation.role]

    @property
    def score(self) -> float:
        return self.heard.score * self.weight

    @property
    def case(self) -> Case:
        return self.heard.case


def closeness(dense: float, lexical: float, said: float) -> float:
    """How close a need is to the need asked for.

    That is its standardised cosine, and its BM25 as far as it says what is asked for: `said` is the
    share of the words (`kb.text.analysis.share_said`). Of a rare word the encoder may know nothing;
    but one word of many, like the bottles that something is to be closed with, makes no need the
    same.
    """
    return dense + LEXICAL_WEIGHT * lexical * said


def relevance(score: float, chance: Chance) -> float:
    """How far a need with this score is the need asked for, 0 to 1: a logistic gate."""
    share = score / max(chance.closest, 1e-6)
    return 1 / (1 + math.exp(-(share - GATE_MIDDLE) / GATE_WIDTH))


def heard(
    scores: Mapping[str, float], cases: Mapping[str, Case], chance: Chance, lang: str
) -> list[HeardCase]:
    """The cases whose need is near enough, best first, of each story one edition.

    `scores` are how close their needs are, by case id. A story has the score of its best edition,
    and is told in the one in `lang` where there is one.
    """
    best_first = sorted(scores, key=lambda id_: (-scores[id_], id_))
    best: dict[str, float] = {}
    for id_ in best_first:
        best.setdefault(cases[id_].story, scores[id_])
    found = [
        HeardCase(case, best[case.story], relevance(best[case.story], chance))
        for case in one_edition_each((cases[id_] for id_ in best_first), lang)
    ]
    return [one for one in found if one.relevance >= LEAST_RELEVANCE]


def one_edition_each(cases: Iterable[Case], lang: str) -> list[Case]:
    """Each story once, in the order given: the case in `lang` if there is one, else the first."""
    chosen: dict[str, Case] = {}
    for case in cases:
        if case.story not in chosen or (case.lang == lang != chosen[case.story].lang):
            chosen[case.story] = case
    return list(chosen.values())


def vouchers(heard_cases: Sequence[HeardCase]) -> dict[str, list[Voucher]]:
    """What cases say for the actors who took part, by actor id, best first."""
    found: dict[str, list[Voucher]] = {}
    for one in heard_cases:
        for part in one.case.participants:
            if part.actor_id:
                found.setdefault(part.actor_id, []).append(Voucher(one, part))
    for given in found.values():
        given.sort(key=lambda voucher: (-voucher.score, voucher.case.id))
    return found
