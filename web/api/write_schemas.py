"""The shapes of the writing half of the JSON API: what is sent, and what comes back."""

from typing import Annotated, Any, Self

from pydantic import Field, JsonValue

import kb.models
import kb.registers.drafts
import kb.registers.duplicates
import kb.registers.jobs
import kb.registers.proposals
import kb.registers.versions
from kb.errors import InputError
from kb.models import Kind
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

Account = Annotated[str, Field(description="The account that did it; empty for a terminal.")]
Moment = Annotated[str, Field(description="ISO 8601 time.", examples=["2020-07-01T10:30:00+00:00"])]
Confidence = Annotated[float, Field(description="From 0 to 1.", examples=[0.85])]
Sentence = Annotated[str, Field(description="The sentence of the text that says so.")]
Origin = Annotated[
    str, Field(description="`rules`, or the name of the model that said it.", examples=["rules"])
]


class NewContribution(Sent):
    """An article to contribute: its text, or the address where it can be read."""

    text: str = Field(
        default="", description="The article: Markdown, plain text, or a page's own words."
    )
    title: str = Field(default="", description="Its title, where the text does not begin with it.")
    url: str = Field(
        default="", description="Where to read it instead: http or https, a public page."
    )
    submit: bool = Field(
        default=True, description="Whether moderators see it at once, or only when it is submitted."
    )


class Feed(Sent):
    """A feed of articles."""

    url: str = Field(
        pattern="^https?://", max_length=2000, description="Its address: http or https."
    )


class ContributionChange(Sent):
    """What a contribution is to say: a case or an actor, whichever it is."""

    case: CaseContent | None = None
    actor: ActorContent | None = None
    note: str = Field(default="", max_length=1000, description="Why, for the history of the draft.")

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
    """A moderator's word to the contributor."""

    message: str = Field(default="", max_length=5000)


class Publication(Sent):
    """How to publish."""

    force: bool = Field(
        default=False,
        description="Publish over what others did to the record since the draft was made.",
    )


class Reason(Sent):
    """Why a record is withdrawn."""

    reason: str = Field(default="", max_length=1000)


class VersionNumber(Sent):
    """Which version to bring back."""

    version: int = Field(ge=1)


class ProposedField(Shape):
    """What a field could say, read out of the text."""

    field: str = Field(examples=["need"])
    value: str
    sentence: Sentence
    confidence: Confidence
    origin: Origin

    @classmethod
    def of(cls, proposed: kb.registers.proposals.ProposedField) -> Self:
        return cls.model_validate(proposed, from_attributes=True)


class ProposedParticipation(Shape):
    """A part that an organisation could have had, read out of the text."""

    participation: ParticipationContent
    sentence: Sentence
    confidence: Confidence
    origin: Origin


class ContributionSummary(Shape):
    """A contribution without its content."""

    id: str
    state: DraftState = Field(
        description="`draft` and `returned` are with the contributor, `submitted` with the "
        "moderators; `published` and `rejected` are final."
    )
    revision: int = Field(description="Raised by every change; `If-Match` names it.")
    kind: Kind = Field(description="What the record is.")
    title: str = Field(description="The title of the case, or the name of the actor.")
    origin: str = Field(description="A file's name, an address, or `pasted`.")
    created_by: Account
    created_at: Moment
    updated_by: Account
    updated_at: Moment
    url: str = Field(description="Address of its page.")

    @classmethod
    def of(cls, draft: kb.registers.drafts.Draft, absolute_url: AbsoluteUrl) -> Self:
        return cls(**_summary(draft, absolute_url))


class Contribution(ContributionSummary, Contents):
    """A contribution: the record that it would make, and what was read out of its text."""

    fields: list[ProposedField] = Field(description="What was read out of the text.")
    participations: list[ProposedParticipation] = Field(description="The same, of who took part.")
    remarks: list[str] = Field(description="What a person should look at.")
    message: str = Field(description="What a moderator last said of it.")
    source_text: str = Field(description="The text that it was read out of.")
    based_on: int = Field(description="The version of the record that it changes; 0 if none.")

    @classmethod
    def of(cls, draft: kb.registers.drafts.Draft, absolute_url: AbsoluteUrl) -> Self:
        return cls(
            **(_summary(draft, absolute_url) | contents_of(draft.record)),
            fields=[ProposedField.of(field) for field in draft.proposals.fields],
            participations=[
                ProposedParticipation(
                    participation=ParticipationContent.of(proposed.participation),
                    sentence=proposed.sentence,
                    confidence=proposed.confidence,
                    origin=proposed.origin,
                )
                for proposed in draft.proposals.participations
            ],
            remarks=list(draft.remarks),
            message=draft.message,
            source_text=draft.source_text,
            based_on=draft.based_on,
        )


