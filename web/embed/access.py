"""Who may ask for the widget's answers: sites, known by the `Origin` that browsers send."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request

from kb.errors import UnknownRecord
from kb.messages import N_
from kb.registers.sites import Site, SiteCounts
from kb.settings import is_this_machine
from web.http.refusals import Refusal
from web.http.routing import PageRequest
from web.http.security.headers import let_frame, let_read
from web.http.security.throttle import Quota, count_for_address, counted_address, quotas_of
from web.tallies import tallies_of

UNKNOWN = N_("This site is not registered here: the public key is unknown.")
CLOSED = N_("The search is switched off for this site.")
_ELSEWHERE = N_(
    "This page does not belong to the site of this public key: its address must be registered."
)
NOT_A_PAGE = N_(
    "Only requests from pages of the site are counted, when the browser states their origin."
)
_QUOTA_USED = N_("This site has reached its daily quota of searches.")
_NOT_SO = N_("Only a script on a page, or a frame, can load this address.")
_FRAMES = {"", "iframe", "frame", "document"}
"""What a page is loaded for, as `Sec-Fetch-Dest` says, that shows a search in a frame."""


@dataclass(frozen=True, slots=True)
class Access:
    """An allowed caller; `site` is None for our own pages and for the demonstration."""

    site: Site | None
    is_from_site: bool = False

    def department(self, given: str | None) -> str:
        return given if given is not None else self.site.department if self.site else ""

    def theme(self, given: str | None) -> str:
        return given if given is not None else self.site.theme if self.site else ""


SiteKey = Annotated[str, Query(description="The public key of the site that embeds the search.")]


def _site_access(request: Request, site: SiteKey = "") -> Access:
    page_request = PageRequest(request)
    origin = request.headers.get("Origin", "")
    comes_from = request.headers.get("Sec-Fetch-Site", "")
    if not origin and comes_from in {"cross-site", "same-site"}:
        # An image, say, of a page that cannot read the answer, and only wants to use up a quota.
        raise Refusal(403, _NOT_SO)
    is_ours = origin in {"", _origin_of(page_request.root), _origin_of(str(request.base_url))}
    if not site:
        if not is_ours:
            if not (is_demonstration(page_request) and _is_loopback(origin)):
                raise Refusal(403, N_("Give the public key of a registered site."))
            let_read(request, origin)
        return Access(None)
    known = _known(page_request, site)
    if not is_ours:
        if origin not in known.origins:
            raise Refusal(403, _ELSEWHERE)
        # Before anything is refused, so that the page can read why.
        let_read(request, origin)
    if known.disabled:
        raise Refusal(403, CLOSED)
    return Access(known, is_from_site=bool(origin) or comes_from == "same-origin")


AnAccess = Annotated[Access, Depends(_site_access)]
"""For what scripts of other sites ask for; 403 to an unknown site, or elsewhere than its page."""


def _framed_access(request: Request, site: SiteKey = "") -> Access:
    page_request = PageRequest(request)
    if request.headers.get("Sec-Fetch-Dest", "") not in _FRAMES:
        raise Refusal(403, _NOT_SO)
    if not site:
        of_this_machine = ("http://127.0.0.1:*", "http://localhost:*")
        let_frame(request, ("'self'", *(of_this_machine if is_demonstration(page_request) else ())))
        return Access(None)
    known = _known(page_request, site)
    framing = (origin for origin in known.origins if origin not in known.without_frame)
    let_frame(request, ("'self'", *framing))
    if known.disabled:
        raise Refusal(403, CLOSED)
    # A form in the frame was sent. The page around can begin with any search, and so can any page.
    return Access(known, is_from_site=request.headers.get("Sec-Fetch-Site") == "same-origin")


AFramedAccess = Annotated[Access, Depends(_framed_access)]
"""For pages in a frame: a browser shows them in pages of the site, and of ours, only."""


def is_demonstration(request: PageRequest) -> bool:
    return _is_loopback(request.root)


def _known(request: PageRequest, key: str) -> Site:
    try:
        return request.knowledge_base.sites.get(key)
    except UnknownRecord:
        raise Refusal(403, UNKNOWN) from None


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(url: str) -> bool:
    try:
        return is_this_machine(urlsplit(url).hostname or "")
    except ValueError:
        return False


def _count_request(request: Request, access: AnAccess) -> None:
    count_for_address(request, Quota.TYPING)
    if access.site is None or not access.is_from_site:
        return
    if tallies_of(request).requests_today(access.site.key) >= access.site.per_day:
        raise Refusal(429, _QUOTA_USED, {"Retry-After": str(_seconds_to_midnight())})
    count_of_site(request, access.site)
    tallies_of(request).add_use(access.site.key, SiteCounts(requests=1))


def _count_framed_search(request: Request, access: AFramedAccess, q: str | None = None) -> None:
    if q is not None:  # The frame by itself, with its empty form, is no search.
        _count_request(request, access)


ACountedSearch = Annotated[None, Depends(_count_request)]
ACountedFramedSearch = Annotated[None, Depends(_count_framed_search)]


def count_of_site(request: Request, site: Site) -> None:
    if host := counted_address(request):
        quotas_of(request).take_of_site(site.key, host, site.per_day)


def _seconds_to_midnight() -> int:
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return math.ceil((midnight - now).total_seconds())
