"""What the routes of the reading half of the JSON API share: how they are documented and answered.

An answer that a client may keep has an `ETag`, and is not sent again while it is the same.
"""

import hashlib
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import AfterValidator

from kb.reference.departments import department_code
from kb.remarks import Remark
from web.api.schemas import Problem, Shape
from web.http.dependencies import APageRequest
from web.http.i18n import DEFAULT_LANGUAGE, Language
from web.http.routing import Handler
from web.http.urls import API_VERSION, API_VERSION_HEADER, AbsoluteUrl, absolute_urls

WRONG_PARAMETER = {422: "A parameter is wrong."}
UNCHANGED: Mapping[int | str, dict[str, Any]] = {
    304: {"description": "`If-None-Match` has the `ETag` of this answer: it is still the same."}
}


async def announce_version(response: Response) -> None:
    response.headers[API_VERSION_HEADER] = API_VERSION


def made_answer(shape: Shape) -> Response:
    """The JSON of an answer, without fields that are null, made in the thread that has found it.

    What FastAPI is given as a shape, it sees to in another thread, and writes in the event loop.
    """
    return Response(
        shape.model_dump_json(exclude_none=True),
        media_type="application/json",
        headers={API_VERSION_HEADER: API_VERSION},
    )


def problems(meanings: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Documents the refusals of a route: maps each status to its meaning there."""
    return {
        status: {"model": Problem, "description": meaning} for status, meaning in meanings.items()
    }


def reading_router(route_class: type[APIRoute] = APIRoute) -> APIRouter:
    return APIRouter(
        prefix="/api", route_class=route_class, dependencies=[Depends(announce_version)]
    )


def answers_of(router: APIRouter) -> Callable[..., Callable[[Handler], Handler]]:
    """Returns a decorator that routes GET and HEAD of a path; the document describes GET alone."""

    def answers(path: str, **documented: Any) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            # The first of the two routes answers; the second is there for the document.
            router.add_api_route(
                path, handler, methods=["GET", "HEAD"], include_in_schema=False, **documented
            )
            router.add_api_route(path, handler, methods=["GET"], **documented)
            return handler

        return register

    return answers


class RevalidatedRoute(APIRoute):
    """Sends an `ETag` with each answer, and 304 to who has the same answer already.

    The tag is weak: an answer may be compressed on its way.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answer_if_changed(request: Request) -> Response:
            response = await answer(request)
            if response.status_code != 200:
                return response
            digest = hashlib.sha256(bytes(response.body)).hexdigest()[:32]
            response.headers["ETag"] = f'W/"{digest}"'
            response.headers["Cache-Control"] = "no-cache"
            if not names_tag(request.headers.get("If-None-Match", ""), digest):
                return response
            kept = {
                name: value
                for name, value in response.headers.items()
                if not name.startswith("content-")
            }
            return Response(status_code=304, headers=kept)

        return answer_if_changed


def names_tag(if_none_match: str, digest: str) -> bool:
    """Whether the header has this tag, weak or not, or the sign for any (RFC 9110, 13.1.2)."""
    return if_none_match.strip() == "*" or digest in re.findall(r'"([^"]*)"', if_none_match)


def _known_department(text: str) -> str:
    try:
        return department_code(text)
    except ValueError:
        raise ValueError(Remark("no_department", given=text)) from None


PageLanguage = Annotated[
    Language,
    Query(
        description="The language of linked pages, and of cases that exist in several languages."
    ),
]


async def _absolute_url(
    request: APageRequest, lang: PageLanguage = DEFAULT_LANGUAGE
) -> AbsoluteUrl:
    return absolute_urls(request.root, lang)


PageUrls = Annotated[AbsoluteUrl, Depends(_absolute_url)]

Department = Annotated[
    str,
    AfterValidator(_known_department),
    Query(description="Only actors in this French department: code or name.", examples=["16"]),
]
Theme = Annotated[str, Query(description="Only records with this theme.", examples=["Emballage"])]
