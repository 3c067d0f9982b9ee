"""The shapes of cases, and of lists of actors and cases, in the reading half of the JSON API."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field

import kb.models
from kb.editorial.catalogue import Listing
from kb.reference.fields import CASE_FIELDS
from kb.reference.roles import Role
from web.api.record_fields import with_fields, without
from web.api.schemas import DescribedActor, Shape, SourceUrl
from web.http.urls import AbsoluteUrl, address
from web.search.evidence_text import first_sentence

Actors = Mapping[str, kb.models.Actor]
"""Actors by id: those that the participants of cases are."""


class ParticipationOut(Shape):
    """An organisation's part in a case: what it usually does, and what it did there."""

    actor: str | None = Field(
        description="The actor's id, or null if it has no entry here.", examples=["avel"]
    )
    name: str = Field(description="Its name, as the case gives it.", examples=["Avel (Saphir)"])
    activity: str = Field(
        description="What it usually does: the beginning of its entry's description, in the "
        "language of the entry, or empty.",
        examples=["Avel fabrique des cirages et des crèmes pour le cuir."],
    )
    role: Role = Field(description="Its role in the case.", examples=["producer"])
    contribution: str = Field(
        description="What it did in the case, or empty.",
        examples=["Fabrique et conditionne le gel."],
    )
    source_url: SourceUrl

    @classmethod
    def of(cls, participation: kb.models.Participation, actors: Actors) -> Self:
        actor = actors.get(participation.actor_id)
        return cls.read(
            participation,
            actor=actor.id if actor else None,
            activity=first_sentence(actor.description) if actor else "",
        )


@with_fields(without(CASE_FIELDS, {"participants", "text"}))
class _AnsweredCase(Shape):
    pass


class ListedCase(_AnsweredCase):
    """A case without its text."""

    url: str = Field(description="The address of its page, in the requested language.")
    participants: list[ParticipationOut]

    @classmethod
    def of(cls, case: kb.models.Case, actors: Actors, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(
            case,
            url=absolute_url(address("case", case.id)),
            participants=[ParticipationOut.of(part, actors) for part in case.participants],
        )


class CaseOut(ListedCase):
    """An article about how a need was met."""

    text: str = Field(description="The article, in Markdown.")


class ActorList(Shape):
    """A page of the actors."""

    total: int = Field(description="The number of actors that the filters keep.", examples=[63])
    actors: list[DescribedActor] = Field(description="In the order of their ids.")

    @classmethod
    def of(cls, listing: Listing[kb.models.Actor], absolute_url: AbsoluteUrl) -> Self:
        actors = [DescribedActor.of(actor, absolute_url) for actor in listing.records]
        return cls(total=listing.total, actors=actors)


class CaseList(Shape):
    """A page of the cases."""

    total: int = Field(description="The number of cases that the filters keep.", examples=[9])
    cases: list[ListedCase] = Field(description="In the order of their ids.")

    @classmethod
    def of(
        cls, listing: Listing[kb.models.Case], actors: Actors, absolute_url: AbsoluteUrl
    ) -> Self:
        cases = [ListedCase.of(case, actors, absolute_url) for case in listing.records]
        return cls(total=listing.total, cases=cases)
