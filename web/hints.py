"""Suggestions while somebody types: their route, and the scripts of the field."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from kb.hints.completions import LEAST_CHARS, Completion, CompletionKind
from web.api.routing import (
    WRONG_PARAMETER,
    PageLanguage,
    PageUrls,
    answers_of,
    problems,
    reading_router,
)
from web.api.schemas import Shape
from web.http.i18n import DEFAULT_LANGUAGE
from web.http.routing import APageRequest
from web.http.security.throttle import Quota, count_for_address
from web.http.urls import Address, Page, address

router = reading_router()

SCRIPTS = {
    f"typing/{name}": Path(str(files("web").joinpath("embed", "widget", name)))
    for name in ("asker.js", "state.js")
}

SUGGESTED = 8
MAX_CHARS = 200
answers = answers_of(router)


class CompletionOut(Shape):
    """A text of the catalogue that what is typed may become."""

    kind: CompletionKind = Field(description="A name, a need of a case, a theme or a place.")
    id: str = Field(description="The id of an actor; empty for others.")
    text: str
    lang: str = Field(description="The language of a need; empty for others.")
    place: str = Field(description="Where an actor is; empty for others.")
    url: str = Field(
        description="The page of the actor or the theme, or the search for the need or the place."
    )


class SuggestionList(Shape):
    """What a search may become."""

    query: str
    suggestions: list[CompletionOut]


@answers(
    "/suggestions",
    summary="What could this become, as it is typed?",
    response_description="Names, needs, themes and places.",
    responses=problems({429: "Too many requests from this address."} | WRONG_PARAMETER),
)
def suggestions(
    *,
    request: APageRequest,
    response: Response,
    absolute_url: PageUrls,
    q: Annotated[
        str,
        Query(
            max_length=MAX_CHARS,
            description=f"What has been typed so far, at least {LEAST_CHARS} letters.",
            examples=["gel"],
        ),
    ],
    limit: Annotated[
        int, Query(ge=1, le=SUGGESTED, description="The maximum number of suggestions.")
    ] = SUGGESTED,
    kind: Annotated[
        CompletionKind | None, Query(description="Only suggestions of this kind.")
    ] = None,
    lang: PageLanguage = DEFAULT_LANGUAGE,
) -> SuggestionList:
    """Texts of the catalogue with words that begin as `q`.

    Names of actors come first, then needs of cases, themes and places. Nothing of what is typed is
    kept or sent elsewhere. For a ranked answer to a need, use `/api/search`.
    """
    count_for_address(request.http, Quota.TYPING)
    response.headers["Cache-Control"] = "private, max-age=60"
    found = request.knowledge_base.completions.beginning(q, limit, lang, kind)
    suggested = [
        CompletionOut(
            kind=one.kind,
            id=one.id,
            text=one.text,
            lang=one.lang,
            place=one.place,
            url=absolute_url(_address(one)),
        )
        for one in found
    ]
    return SuggestionList(query=q, suggestions=suggested)


def _address(completion: Completion) -> Address:
    if completion.kind is CompletionKind.ACTOR:
        return address(Page.ACTOR, completion.id)
    if completion.kind is CompletionKind.THEME:
        return address(Page.THEMES, theme=completion.text)
    return address(Page.SEARCH, q=completion.text)
