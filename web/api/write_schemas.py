"""The shapes of the writing half of the JSON API: what is sent, and what comes back."""

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field

from ingest.directories.actor_row import actor_from
from ingest.private_details.details import DetailKind, details_of
from ingest.records.case_file import case_from
from kb.errors import InputError
from kb.models import Actor, Case, Kind, Participation, Record
from kb.reference.fields import ACTOR_FIELDS, CASE_FIELDS
from kb.reference.roles import Role
from kb.registers.drafts import Draft, DraftState
from web.api.schemas import Shape, about, with_fields, without
from web.http.urls import AbsoluteUrl, address

AccountName = Annotated[str, about("The account that did it; empty if it came from a terminal.")]
Moment = Annotated[str, about("ISO 8601 time.", "2020-07-01T10:30:00+00:00")]
Confidence = Annotated[float, about("From 0 to 1.", 0.85)]
Sentence = Annotated[str, about("The sentence of the text that supports it.")]
Origin = Annotated[
    str,
    about("`reader` (the bundled encoder), `rules`, or the name of the language model.", "reader"),
]


class Sent(Shape):
    """A shape that refuses unknown fields, so that no typing error is lost."""

    model_config = ConfigDict(extra="forbid")


class ParticipationContent(Sent):
    """An organisation's part in a case, to be written."""

    name: str = Field(examples=["Avel"])
    role: Role = Field(examples=["producer"])
    actor: str = about("The id of its entry, or empty.", "avel", default="")
    contribution: str = Field(default="", examples=["Fabrique et conditionne le gel."])
    source_url: str = about("The address of a page about this participation, or empty.", default="")

    @classmethod
    def of(cls, participation: Participation) -> Self:
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
    def of(cls, case: Case) -> Self:
        return cls.read(case, participants=list(map(ParticipationContent.of, case.participants)))

    def record(self, present: Record) -> Case:
        """Returns the case, held to the same rules as one that is read from a file."""
        values = self.model_dump(mode="json")
        text, given_id = values.pop("text"), values["id"].strip()
        return case_from({**values, "id": given_id or present.id}, text)


@with_fields(ACTOR_FIELDS, is_sent=True, meanings=_SENT_MEANINGS)
class ActorContent(Sent):
    """An actor as it is written: all of it, since what is left out becomes empty."""

    def record(self, present: Record) -> Actor:
        """Returns the actor, held to the same rules as one that is read from a file."""
        values = self.model_dump()
        facts, given_id = values.pop("facts"), values["id"].strip()
        cells = {
            name: value if isinstance(value, str) else "|".join(value)
            for name, value in values.items()
        }
        return actor_from({**cells, "id": given_id or present.id}, facts)


class Contents(Shape):
    """A record in one of two fields, by what it is."""

    kind: Kind = about("The kind of the record.")
    case: CaseContent | None = about("The record, if it is a case.")
    actor: ActorContent | None = about("The record, if it is an actor.")


def contents_of(record: Record) -> dict[str, Any]:
    if isinstance(record, Case):
        return {"kind": Kind.CASE, "case": CaseContent.of(record), "actor": None}
    return {"kind": Kind.ACTOR, "case": None, "actor": record}


class NewContribution(Sent):
    """An article to contribute: its text, or its address."""

    text: str = about("The article: Markdown or plain text.", default="")
    title: str = about("Its title, if the text does not begin with it.", default="")
    url: str = about("The address of a public page to read instead: http or https.", default="")
    submit: bool = about("Whether moderators see it immediately.", default=True)


class ContributionChange(Sent):
    """The new content of a contribution: a case or an actor."""

    case: CaseContent | None = None
    actor: ActorContent | None = None
    note: str = about("The reason, for the history of the draft.", default="", max_length=1000)

    def record(self, present: Record) -> Record:
        """Returns the record; raises InputError if it is of another kind, or cannot be kept."""
        is_case = isinstance(present, Case)
        content, other = (self.case, self.actor) if is_case else (self.actor, self.case)
        if content is None or other is not None:
            raise InputError("other_kind", kind=Kind.CASE if is_case else Kind.ACTOR)
        return content.record(present)


class Message(Sent):
    """A moderator's message to the contributor."""

    message: str = Field(default="", max_length=5000)


class Publication(Sent):
    """How to publish."""

    force: bool = about("Publish even if the record has changed meanwhile.", default=False)


class ProposedFieldOut(Shape):
    """A proposed value for a field."""

    field: str = Field(examples=["need"])
    value: str
    sentence: Sentence
    confidence: Confidence
    origin: Origin


class PersonalOut(Shape):
    """What may be a private detail of a person, for a moderator to keep or to remove."""

    kind: DetailKind
    field: str = about("The field in which it stands.", "participants.0")
    text: str = about("The detail as it stands there.")
    sentence: str = about("The sentence around it.")
    person: str = about("Who is named there; may be empty.")
    kept: bool = about("Whether a person decided that it may stay.")


class ProposedParticipationOut(Shape):
    """A proposed participation of an organisation."""

    participation: ParticipationContent
    sentence: Sentence
    confidence: Confidence
    origin: Origin


class ContributionSummary(Shape):
    """A contribution without its content."""

    id: str
    state: DraftState = about("`submitted` waits for moderators; `published`, `rejected`: final.")
    revision: int = about("The revision, raised by every change; send it in `If-Match`.")
    kind: Kind = about("The kind of the record.")
    title: str = about("The title of the case, or the name of the actor.")
    origin: str = about("A file's name, an address, or `pasted`.")
    created_by: AccountName
    created_at: Moment
    updated_by: AccountName
    updated_at: Moment
    url: str = about("Address of its page.")

    @classmethod
    def of(cls, draft: Draft, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(draft, **_added(draft, absolute_url))


class Contribution(ContributionSummary, Contents):
    """A contribution: its record, and the proposals from its text."""

    fields: list[ProposedFieldOut] = about("The proposals for fields.")
    participations: list[ProposedParticipationOut] = about("The proposals for participations.")
    personal: list[PersonalOut] = about("Possible private details; they hinder no publication.")
    remarks: list[str] = about("What a person should check.")
    message: str = about("The last message from a moderator.")
    source_text: str = about("The original text.")
    based_on: int = about("The version of the record that it changes; 0 for a new record.")

    @classmethod
    def of(cls, draft: Draft, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(
            draft,
            draft.proposals,
            **_added(draft, absolute_url),
            **contents_of(draft.record),
            personal=[
                PersonalOut.read(detail, kept=detail.key in draft.kept_details)
                for detail in details_of(draft.record)
            ],
            participations=[
                ProposedParticipationOut.read(
                    proposed, participation=ParticipationContent.of(proposed.participation)
                )
                for proposed in draft.proposals.participations
            ],
        )


def _added(draft: Draft, absolute_url: AbsoluteUrl) -> dict[str, Any]:
    record = draft.record
    return {
        "title": record.title if isinstance(record, Case) else record.name,
        "url": absolute_url(address("draft", draft.id)),
    }


class Contributions(Shape):
    """Contributions, newest first."""

    total: int = about("The number before the limit.")
    contributions: list[ContributionSummary]
