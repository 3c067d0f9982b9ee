"""Shown competences: an actor's part in the cases that tell of it.

Kept apart from stated ones, which are the actor's own description and themes.
"""

from dataclasses import dataclass

from kb.knowledge_base import KnowledgeBase
from kb.models import Case, Participation


@dataclass(frozen=True, slots=True)
class ShownCompetence:
    """An actor's part in one case."""

    case: Case
    participation: Participation


def shown_competences(
    knowledge_base: KnowledgeBase, actor_id: str, lang: str
) -> list[ShownCompetence]:
    """Every part that the actor took in a case, the latest case first, told in `lang` if it is."""
    return [
        ShownCompetence(case, participation)
        for case in knowledge_base.cases_of(actor_id, lang)
        for participation in case.participants
        if participation.actor_id == actor_id
    ]
