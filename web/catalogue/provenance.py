"""Provenance: which source says what of an actor, and since when, as a page tells it."""

from collections.abc import Sequence
from dataclasses import dataclass

from kb.knowledge_base import KnowledgeBase
from kb.registers.claims import Statement
from kb.resolution.merge_rules import MODERATION

_FACT = "fact:"


@dataclass(frozen=True, slots=True)
class Source:
    """What one source says of an actor. `is_moderation`: it is a moderator's correction."""

    name: str
    statements: Sequence[Statement]
    is_moderation: bool

    @property
    def latest(self) -> str:
        """When it last said something new."""
        return max(one.said_at for one in self.statements)


def said_by_sources(knowledge_base: KnowledgeBase, actor_id: str) -> list[Source]:
    """The sources of an actor in the order in which they came; those without a name left out."""
    by_source: dict[str, list[Statement]] = {}
    for one in knowledge_base.statements.of(actor_id):
        if one.source and one.field != "id":
            by_source.setdefault(one.source, []).append(one)
    return [Source(name, said, name == MODERATION) for name, said in by_source.items()]


def fact_name(field: str) -> str:
    """The source's own name of a fact, or an empty string for a field of actors."""
    return field.removeprefix(_FACT) if field.startswith(_FACT) else ""
