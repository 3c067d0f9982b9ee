"""Counts the use of the search by each embedding site, on the way into the register.

Searches must not wait for a writer: they are counted here, and written down every ten seconds.
Nothing but numbers by site and day is kept: no words, no address, nothing that tells visitors
apart.
"""

import logging
import math
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, cast

from fastapi import Depends, Request

from kb.errors import QuisaitError
from kb.messages import N_
from kb.registers.sites import Site, SiteCounts, Sites
from web.embed.access import Access, AFramedAccess, AnAccess
from web.http.refusals import Refusal
from web.http.security.quotas import Quota, count_for_address, counted_address, quotas_of
from web.regularly import Regularly

WRITTEN_EVERY_S = 10.0

_log = logging.getLogger(__name__)


def today() -> str:
    """Returns the current day in UTC, so that all quotas begin anew at the same time."""
    return datetime.now(UTC).date().isoformat()


class SiteUsage(Regularly):
    """Counts by day and the keys of sites. Safe to share between threads."""

    def __init__(self, sites: Sites, day: Callable[[], str] = today) -> None:
        super().__init__("usage", self.flush, WRITTEN_EVERY_S)
        self._sites = sites
        self._day = day
        self._lock = threading.Lock()
        self._pending: dict[tuple[str, str], SiteCounts] = {}
        self._is_kept_for_later = False

    def stop(self) -> None:
        """Writes the last counts and stops."""
        super().stop()
        self.flush()

    def add(self, key: str, counts: SiteCounts) -> None:
        """Adds to the counts of a site today."""
        self._add(self._day(), key, counts)

    def requests_today(self, key: str) -> int:
        """Returns the searches of a site today, but those being written just now."""
        day = self._day()
        with self._lock:
            pending = self._pending.get((day, key), SiteCounts())
        counted = (counts for of, counts in self._sites.counts(key, since=day) if of == day)
        return sum(counted, pending).requests

    def flush(self) -> None:
        """Writes the counts to the register; keeps them for the next time if that fails."""
        with self._lock:
            taken, self._pending = self._pending, {}
        for (day, key), counts in taken.items():
            try:
                self._sites.count(day, {key: counts})
                self._is_kept_for_later = False
            except QuisaitError as error:
                if not self._is_kept_for_later:  # told once, not every ten seconds
                    _log.warning("Counts of sites are kept for later: %s", error)
                self._is_kept_for_later = True
                self._add(day, key, counts)

    def _add(self, day: str, key: str, counts: SiteCounts) -> None:
        with self._lock:
            self._pending[day, key] = self._pending.get((day, key), SiteCounts()) + counts


_QUOTA_USED = N_("This site has reached its daily quota of searches.")


def usage_of(request: Request) -> SiteUsage:
    return cast("SiteUsage", request.app.state.site_usage)


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
    if usage_of(request).requests_today(access.site.key) >= access.site.per_day:
        raise Refusal(429, _QUOTA_USED, {"Retry-After": str(_seconds_to_midnight())})
    count_of_site(request, access.site)
    usage_of(request).add(access.site.key, SiteCounts(requests=1))


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
