"""The shapes of the writing half of the JSON API: what is sent, and what comes back."""

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, JsonValue

import kb.models
import kb.registers.drafts
import kb.registers.duplicates
import kb.registers.jobs
import kb.registers.versions
from ingest.private_details.details import DetailKind, details_of
from kb.errors import InputError
from kb.models import Kind
from kb.reference.visibility import Visibility
from kb.registers.drafts import DraftState
from kb.registers.duplicates import DuplicateState
from kb.registers.jobs import JobState
from web.api.record_contents import (
    ActorContent,
    CaseContent,
    Contents,
    ParticipationContent,
    Sent,
    contents_of,
)
from web.api.schemas import Shape
from web.http.urls import AbsoluteUrl, address

Account = Annotated[
    str, Field(description="The account that did it; empty if it came from a terminal.")
]
Moment = Annotated[str, Field(description="ISO 8601 time.", examples=["2020-07-01T10:30:00+00:00"])]
Confidence = Annotated[float, Field(description="From 0 to 1.", examples=[0.85])]
Sentence = Annotated[str, Field(description="The sentence of the text that supports it.")]
Origin = Annotated[
    str, Field(description="`rules`, or the name of the language model.", examples=["rules"])
]


class NewContribution(Sent):
    """An article to contribute: its text, or its address."""

    text: str = Field(default="", description="The article: Markdown or plain text.")
    title: str = Field(default="", description="Its title, if the text does not begin with it.")
    url: str = Field(
        default="", description="The address of a public page to read instead: http or https."
    )
    submit: bool = Field(
        default=True,
        description="Whether moderators see it immediately, or only after it is submitted.",
    )


class Feed(Sent):
    """A feed of articles."""

    url: str = Field(
        pattern="^https?://", max_length=2000, description="Its address: http or https."
    )


class ContributionChange(Sent):
    """The new content of a contribution: a case or an actor."""

    case: CaseContent | None = None
    actor: ActorContent | None = None
    note: str = Field(
        default="", max_length=1000, description="The reason, for the history of the draft."
    )

    def record(self, present: kb.models.Record) -> kb.models.Record:
        """The record that is told, in the place of the present one.

        Raises:
            InputError: it is not the kind that the contribution has, or cannot be kept.
        """
        is_case = isinstance(present, kb.models.Case)
        content, other = (self.case, self.actor) if is_case else (self.actor, self.case)
        if content is None or other is not None:
            kind = Kind.CASE if is_case else Kind.ACTOR
            raise InputError("other_kind", kind=kind)
        return content.record(present)


class Message(Sent):
    """A moderator's message to the contributor."""

    message: str = Field(default="", max_length=5000)


class Publication(Sent):
    """How to publish."""

    force: bool = Field(
        default=False,
        description="Publish even if the record has changed since the draft was created.",
    )


class Reason(Sent):
    """The reason for a withdrawal."""

    reason: str = Field(default="", max_length=1000)


class VersionNumber(Sent):
    """The version to restore."""

    version: int = Field(ge=1)


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
    field: str = Field(
        description="The field in which it stands: of facts and participants with a point and "
        "which of them.",
        examples=["text", "participants.0"],
    )
    text: str = Field(description="The detail as it stands there.")
    sentence: str = Field(description="The sentence around it.")
    person: str = Field(description="Who is named there; may be empty.")
    kept: bool = Field(description="Whether a person decided that it may stay.")


class ProposedParticipationOut(Shape):
    """A proposed participation of an organisation."""

    participation: ParticipationContent
    sentence: Sentence
    confidence: Confidence
    origin: Origin


