"""What pages of other sites load: the widget's script, its searches, and its counts.

Version 1. What would break a page that embeds it is served under another version.
"""

import math
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, cast

from fastapi import APIRouter, BackgroundTasks, Depends, HTTPException, Query, Request, Response
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from kb.departments import department_code
from kb.editorial.sites import SiteCounts
from web.addresses import absolute_urls
from web.api import QueryText
from web.asking import Asked
from web.assets import STATIC_FOLDER
from web.dependencies import AVisit
from web.localisation import DEFAULT_LANGUAGE, Language
from web.refusals import Refusal
from web.site_access import Access, AnAccess
from web.site_tally import SiteTally
from web.throttle import host_of
from web.visit import Visit
from web.widget_schemas import WidgetAnswer
from web.widget_scripts import CURRENT, PREFIX, WidgetScript, WidgetScripts
from web.wording import N_

MAX_LIMIT = 20

_OF_ADDRESS = parse("300/minute")
"""Many times what one person types; an office behind one address shares it."""

_SHORT_LIVED = "public, max-age=300, stale-while-revalidate=86400"
_FOREVER = "public, max-age=31536000, immutable"

_TOO_FAST = N_("Too many searches from this address at once. Try again in a moment.")
_QUOTA_USED = N_("This site has made as many searches as it may make in a day.")

router = APIRouter(include_in_schema=False)


class Gate:
    """How fast one address may ask, whatever the site. Addresses are forgotten in a minute."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def pass_through(self, request: Request) -> None:
        """Counts a request of an address.

        Raises:
            Refusal: 429, too many.
        """
        host = host_of(request)
        if not self._limiter.hit(_OF_ADDRESS, host):
            reset_at = self._limiter.get_window_stats(_OF_ADDRESS, host).reset_time
            wait_s = reset_at - datetime.now(UTC).timestamp()
            raise Refusal(429, _TOO_FAST, {"Retry-After": str(max(1, math.ceil(wait_s)))})


def tally_of(request: Request) -> SiteTally:
    return cast("SiteTally", request.app.state.site_tally)


def count_request(visit: Visit, access: Access) -> None:
    """Counts a search for a site, against its quota.

    Raises:
        Refusal: 429, too many from this address, or for this site today.
    """
    cast("Gate", visit.request.app.state.gate).pass_through(visit.request)
    if access.site is None:
        return
    tally = tally_of(visit.request)
    if tally.requests_today(access.key) >= access.site.per_day:
        raise Refusal(429, _QUOTA_USED, {"Retry-After": str(_seconds_to_midnight())})
    tally.add(access.key, SiteCounts(requests=1))


def _seconds_to_midnight() -> int:
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return math.ceil((midnight - now).total_seconds())


async def _never_shared(response: Response) -> None:
    """An answer is for the origin that asked, and for a minute: typing back asks nothing anew."""
    response.headers["Vary"] = "Origin"
    response.headers["Cache-Control"] = "private, max-age=60"


@router.get(f"{PREFIX}/search", dependencies=[Depends(_never_shared)])
def search(
    *,
    visit: AVisit,
    access: AnAccess,
    background: BackgroundTasks,
    q: QueryText,
    department: Annotated[str | None, Query()] = None,
    theme: Annotated[str | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 5,
    lang: Language = DEFAULT_LANGUAGE,
) -> WidgetAnswer:
    """What the widget shows. The filters of the site hold where none are given."""
    count_request(visit, access)
    background.add_task(tally_of(visit.request).write_sometimes)
    asked = Asked(q, _department(access.department(department)), access.theme(theme))
    result = visit.knowledge_base.search(q, limit=limit, filters=asked.filters, lang=lang)
    return WidgetAnswer.of(result, asked, limit, absolute_urls(visit.root, lang))


def _department(given: str) -> str:
    try:
        return department_code(given)
    except ValueError as error:
        raise HTTPException(422, f"department: {error}") from None


class Event(StrEnum):
    """What is counted for a site: a search that stood, one that found nothing, a result opened."""

    SEARCH = "search"
    EMPTY = "empty"
    SELECTION = "selection"


_COUNTS = {
    Event.SEARCH: SiteCounts(searches=1),
    Event.EMPTY: SiteCounts(searches=1, empty=1),
    Event.SELECTION: SiteCounts(selections=1),
}


@router.post(f"{PREFIX}/counts", status_code=204)
def count(visit: AVisit, access: AnAccess, event: Event, background: BackgroundTasks) -> None:
    """Counts what only the widget knows: whether a search stood, and what was opened."""
    cast("Gate", visit.request.app.state.gate).pass_through(visit.request)
    if access.site is not None:
        tally_of(visit.request).add(access.key, _COUNTS[event])
        background.add_task(tally_of(visit.request).write_sometimes)


# The script. Anyone may load it, and check it: it is the same for all.


@router.api_route(f"{PREFIX}/{CURRENT}", methods=["GET", "HEAD"])
async def current_script(request: Request) -> Response:
    """The newest build: kept for minutes, so that a mended one arrives."""
    return _newest(request, cast("WidgetScripts", request.app.state.widget).current)


@router.api_route(f"{PREFIX}/frame.js", methods=["GET", "HEAD"])
async def frame_script(request: Request) -> Response:
    """What gives a frame the height of what it shows, in the page that embeds it."""
    return _newest(request, _frame_script())


@cache
def _frame_script() -> WidgetScript:
    return WidgetScript((STATIC_FOLDER / "frame-host.js").read_bytes())


def _newest(request: Request, script: WidgetScript) -> Response:
    etag = f'"{script.integrity[7:31]}"'
    headers = {"Cache-Control": _SHORT_LIVED, "ETag": etag}
    if etag in re.split(r"\s*,\s*", request.headers.get("If-None-Match", "").replace("W/", "")):
        return Response(status_code=304, headers={**_FOR_ALL, **headers})
    return _script(script.content, headers)


@router.api_route(f"{PREFIX}/{{build}}.js", methods=["GET", "HEAD"])
async def build_script(request: Request, build: str) -> Response:
    """One build, by the hash of its content: kept for good."""
    script = cast("WidgetScripts", request.app.state.widget).build(f"{build}.js")
    if script is None:
        # With these, a browser says that it is not there, and not that it may not be read.
        raise HTTPException(404, headers=_FOR_ALL)
    return _script(script.content, {"Cache-Control": _FOREVER})


_FOR_ALL = {
    # Subresource Integrity needs an answer that the page may read; it holds no secret.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def _script(content: bytes, headers: dict[str, str]) -> Response:
    return Response(
        content, media_type="text/javascript; charset=utf-8", headers={**_FOR_ALL, **headers}
    )
