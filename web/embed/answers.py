"""Searches from pages of other sites: of the widget, version 1, and as a page for a frame."""

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Self, cast

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from kb.errors import QueryError, QuisaitError
from kb.messages import N_
from kb.models import Actor
from kb.reference.departments import NAMES, department_code
from kb.registers.sites import SiteCounts
from kb.search.results import ActorHit, Evidence, EvidenceKind, Fit, SearchResult, Steering
from web.api.read import QueryText
from web.api.schemas import Shape
from web.embed.access import (
    NOT_A_PAGE,
    ACountedFramedSearch,
    ACountedSearch,
    AFramedAccess,
    AnAccess,
    count_of_site,
)
from web.http.i18n import DEFAULT_LANGUAGE, Language, preferred_language
from web.http.labels import UNKNOWN_DEPARTMENT
from web.http.refusals import Refusal
from web.http.routing import APageRequest, ATurnToSearch, PageRequest
from web.http.safe_html import excerpt
from web.http.security.throttle import Quota, count_for_address
from web.http.templating import Renderer
from web.http.urls import WIDGET_PREFIX, AbsoluteUrl, absolute_urls, address
from web.search.evidence_text import inner, is_named
from web.search.pages import Answers
from web.search.request import SearchRequest
from web.tallies import count_demand, tallies_of

MAX_LIMIT = 20
NEAREST = 3  # how many uncertain actors are given where none fits: there is little room


class Piece(NamedTuple):
    text: str
    marked: bool


class WidgetPassage(Shape):
    """A text of a hit; of an activity `code`, its meaning, and empty of all that somebody said."""

    lang: str
    code: str
    pieces: list[Piece]


class WidgetCase(Shape):
    """The case that supports the hit, or the deed of a firm `elsewhere` with its source."""

    ground: Literal["shown", "inferred"]
    title: str
    lang: str
    url: str
    witness: str
    elsewhere: bool

    @classmethod
    def of(cls, evidence: Sequence[Evidence], absolute_url: AbsoluteUrl) -> Self | None:
        kinds = (EvidenceKind.CASE, EvidenceKind.SIMILAR)
        grounds = [(one, one.case) for kind in kinds for one in evidence if one.kind is kind]
        ground, case = next(((one, case) for one, case in grounds if case), (None, None))
        if ground is None or case is None:
            return None
        witness, elsewhere = ground.precedent, False
        name = witness.name if witness else ""
        if witness and not witness.id:
            name, elsewhere = f"{name} ({witness.place}, {case.period})", True
        return cls.read(
            case,
            title=inner(case.title, case.lang),
            ground="shown" if ground.kind is EvidenceKind.CASE else "inferred",
            url=case.source_url if elsewhere else absolute_url(address("case", case.id)),
            witness=name,
            elsewhere=elsewhere,
        )


