"""Worlds without an actor's own cases: what would have been found before it did what is asked.

An actor's own case says that it did exactly what is asked, so finding it proves nothing. Nor may
the case raise its rivals alone. So each right answer is ranked in a world of its own, in which none
of its cases is known.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kb.models import Case
from kb.search.results import Fit


@dataclass(frozen=True, slots=True)
class Answer:
    """An actor in a ranking, with its score and the fit that a person is shown."""

    actor_id: str
    score: float
    fit: Fit


def cases_by_actor(cases: Iterable[Case]) -> dict[str, frozenset[str]]:
    """The ids of the cases in which each actor took part, by actor id."""
    found: dict[str, set[str]] = {}
    for case in cases:
        for participation in case.participants:
            if participation.actor_id:
                found.setdefault(participation.actor_id, set()).add(case.id)
    return {actor_id: frozenset(ids) for actor_id, ids in found.items()}


def leave_one_out(
    full: Sequence[Answer],
    worlds: Mapping[str, Sequence[Answer]],
    relevant: Collection[str],
) -> list[Answer]:
    """Returns one ranking of everybody, in which each relevant actor has the place of its world.

    The others are in the order of the full world. A relevant actor stands after as many of them as
    are above it in its own world; who is not found there is not found. Of relevant actors with as
    many above, the one with the higher score is first. Scores never rise: where they come from
    different worlds, a score is lowered to the one before.

    Args:
        full: the ranking with all cases, best first.
        worlds: the ranking without the actor's own cases, by actor id, best first; an actor that is
            missing has no case, so its world is the full one.
        relevant: the ids of the right answers.
    """
    placed: list[tuple[int, float, str, Answer]] = []
    for actor_id in relevant:
        above = 0
        for answer in worlds.get(actor_id, full):
            if answer.actor_id == actor_id:
                placed.append((above, -answer.score, actor_id, answer))
                break
            above += answer.actor_id not in relevant
    others = [answer for answer in full if answer.actor_id not in relevant]
    merged: list[Answer] = []
    passed = 0
    for above, _, _, answer in sorted(placed, key=lambda place: place[:3]):
        merged += [*others[passed:above], answer]
        passed = max(passed, above)
    merged += others[passed:]
    best = float("inf")
    for index, answer in enumerate(merged):
        best = min(best, answer.score)
        merged[index] = replace(answer, score=best)
    return merged
