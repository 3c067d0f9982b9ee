"""The JSON API of what is known: one actor or case, lists of them, and the status of the base."""

from collections.abc import Mapping
from typing import Annotated, Self

from fastapi import Query, Response
from pydantic import Field

from kb.models import Actor, Case, Participation
from kb.reference.fields import CASE_FIELDS
from kb.reference.roles import Role
from kb.search.results import Filters
from kb.text.beginnings import first_sentence
from web.api.routing import (
    LISTED,
    OF_A_LIST,
    UNCHANGED,
    WRONG_PARAMETER,
    After,
    Department,
    Limit,
    PageLanguage,
    PageUrls,
    RevalidatedRoute,
    Theme,
    answers_of,
    link_to_next,
    problems,
    reading_router,
)
from web.api.schemas import (
    ActorWithCases,
    CaseReference,
    DescribedActor,
    Shape,
    SourceUrl,
    about,
    with_fields,
    without,
)
from web.catalogue.records import shown_competences
from web.http.i18n import DEFAULT_LANGUAGE
from web.http.routing import APageRequest, OpenKnowledgeBase
from web.http.urls import AbsoluteUrl, address

Actors = Mapping[str, Actor]


class ParticipationOut(Shape):
    """An organisation's part in a case: what it usually does, and what it did there."""

    actor: str | None = about("The actor's id, or null if it has no entry here.", "avel")
    name: str = about("Its name, as the case gives it.", "Avel (Saphir)")
    activity: str = about("What it usually does: the beginning of its description, or empty.")
    role: Role = about("Its role in the case.", "producer")
    contribution: str = about("What it did in the case, or empty.")
    source_url: SourceUrl

    @classmethod
    def of(cls, participation: Participation, actors: Actors) -> Self:
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

    url: str = about("The address of its page, in the requested language.")
    participants: list[ParticipationOut]

    @classmethod
    def of(cls, case: Case, actors: Actors, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(
            case,
            url=absolute_url(address("case", case.id)),
            participants=[ParticipationOut.of(part, actors) for part in case.participants],
        )


class CaseOut(ListedCase):
    """An article about how a need was met."""

    text: str = about("The article, in Markdown.")


class StatusOut(Shape):
    """The contents and the state of the knowledge base: what concerns visitors, not the folder."""

    actors: int = Field(examples=[63])
    cases: int = Field(examples=[9])
    passages: int
    embedded: int = about("The number of passages that the encoder has embedded.")
    ready: bool = about("Whether searches are possible.")
    model: str = about("The encoder's model.")
    engine: str = about("What runs the encoder.")
    encoder: str = about("The fingerprint of everything that determines an embedding.")
    dimension: int = Field(examples=[384])
    schema_version: int
    generation: str = about("Changes with every change of the base.")
    size_bytes: int
    updated_at: str = about("The time of the last change: ISO 8601, or empty.")


class ActorList(Shape):
    """A page of the actors."""

    total: int = about("The number of actors that the filters keep.", 63)
    actors: list[DescribedActor] = about("In the order of their ids.")


class CaseList(Shape):
    """A page of the cases."""

    total: int = about("The number of cases that the filters keep.", 9)
    cases: list[ListedCase] = about("In the order of their ids.")


router = reading_router(RevalidatedRoute)
answers = answers_of(router)
_NO_ACTOR = {404: "No actor has this id.", 410: "The actor was withdrawn."}
_NO_CASE = {404: "No case has this id.", 410: "The case was withdrawn."}


@answers(
    "/actors",
    summary="All actors, page by page",
    response_description="A page of the actors.",
    responses=OF_A_LIST,
)
def actors(
    *,
    request: APageRequest,
    response: Response,
    absolute_url: PageUrls,
    department: Department = "",
    theme: Theme = "",
    name: Annotated[
        str, Query(max_length=500, description="Only actors whose name has all words of this one.")
    ] = "",
    limit: Limit = LISTED,
    after: After = "",
) -> ActorList:
    """The actors that the filters keep, in the order of their ids, closed ones too."""
    listing = request.knowledge_base.list_actors(
        Filters(department, theme), name=name, after=after, limit=limit
    )
    link_to_next(request, response, listing.records, is_last=listing.is_last)
    return ActorList(
        total=listing.total,
        actors=[DescribedActor.of(actor, absolute_url) for actor in listing.records],
    )


@answers(
    "/cases",
    summary="All cases, page by page",
    response_description="A page of the cases.",
    responses=OF_A_LIST,
)
def cases(
    *,
    request: APageRequest,
    response: Response,
    absolute_url: PageUrls,
    department: Annotated[
        Department, Query(description="Only cases with a participant in this French department.")
    ] = "",
    theme: Theme = "",
    limit: Limit = LISTED,
    after: After = "",
) -> CaseList:
    """The cases and translations that the filters keep, without texts, in the order of ids."""
    base = request.knowledge_base
    listing = base.list_cases(Filters(department, theme), after=after, limit=limit)
    link_to_next(request, response, listing.records, is_last=listing.is_last)
    actors = base.actors_of(listing.records)
    cases = [ListedCase.of(case, actors, absolute_url) for case in listing.records]
    return CaseList(total=listing.total, cases=cases)


@answers(
    "/actors/{actor_id:path}",
    summary="One actor",
    response_description="The actor.",
    responses={**UNCHANGED, **problems(_NO_ACTOR | WRONG_PARAMETER)},
)
def actor(
    actor_id: str,
    knowledge_base: OpenKnowledgeBase,
    absolute_url: PageUrls,
    lang: PageLanguage = DEFAULT_LANGUAGE,
) -> ActorWithCases:
    """An actor with its described competences, its facts, and its competences shown in cases."""
    shown = shown_competences(knowledge_base, actor_id, lang)
    cases = [CaseReference.of(one.case, one.participation, absolute_url) for one in shown]
    return ActorWithCases.of(knowledge_base.actor(actor_id), absolute_url, cases=cases)


@answers(
    "/cases/{case_id:path}",
    summary="One case",
    response_description="The case.",
    responses={**UNCHANGED, **problems(_NO_CASE | WRONG_PARAMETER)},
)
def case(case_id: str, knowledge_base: OpenKnowledgeBase, absolute_url: PageUrls) -> CaseOut:
    """A case with its text, who wrote and moderated it, and its participants."""
    found = knowledge_base.case(case_id)
    return CaseOut.of(found, knowledge_base.actors_of([found]), absolute_url)


@answers("/status", summary="Contents of the knowledge base", response_description="The status.")
def status(knowledge_base: OpenKnowledgeBase) -> StatusOut:
    """Counts, encoder and state, for monitoring a server."""
    return StatusOut.model_validate(knowledge_base.status())