class ContributionSummary(Shape):
    """A contribution without its content."""

    id: str
    state: DraftState = Field(
        description="`draft` and `returned`: with the contributor. `submitted`: with the "
        "moderators. `published` and `rejected`: final."
    )
    revision: int = Field(
        description="The revision, raised by every change; send it in `If-Match`."
    )
    kind: Kind = Field(description="The kind of the record.")
    title: str = Field(description="The title of the case, or the name of the actor.")
    origin: str = Field(description="A file's name, an address, or `pasted`.")
    created_by: Account
    created_at: Moment
    updated_by: Account
    updated_at: Moment
    url: str = Field(description="Address of its page.")

    @classmethod
    def of(cls, draft: kb.registers.drafts.Draft, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(draft, **_added(draft, absolute_url))


class Contribution(ContributionSummary, Contents):
    """A contribution: its record, and the proposals from its text."""

    fields: list[ProposedFieldOut] = Field(description="The proposals for fields.")
    participations: list[ProposedParticipationOut] = Field(
        description="The proposals for participations."
    )
    personal: list[PersonalOut] = Field(
        description="What may be private details of persons. They keep nothing from being "
        "published."
    )
    remarks: list[str] = Field(description="What a person should check.")
    message: str = Field(description="The last message from a moderator.")
    source_text: str = Field(description="The original text.")
    based_on: int = Field(
        description="The version of the record that it changes; 0 for a new record."
    )

    @classmethod
    def of(cls, draft: kb.registers.drafts.Draft, absolute_url: AbsoluteUrl) -> Self:
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


def _added(draft: kb.registers.drafts.Draft, absolute_url: AbsoluteUrl) -> dict[str, Any]:
    record = draft.record
    return {
        "title": record.title if isinstance(record, kb.models.Case) else record.name,
        "url": absolute_url(address("draft", draft.id)),
    }


class Contributions(Shape):
    """Contributions, newest first."""

    total: int = Field(description="The number before the limit.")
    contributions: list[ContributionSummary]


class VersionOut(Contents):
    """A version of a record."""

    number: int = Field(description="The number, from 1 (oldest).")
    by: Account
    at: Moment
    note: str
    restored: int = Field(description="The version that it restored, or 0.")

    @classmethod
    def of(cls, version: kb.registers.versions.Version) -> Self:
        return cls.read(version, **contents_of(version.record))


class WithdrawalOut(Shape):
    """How a record was withdrawn or erased."""

    by: Account
    at: Moment
    reason: str
    erased: bool = Field(description="Whether it was erased.")


class History(Shape):
    """Every version of a record, oldest first, and its withdrawal."""

    versions: list[VersionOut]
    withdrawal: WithdrawalOut | None = Field(description="Null while the record is published.")


class JobOut(Shape):
    """Work in the background."""

    id: str
    kind: str = Field(examples=["directory"])
    state: JobState = Field(
        description="`done`, `failed` and `cancelled` are final.", examples=["running"]
    )
    done: int = Field(description="The number of entries done.")
    total: int = Field(description="The total number of entries; 0 if not known yet.")
    file: str = Field(description="The file or address that it is at, or empty.")
    phase: str = Field(
        description="`reading`, `embedding`, `writing`, or empty.", examples=["embedding"]
    )
    per_second: float = Field(description="The entries that it does in a second; 0 if unknown.")
    report: dict[str, JsonValue] = Field(description="The report of the job; empty until it ends.")
    message: str = Field(description="The reason for a failure, or empty.")
    cancel_asked: bool = Field(description="Whether someone cancelled it.")
    created_by: Account
    created_at: Moment
    started_at: str = Field(description="ISO 8601 time, or empty.")
    finished_at: str = Field(description="ISO 8601 time, or empty.")


class JobsOut(Shape):
    """Jobs, newest first."""

    jobs: list[JobOut]


class ContactsSeenBy(Sent):
    """Who sees the contacts that a source gives: everybody, who is signed in, or nobody."""

    contacts: Visibility = Field(
        description="Of organisations: telephones, e-mail addresses, streets.", examples=["public"]
    )
    persons: Visibility = Field(
        description="Of persons: names, and e-mail addresses and mobile numbers that are theirs.",
        examples=["none"],
    )


class SourceOut(ContactsSeenBy):
    """A source of actors."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(examples=["CCI Charente"])
    actors: int = Field(description="The number of actors that it describes.")
    job: str = Field(
        "", description="The id of the job that carries out a choice, or empty if none has to."
    )


class SourcesOut(Shape):
    """The sources of actors, by name."""

    sources: list[SourceOut]


class DuplicateOut(Shape):
    """Two actors that may be the same."""

    left: str = Field(description="The id of the first actor.", examples=["avel"])
    right: str = Field(description="The id of the second actor.", examples=["avel-saphir"])
    score: float = Field(description="Their similarity, from 0 to 1.", examples=[0.9])
    reasons: list[str] = Field(description="What they have in common.")
    state: DuplicateState = Field(
        description="`open` until someone decides; `related` for two establishments of one firm."
    )
    decided_by: str = Field(description="The account that decided, or empty.")
    decided_at: str = Field(description="ISO 8601 time, or empty.")

    @classmethod
    def of(cls, duplicate: kb.registers.duplicates.Duplicate) -> Self:
        return cls.read(duplicate, left=duplicate.left_id, right=duplicate.right_id)


class DuplicatesOut(Shape):
    """Pairs of actors that may be the same, likeliest first."""

    total: int = Field(description="The number before the limit.")
    duplicates: list[DuplicateOut]


class Decision(Sent):
    """The decision about a pair of actors."""

    left: str = Field(description="The id of the first actor.")
    right: str = Field(description="The id of the second actor.")
    same: bool = Field(description="Whether they are the same actor.")
    keep: str = Field(
        default="", description="The id to keep if they are the same; `left` by default."
    )