def _summary(draft: kb.registers.drafts.Draft, absolute_url: AbsoluteUrl) -> dict[str, Any]:
    record = draft.record
    return {
        "id": draft.id,
        "state": draft.state,
        "revision": draft.revision,
        "kind": draft.kind,
        "title": record.title if isinstance(record, kb.models.Case) else record.name,
        "origin": draft.origin,
        "created_by": draft.created_by,
        "created_at": draft.created_at,
        "updated_by": draft.updated_by,
        "updated_at": draft.updated_at,
        "url": absolute_url(address("draft", draft.id)),
    }


class Contributions(Shape):
    """Contributions, the newest first."""

    total: int = Field(description="How many there are, before the limit.")
    contributions: list[ContributionSummary]


class Version(Contents):
    """A state that a record had."""

    number: int = Field(description="From 1, the oldest.")
    by: Account
    at: Moment
    note: str
    restored: int = Field(description="The version that it brought back, or 0.")

    @classmethod
    def of(cls, version: kb.registers.versions.Version) -> Self:
        return cls(
            **contents_of(version.record),
            number=version.number,
            by=version.by,
            at=version.at,
            note=version.note,
            restored=version.restored,
        )


class Withdrawal(Shape):
    """How a record was taken out."""

    by: Account
    at: Moment
    reason: str
    erased: bool = Field(description="Whether nothing of it is left.")

    @classmethod
    def of(cls, withdrawal: kb.registers.versions.Withdrawal) -> Self:
        return cls.model_validate(withdrawal, from_attributes=True)


class History(Shape):
    """Every state that a record had, the oldest first, and whether it was withdrawn."""

    versions: list[Version]
    withdrawal: Withdrawal | None = Field(description="Null while the record is there.")


class Job(Shape):
    """Work that is done in the background."""

    id: str
    kind: str = Field(examples=["directory"])
    state: JobState = Field(
        description="`done`, `failed` and `cancelled` are final.", examples=["running"]
    )
    done: int = Field(description="How much is done.")
    total: int = Field(description="Out of how much; 0 as long as it is not known.")
    report: dict[str, JsonValue] = Field(description="What it did; empty until it ends.")
    message: str = Field(description="Why it failed, or empty.")
    cancel_asked: bool = Field(description="Whether it is to stop.")
    created_by: Account
    created_at: Moment
    started_at: str = Field(description="ISO 8601 time, or empty.")
    finished_at: str = Field(description="ISO 8601 time, or empty.")

    @classmethod
    def of(cls, job: kb.registers.jobs.Job) -> Self:
        return cls.model_validate(job, from_attributes=True)


class Jobs(Shape):
    """Jobs, the newest first."""

    jobs: list[Job]


class Duplicate(Shape):
    """Two actors that may be one."""

    left: str = Field(description="The id of one.", examples=["avel"])
    right: str = Field(description="The id of the other.", examples=["avel-saphir"])
    score: float = Field(description="How alike they are, from 0 to 1.", examples=[0.9])
    reasons: list[str] = Field(description="What they have in common.")
    state: DuplicateState = Field(description="`open` until somebody decides.")
    decided_by: str = Field(description="Who decided, or empty.")
    decided_at: str = Field(description="ISO 8601 time, or empty.")

    @classmethod
    def of(cls, duplicate: kb.registers.duplicates.Duplicate) -> Self:
        return cls(
            left=duplicate.left_id,
            right=duplicate.right_id,
            score=duplicate.score,
            reasons=list(duplicate.reasons),
            state=duplicate.state,
            decided_by=duplicate.decided_by,
            decided_at=duplicate.decided_at,
        )


class Duplicates(Shape):
    """Pairs of actors that may be one, the likeliest first."""

    total: int = Field(description="How many there are, before the limit.")
    duplicates: list[Duplicate]


class Decision(Sent):
    """What two actors were found to be."""

    left: str = Field(description="The id of one.")
    right: str = Field(description="The id of the other.")
    same: bool = Field(description="Whether they are one.")
    keep: str = Field(
        default="", description="If they are one, the id that stays; the left one's if empty."
    )
