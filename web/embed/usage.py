"""Counts what pages of an embedding site ask against its quota, before a search has its turn."""

import math
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request

from kb.messages import N_
from kb.registers.sites import Site, SiteCounts
from web.embed.access import Access, AFramedAccess, AnAccess
from web.http.refusals import Refusal
from web.http.security.throttle import Quota, count_for_address, counted_address, quotas_of
from web.tallies import tallies_of

_QUOTA_USED = N_("This site has reached its daily quota of searches.")


def _count_search(request: Request, access: AnAccess) -> None:
    _count_request(request, access)


def _count_framed_search(request: Request, access: AFramedAccess, q: str | None = None) -> None:
    # The frame by itself, with its empty form, is no search.
    if q is not None:
        _count_request(request, access)


ACountedSearch = Annotated[None, Depends(_count_search)]
"""Counts a search for the site that it is from, against its quota, before it has its turn.

Raises:
    Refusal: 429, too many from this address, or for this site today.
"""

ACountedFramedSearch = Annotated[None, Depends(_count_framed_search)]
"""The same in a frame."""


def _count_request(request: Request, access: Access) -> None:
    count_for_address(request, Quota.TYPING)
    if access.site is None or not access.is_from_site:
        return
    if tallies_of(request).requests_today(access.site.key) >= access.site.per_day:
        raise Refusal(429, _QUOTA_USED, {"Retry-After": str(_seconds_to_midnight())})
    count_of_site(request, access.site)
    tallies_of(request).add_use(access.site.key, SiteCounts(requests=1))


def count_of_site(request: Request, site: Site) -> None:
    """Counts what an address asks for a site, so that no program uses up its day for others.

    A program can name any origin: what it makes up is bounded by the share of its address.

    Raises:
        Refusal: 429, the address has had its share of the day.
    """
    host = counted_address(request)
    if host:
        quotas_of(request).take_of_site(site.key, host, site.per_day)


def _seconds_to_midnight() -> int:
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return math.ceil((midnight - now).total_seconds())
