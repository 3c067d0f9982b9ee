"""The search as a page for a frame in somebody else's page: a form, and who answers.

It works without scripts, and knows nobody: it reads no session, and sets no cookie. What it
refuses is told in the frame, wherever a browser may show it: for a key that is not known, or in a
page that is not of the site, the browser shows an error page of its own.
"""

import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from kb.errors import QueryError, QuisaitError
from kb.messages import N_
from kb.reference.departments import department_code
from kb.registers.sites import SiteCounts
from kb.search.results import Steering
from web.embed.access import AFramedAccess
from web.embed.usage import ACountedFramedSearch
from web.embed.widget_api import MAX_LIMIT, WidgetAnswer
from web.http.dependencies import APageRequest, ATurnToSearch
from web.http.i18n import Language, preferred_language
from web.http.labels import UNKNOWN_DEPARTMENT
from web.http.refusals import Refusal
from web.http.request import PageRequest
from web.http.templating import Renderer
from web.http.urls import absolute_urls
from web.search.request import SearchRequest
from web.tallies import count_demand, tallies_of

PATH = "/embed/search"

KEPT = ("lang", "site", "department", "theme", "limit")
"""What the form asks again as it was asked."""

_WRONG_ADDRESS = N_("The address of this frame has an invalid value.")
_NO_ANSWER = N_("The catalogue is not available now. Try again in a moment.")

_log = logging.getLogger(__name__)


class _FrameRoute(APIRoute):
    """Tells what is refused in the frame, where an error's usual page says who is signed in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answered = super().get_route_handler()

        async def answered_in_the_frame(request: Request) -> Response:
            try:
                return await answered(request)
            except RequestValidationError:
                return _page(request, 400, _WRONG_ADDRESS)
            except HTTPException as error:
                advice = error.advice if isinstance(error, Refusal) else _WRONG_ADDRESS
                # Who asks too much, or finds too many, asks again in the form.
                again = SearchRequest(request.query_params.get("q", ""))
                asked = again if error.status_code in {429, 503} else None
                return _page(
                    request,
                    error.status_code,
                    advice,
                    headers=error.headers,
                    asked=asked,
                    kept=_kept(request),
                )
            except QuisaitError as error:
                _log.error("%s", error)
                return _page(request, 503, _NO_ANSWER)

        return answered_in_the_frame


router = APIRouter(include_in_schema=False, route_class=_FrameRoute)


@router.api_route(PATH, methods=["GET", "HEAD"], response_model=None)
def framed_search(
    *,
    page_request: APageRequest,
    access: AFramedAccess,
    _counted: ACountedFramedSearch,
    _turn: ATurnToSearch,
    q: str | None = None,
    department: str | None = None,
    theme: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 5,
) -> Response:
    """The filters of the site hold where none are given."""
    request = page_request.http
    kept = _kept(request)
    asked = SearchRequest(q or "", theme=access.theme(theme))
    try:
        asked = SearchRequest(asked.q, department_code(access.department(department)), asked.theme)
    except ValueError:
        kept.pop("department", None)
        return _page(request, 400, UNKNOWN_DEPARTMENT, asked=asked, kept=kept)
    if q is None:
        return _page(request, asked=asked, kept=kept)
    try:
        language = _language(request)
        result = page_request.knowledge_base.search(
            asked.q,
            limit=limit,
            filters=asked.filters,
            lang=language,
            # As the widget: no language model is asked.
            steering=Steering(worded=False),
        )
        count_demand(request, asked.q, result)
        urls = absolute_urls(page_request.root, language)
        answer = WidgetAnswer.of(result, asked, limit, urls)
    except QueryError as error:
        return _page(request, 400, error.remark, asked=asked, kept=kept)
    if access.site and access.is_from_site:
        # A form that was sent is a search that stands.
        counts = SiteCounts(searches=1, empty=0 if answer.fits else 1)
        tallies_of(request).add_use(access.site.key, counts)
    return _page(request, asked=asked, kept=kept, answer=answer)


def _kept(request: Request) -> dict[str, str]:
    return {name: request.query_params[name] for name in KEPT if name in request.query_params}


def _page(
    request: Request,
    status_code: int = 200,
    message: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    asked: SearchRequest | None = None,
    kept: Mapping[str, str] | None = None,
    answer: WidgetAnswer | None = None,
) -> Response:
    """`message`, in English, says what was refused. Without `asked` there is nothing to ask."""
    language = _language(request)
    identity = PageRequest(request).identity
    text = cast("Renderer", request.app.state.renderer).render(
        "embed/frame.html",
        language,
        identity=identity.identity,
        identity_revision=identity.revision,
        path=PATH,
        # Who may show this in a frame, and so be told how high it is.
        ancestors=getattr(request.state, "framed_by", ""),
        site=request.query_params.get("site", "") if asked else "",
        message=message,
        asked=asked,
        kept=kept or {},
        answer=answer,
    )
    return HTMLResponse(text, status_code, {"Content-Language": language.value, **(headers or {})})


def _language(request: Request) -> Language:
    """The one that the address asks for, such as `en` or `fr-CA`; whatever the browser prefers."""
    return preferred_language(request.query_params.get("lang", ""))
