"""The JSON API of what is known: one actor or case, lists of them, and the status of the base."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Response

from kb.editorial.catalogue import Listing
from kb.models import Actor, Case
from kb.search.results import Filters
from web.api.catalogue_schemas import ActorList, CaseList, CaseOut
from web.api.routing import (
    UNCHANGED,
    WRONG_PARAMETER,
    Department,
    PageLanguage,
    PageUrls,
    RevalidatedRoute,
    Theme,
    answers_of,
    problems,
    reading_router,
)
from web.api.schemas import ActorWithCases, CaseReference, StatusOut
from web.catalogue.records import shown_competences
from web.http.dependencies import APageRequest, OpenKnowledgeBase
from web.http.i18n import DEFAULT_LANGUAGE
from web.search.request import MAX_LIMIT

LISTED = 50
"""How many records a page of a list has, unless another number is asked for."""

MAX_NAME_CHARS = 500

router = reading_router(RevalidatedRoute)
answers = answers_of(router)

Limit = Annotated[
    int, Query(ge=1, le=MAX_LIMIT, description="How many records a page has at most.")
]
After = Annotated[
    str,
    Query(
        description="Only records whose id comes after this one: the last of the page before. The "
        "link to the next page has it.",
        examples=["avel"],
    ),
]
_NEXT_PAGE = {
    200: {
        "headers": {
            "Link": {
                "description": 'The address of the next page, with `rel="next"` (RFC 8288); '
                "absent on the last page.",
                "schema": {"type": "string"},
                "example": '<https://quisait.example/api/actors?after=avel>; rel="next"',
            }
        }
    }
}


_NO_ACTOR = {404: "No actor has this id.", 410: "The actor was withdrawn."}
_NO_CASE = {404: "No case has this id.", 410: "The case was withdrawn."}


@answers(
    "/actors",
    summary="All actors, page by page",
    response_description="A page of the actors.",
    responses={**_NEXT_PAGE, **UNCHANGED, **problems(WRONG_PARAMETER)},
)
def actors(
    *,
    request: APageRequest,
    response: Response,
    absolute_url: PageUrls,
    department: Department = "",
    theme: Theme = "",
    name: Annotated[
        str,
        Query(
            max_length=MAX_NAME_CHARS,
            description="Only actors whose name has all words of this one, whatever their case, "
            "accents and legal form. For nearly this name, search.",
            examples=["avel"],
        ),
    ] = "",
    limit: Limit = LISTED,
    after: After = "",
) -> ActorList:
    """The actors that the filters keep, in the order of their ids, closed ones too.

    What is added or removed while you read the pages makes no other actor come twice or be missed.
    """
    listing = request.knowledge_base.list_actors(
        Filters(department, theme), name=name, after=after, limit=limit
    )
    _link_to_next(request, response, listing)
    return ActorList.of(listing, absolute_url)


@answers(
    "/cases",
    summary="All cases, page by page",
    response_description="A page of the cases.",
    responses={**_NEXT_PAGE, **UNCHANGED, **problems(WRONG_PARAMETER)},
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
    """The cases that the filters keep, without their texts, in the order of their ids.

    A case and its translations are cases of their own.
    """
    base = request.knowledge_base
    listing = base.list_cases(Filters(department, theme), after=after, limit=limit)
    _link_to_next(request, response, listing)
    return CaseList.of(listing, base.actors_of(listing.records), absolute_url)


def _link_to_next(
    request: APageRequest, response: Response, listing: Listing[Actor] | Listing[Case]
) -> None:
    if listing.is_last:
        return
    url = request.http.url
    asked = [item for item in request.http.query_params.multi_items() if item[0] != "after"]
    query = urlencode([*asked, ("after", listing.records[-1].id)])
    response.headers["Link"] = f'<{request.root}{url.path}?{query}>; rel="next"'


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
    return ActorWithCases.of(
        knowledge_base.actor(actor_id),
        absolute_url,
        cases=[
            CaseReference.of(competence.case, competence.participation, absolute_url)
            for competence in shown
        ],
    )


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
