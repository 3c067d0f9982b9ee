"""The provenance of an actor's competences: claims of sources, and parts in cases."""

from collections.abc import Sequence
from dataclasses import dataclass

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Participation
from kb.reference.fields import CONTACT_FIELDS
from kb.reference.visibility import Visibility
from kb.registers.sources import SourcedClaim
from kb.resolution.merge_rules import MODERATION

_FACT = "fact:"


@dataclass(frozen=True, slots=True)
class Source:
    """The claims of one source about an actor. `is_moderation`: they are a moderator's."""

    name: str
    claims: Sequence[SourcedClaim]
    is_moderation: bool

    @property
    def latest(self) -> str:
        """The time of the source's latest claim."""
        return max(claim.claimed_at for claim in self.claims)


def claims_by_source(
    knowledge_base: KnowledgeBase, actor: Actor, *, for_members: bool = False
) -> list[Source]:
    """Returns the named sources of an actor, in the order of their first claim.

    What they say of its contacts is what the public, or a member, may see.
    """
    by_source: dict[str, list[SourcedClaim]] = {}
    for claim in knowledge_base.claims.of(actor.id):
        if claim.field in CONTACT_FIELDS and not for_members:
            choice = knowledge_base.contact_choices.of(claim.source)
            is_hidden = any(value in claim.value for value in actor.members_only)
            if is_hidden or choice.of(claim.field) is not Visibility.PUBLIC:
                continue
        if claim.source and claim.field != "id":
            by_source.setdefault(claim.source, []).append(claim)
    return [Source(name, claims, name == MODERATION) for name, claims in by_source.items()]


def fact_name(field: str) -> str:
    """Returns the source's name for a fact, or an empty string for a field of actors."""
    return field.removeprefix(_FACT) if field.startswith(_FACT) else ""


@dataclass(frozen=True, slots=True)
class ShownCompetence:
    """An actor's part in one case; `position` is its place among the case's, from 0.

    Kept apart from stated competences, which are the actor's own description and themes.
    """

    case: Case
    participation: Participation
    position: int


def shown_competences(
    knowledge_base: KnowledgeBase, actor_id: str, lang: str
) -> list[ShownCompetence]:
    """Returns the actor's parts in cases, latest case first, in `lang` where it has an edition."""
    return [
        ShownCompetence(case, participation, position)
        for case in knowledge_base.cases_of(actor_id, lang)
        for position, participation in enumerate(case.participants)
        if participation.actor_id == actor_id
    ]
