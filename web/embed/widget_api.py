"""Requests of the widget from pages of other sites: searches and counts.

Version 1. What would break a page that embeds it is served under another version.
"""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from kb.reference.departments import department_code
from kb.registers.sites import SiteCounts
from kb.search.results import Steering
from web.api.read import QueryText
from web.embed.access import NOT_A_PAGE, AnAccess
from web.embed.quota import ACountedSearch, count_of_site, usage_of
from web.embed.widget_schemas import MAX_LIMIT, WidgetAnswer
from web.http.dependencies import APageRequest, ATurnToSearch
from web.http.i18n import DEFAULT_LANGUAGE, Language
from web.http.refusals import Refusal
from web.http.security.quotas import Quota, count_for_address
from web.http.urls import WIDGET_PREFIX, absolute_urls
from web.search.request import SearchRequest

router = APIRouter(include_in_schema=False)


async def _never_shared(response: Response) -> None:
    """An answer is for the origin that asked, and for a minute: typing back asks nothing anew."""
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
    """Returns what the widget shows, at most `MAX_LIMIT` answers.

    The filters of the site hold where none are given. No language model is asked: what somebody has
    typed so far is sent to nobody.
    """
    limit = min(limit, MAX_LIMIT)
    asked = SearchRequest(q, _department(access.department(department)), access.theme(theme))
    result = request.knowledge_base.search(
        q, limit=limit, filters=asked.filters, lang=lang, steering=Steering(worded=False)
    )
    return WidgetAnswer.of(result, asked, limit, absolute_urls(request.root, lang))


def _department(given: str) -> str:
    try:
        return department_code(given)
    except ValueError as error:
        raise HTTPException(422, f"department: {error}") from None


class Event(StrEnum):
    """What the widget counts for a site: a finished search, an empty search, an opened result."""

    SEARCH = "search"
    EMPTY = "empty"
    SELECTION = "selection"


_COUNTS = {
    Event.SEARCH: SiteCounts(searches=1),
    Event.EMPTY: SiteCounts(searches=1, empty=1),
    Event.SELECTION: SiteCounts(selections=1),
}


@router.post(f"{WIDGET_PREFIX}/counts", status_code=204)
def count(request: APageRequest, access: AnAccess, event: Event) -> None:
    """Counts what only the widget knows: finished searches and opened results."""
    count_for_address(request.http, Quota.TYPING)
    if access.site is None:
        return
    if not access.is_from_site:
        raise Refusal(403, NOT_A_PAGE)
    count_of_site(request.http, access.site)
    usage_of(request.http).add(access.site.key, _COUNTS[event])
