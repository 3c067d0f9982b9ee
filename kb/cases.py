"""Cases that vouch: what an actor did for a need like this one.

A case whose need resembles the query (its need, not whatever else its article touches on) is
evidence for the actors who met it, even where nothing in their own words would say so: a polish
maker's directory entry never speaks of sanitiser.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kb.models import Case, Participation, Role

WEIGHTS: Mapping[Role, float] = {
    Role.PRODUCER: 1.0,
    Role.SUPPLIER: 0.85,
    Role.REPACKAGER: 0.85,
    Role.LABORATORY: 0.8,
    Role.CARRIER: 0.8,
    Role.AUTHORITY: 0.5,
    Role.FACILITATOR: 0.5,
    Role.NETWORK: 0.5,
    Role.BUYER: 0.4,
}
"""What share of a case's score its actors get, by their role: makers first, then those who
brought something in, last those who asked. A buyer of sanitiser is no answer to who makes it."""


@dataclass(frozen=True, slots=True)
class Voucher:
    """A case's word for an actor. `score` is on the scale of `kb.fusion.fuse`."""

    score: float
    case: Case
    participation: Participation


def one_edition_each(cases: Iterable[Case], lang: str) -> list[Case]:
    """Each story once, in the order given: the case in `lang` if there is one, else the first."""
    chosen: dict[str, Case] = {}
    for case in cases:
        if case.story not in chosen or (case.lang == lang != chosen[case.story].lang):
            chosen[case.story] = case
    return list(chosen.values())


def vouchers(cases: Iterable[tuple[Case, float]]) -> dict[str, list[Voucher]]:
    """What scored cases say for the actors who took part, by actor id, best first.

    A case that does not itself fit the query vouches for nobody: leave it out.
    """
    found: dict[str, list[Voucher]] = {}
    for case, score in cases:
        for part in case.participants:
            if part.actor_id:
                voucher = Voucher(score * WEIGHTS[part.role], case, part)
                found.setdefault(part.actor_id, []).append(voucher)
    for given in found.values():
        given.sort(key=lambda voucher: (-voucher.score, voucher.case.id))
    return found
