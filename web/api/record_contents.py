"""The shapes of records as they are written: what is sent, and what a change would make of it."""

from typing import Any, Self

from pydantic import ConfigDict, Field

import kb.models
from ingest.case_files.case_fields import case_from
from ingest.directories.actor_row import actor_from
from kb.models import Kind
from kb.reference.fields import ACTOR_FIELDS, CASE_FIELDS
from kb.reference.roles import Role
from web.api.record_fields import with_fields, without
from web.api.schemas import Shape


class Sent(Shape):
    """A shape that refuses unknown fields, so that no typing error is lost."""

    model_config = ConfigDict(extra="forbid")


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
        return cls.read(participation, actor=participation.actor_id)


_SENT_MEANINGS = {
    "id": "Left empty, it stays what it is. A published record keeps its own.",
    "lang": "ISO 639-1 code; empty means found from the text.",
}


@with_fields(without(CASE_FIELDS, {"participants"}), is_sent=True, meanings=_SENT_MEANINGS)
class _SentCase(Sent):
    pass


class CaseContent(_SentCase):
    """A case as it is written: all of it, since what is left out becomes empty."""

    participants: list[ParticipationContent] = Field(default=[])

    @classmethod
    def of(cls, case: kb.models.Case) -> Self:
        return cls.read(case, participants=list(map(ParticipationContent.of, case.participants)))

    def record(self, present: kb.models.Record) -> kb.models.Case:
        """The case that this says, held to the same rules as one that is read from a file."""
        values = self.model_dump(mode="json")
        text, given_id = values.pop("text"), values["id"].strip()
        return case_from({**values, "id": given_id or present.id}, text)


@with_fields(ACTOR_FIELDS, is_sent=True, meanings=_SENT_MEANINGS)
class ActorContent(Sent):
    """An actor as it is written: all of it, since what is left out becomes empty."""

    def record(self, present: kb.models.Record) -> kb.models.Actor:
        """The actor that this says, held to the same rules as one that is read from a file."""
        values = self.model_dump()
        facts, given_id = values.pop("facts"), values["id"].strip()
        cells = {
            name: value if isinstance(value, str) else "|".join(value)
            for name, value in values.items()
        }
        return actor_from({**cells, "id": given_id or present.id}, facts)


class Contents(Shape):
    """A record in one of two fields, by what it is."""

    kind: Kind = Field(description="The kind of the record.")
    case: CaseContent | None = Field(description="The record, if it is a case.")
    actor: ActorContent | None = Field(description="The record, if it is an actor.")


def contents_of(record: kb.models.Record) -> dict[str, Any]:
    """The values of `Contents` for a record."""
    if isinstance(record, kb.models.Case):
        return {"kind": Kind.CASE, "case": CaseContent.of(record), "actor": None}
    return {"kind": Kind.ACTOR, "case": None, "actor": record}
