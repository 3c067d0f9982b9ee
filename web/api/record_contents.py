"""The shapes of records as they are written: what is sent, and what a change would make of it."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

import kb.models
from ingest.case_files.case_fields import case_from
from ingest.directories.actor_row import actor_from
from kb.models import Kind
from kb.reference.fields import ACTOR_FIELDS, CASE_FIELDS
from kb.reference.roles import Role
from web.api.record_fields import values_of, with_fields, without
from web.api.schemas import Shape


class Sent(BaseModel):
    """A shape that refuses unknown fields, so that no typing error is lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ParticipationContent(Sent):
    """An organisation's part in a case, to be written."""

    name: str = Field(examples=["Avel"])
    role: Role = Field(examples=["producer"])
    actor: str = Field(default="", description="The id of its entry, or empty.", examples=["avel"])
    contribution: str = Field(default="", examples=["Fabrique et conditionne le gel."])
    source_url: str = Field(
        default="", description="The address of a page about this participation, or empty."
    )

    @classmethod
    def of(cls, participation: kb.models.Participation) -> Self:
        return cls(
            name=participation.name,
            role=participation.role,
            actor=participation.actor_id,
            contribution=participation.contribution,
            source_url=participation.source_url,
        )


_CASE_FIELDS = without(CASE_FIELDS, {"participants"})
_SENT_MEANINGS = {
    "id": "Left empty, it stays what it is. A published record keeps its own.",
    "lang": "ISO 639-1 code; empty means found from the text.",
}


@with_fields(_CASE_FIELDS, is_sent=True, meanings=_SENT_MEANINGS)
class _CaseFields(Sent):
    pass


class CaseContent(_CaseFields):
    """A case as it is written: all of it, since what is left out becomes empty."""

    participants: list[ParticipationContent] = []

    @classmethod
    def of(cls, case: kb.models.Case) -> Self:
        return cls(
            **values_of(case, _CASE_FIELDS),
            participants=[ParticipationContent.of(part) for part in case.participants],
        )

    def record(self, present: kb.models.Record) -> kb.models.Case:
        """The case that this says, held to the same rules as one that is read from a file."""
        values = self.model_dump(mode="json")
        text, given_id = values.pop("text"), values["id"].strip()
        return case_from({**values, "id": given_id or present.id}, text)


@with_fields(ACTOR_FIELDS, is_sent=True, meanings=_SENT_MEANINGS)
class ActorContent(Sent):
    """An actor as it is written: all of it, since what is left out becomes empty."""

    @classmethod
    def of(cls, actor: kb.models.Actor) -> Self:
        return cls(**values_of(actor, ACTOR_FIELDS))

    def record(self, present: kb.models.Record) -> kb.models.Actor:
        """The actor that this says, held to the same rules as one that is read from a file."""
        values = self.model_dump()
        facts, themes = values.pop("facts"), "|".join(values["themes"])
        given_id = values["id"].strip()
        return actor_from({**values, "id": given_id or present.id, "themes": themes}, facts)


class Contents(Shape):
    """A record in one of two fields, by what it is."""

    kind: Kind = Field(description="The kind of the record.")
    case: CaseContent | None = Field(description="The record, if it is a case.")
    actor: ActorContent | None = Field(description="The record, if it is an actor.")


def contents_of(record: kb.models.Record) -> dict[str, Any]:
    """The values of `Contents` for a record."""
    if isinstance(record, kb.models.Case):
        return {"kind": Kind.CASE, "case": CaseContent.of(record), "actor": None}
    return {"kind": Kind.ACTOR, "case": None, "actor": ActorContent.of(record)}
