"""Shown competences: an actor's part in the cases that tell of it.

Kept apart from stated ones, which are the actor's own description and themes.
"""

from dataclasses import dataclass

from kb.knowledge_base import KnowledgeBase
from kb.models import Case, Participation


@dataclass(frozen=True, slots=True)
class ShownCompetence:
    """An actor's part in one case; `position` is its place among the case's, from 0."""

    case: Case
    participation: Participation
    position: int


def shown_competences(
    knowledge_base: KnowledgeBase, actor_id: str, lang: str
) -> list[ShownCompetence]:
    """Every part that the actor took in a case, the latest case first, told in `lang` if it is."""
    return [
        ShownCompetence(case, participation, position)
        for case in knowledge_base.cases_of(actor_id, lang)
        for position, participation in enumerate(case.participants)
        if participation.actor_id == actor_id
    ]