class WidgetHit(Shape):
    """An actor found; `means` is what its trade's usual means would do for, or empty."""

    id: str
    name: str
    place: str
    fit: Fit
    named: bool
    url: str
    passage: WidgetPassage | None
    case: WidgetCase | None
    means: str

    @classmethod
    def of(cls, hit: ActorHit, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(
            hit,
            hit.actor,
            place=_place(hit.actor),
            named=is_named(hit),
            url=absolute_url(address("actor", hit.actor.id)),
            passage=_passage(hit),
            case=WidgetCase.of(hit.evidence, absolute_url),
            means=next((ground.means.phrase for ground in hit.evidence if ground.means), ""),
        )


class WidgetAnswer(Shape):
    """`fits` is false where `hits` are but the nearest. `url` leads to the page of all results."""

    query: str
    total: int
    fits: bool
    hits: list[WidgetHit]
    url: str
    took_ms: float

    @classmethod
    def of(
        cls, result: SearchResult, asked: SearchRequest, limit: int, absolute_url: AbsoluteUrl
    ) -> Self:
        answers = Answers.of(result, limit)
        found = [hit for hit in answers.distant if hit.fit is not Fit.NONE]
        hits = answers.fitting or found[:NEAREST]
        return cls.read(
            result,
            fits=bool(answers.fitting),
            hits=[WidgetHit.of(hit, absolute_url) for hit in hits],
            url=absolute_url(asked.at()),
            took_ms=round(result.took_ms, 1),
        )


def _place(actor: Actor) -> str:
    department, country = actor.department, "" if actor.country == "FR" else actor.country
    if department in NAMES:
        department = f"{NAMES[department]} ({department})"
    return ", ".join(part for part in (actor.place, department, country) if part)


_WITH_TEXT = (
    EvidenceKind.PASSAGE,
    EvidenceKind.CASE,
    EvidenceKind.SIMILAR,
    EvidenceKind.TRADE,
)


def _passage(hit: ActorHit) -> WidgetPassage | None:
    """Returns the first passage with marks that somebody said, the actor if any; else the first."""
    texts = [evidence for kind in _WITH_TEXT for evidence in hit.evidence if evidence.kind is kind]
    if not texts:
        return None
    shown = next((one for one in texts if one.marks and not one.code), texts[0])
    lang = shown.case.lang if shown.kind is EvidenceKind.CASE and shown.case else hit.actor.lang
    pieces = excerpt(shown.text, shown.marks, 150)
    return WidgetPassage(lang=lang, code=shown.code, pieces=[Piece(*piece) for piece in pieces])


router = APIRouter(include_in_schema=False)


async def _never_shared(response: Response) -> None:
    response.headers["Vary"] = "Origin"
    response.headers["Cache-Control"] = "private, max-age=60"


@router.get(f"{WIDGET_PREFIX}/search", dependencies=[Depends(_never_shared)])
def search(
    *,
    request: APageRequest,
    access: AnAccess,
    _counted: ACountedSearch,
    _turn: ATurnToSearch,
    q: QueryText,
    department: Annotated[str | None, Query()] = None,
    theme: Annotated[str | None, Query()] = None,
    limit: Annotated[int, Query(ge=1)] = 5,
    lang: Language = DEFAULT_LANGUAGE,
) -> WidgetAnswer:
    try:
        code = department_code(access.department(department))
    except ValueError as error:
        raise HTTPException(422, f"department: {error}") from None
    asked = SearchRequest(q, code, access.theme(theme))
    return _answer(request, asked, min(limit, MAX_LIMIT), lang)[1]


def _answer(
    request: PageRequest, asked: SearchRequest, limit: int, language: Language
) -> tuple[SearchResult, WidgetAnswer]:
    """Searches without a language model: what somebody has typed so far is sent to nobody."""
    result = request.knowledge_base.search(
        asked.q, limit=limit, filters=asked.filters, lang=language, steering=Steering(worded=False)
    )
    return result, WidgetAnswer.of(result, asked, limit, absolute_urls(request.root, language))


_COUNTS = {
    "search": SiteCounts(searches=1),
    "empty": SiteCounts(searches=1, empty=1),
    "selection": SiteCounts(selections=1),
}


@router.post(f"{WIDGET_PREFIX}/counts", status_code=204)
def count(
    request: APageRequest, access: AnAccess, event: Literal["search", "empty", "selection"]
) -> None:
    count_for_address(request.http, Quota.TYPING)
    if access.site is None:
        return
    if not access.is_from_site:
        raise Refusal(403, NOT_A_PAGE)
    count_of_site(request.http, access.site)
    tallies_of(request.http).add_use(access.site.key, _COUNTS[event])


FRAME_PATH = "/embed/search"
KEPT = ("lang", "site", "department", "theme", "limit")  # what the form asks again as it was asked
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
                return _page(request, error.status_code, advice, headers=error.headers, asked=asked)
            except QuisaitError as error:
                _log.error("%s", error)
                return _page(request, 503, _NO_ANSWER)

        return answered_in_the_frame


_frames = APIRouter(include_in_schema=False, route_class=_FrameRoute)


@_frames.api_route(FRAME_PATH, methods=["GET", "HEAD"], response_model=None)
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
    request = page_request.http
    asked = SearchRequest(q or "", theme=access.theme(theme))
    try:
        asked = SearchRequest(asked.q, department_code(access.department(department)), asked.theme)
    except ValueError:
        return _page(request, 400, UNKNOWN_DEPARTMENT, asked=asked)
    if q is None:
        return _page(request, asked=asked)
    try:
        result, answer = _answer(page_request, asked, limit, _language(request))
        count_demand(request, asked.q, result)
    except QueryError as error:
        return _page(request, 400, error.remark, asked=asked)
    if access.site and access.is_from_site:
        # A form that was sent is a search that stands.
        counts = SiteCounts(searches=1, empty=0 if answer.fits else 1)
        tallies_of(request).add_use(access.site.key, counts)
    return _page(request, asked=asked, answer=answer)


def _page(
    request: Request,
    status_code: int = 200,
    message: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    asked: SearchRequest | None = None,
    answer: WidgetAnswer | None = None,
) -> Response:
    """Makes the page of the frame, without session or cookie; `message` is in English."""
    language = _language(request)
    given = request.query_params.items()
    kept = {name: value for name, value in given if name in KEPT}
    if message == UNKNOWN_DEPARTMENT:
        del kept["department"]
    identity = PageRequest(request).identity
    text = cast("Renderer", request.app.state.renderer).render(
        "embed/frame.html",
        language,
        identity=identity.identity,
        identity_revision=identity.revision,
        path=FRAME_PATH,
        # Who may show this in a frame, and so be told how high it is.
        ancestors=getattr(request.state, "framed_by", ""),
        site=request.query_params.get("site", "") if asked else "",
        message=message,
        asked=asked,
        kept=kept,
        answer=answer,
    )
    return HTMLResponse(text, status_code, {"Content-Language": language.value, **(headers or {})})


def _language(request: Request) -> Language:
    return preferred_language(request.query_params.get("lang", ""))


router.routes.extend(_frames.routes)
