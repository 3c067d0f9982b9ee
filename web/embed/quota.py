"""How much may be asked from other sites' pages: by one address at once, by one site in a day."""

import math
import threading
from datetime import UTC, datetime, timedelta
from typing import cast

from fastapi import Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from kb.messages import N_
from kb.registers.sites import SiteCounts
from web.embed.access import Access
from web.embed.usage import SiteUsage
from web.http.refusals import Refusal
from web.http.security.throttle import host_of

OF_ADDRESS = parse("300/minute")
"""Many times what one person types; an office behind one address shares it."""

_TOO_FAST = N_("Too many searches from this address at once. Try again in a moment.")
_QUOTA_USED = N_("This site has reached its daily quota of searches.")


class RateLimit:
    """How fast one address may ask, whatever the site. Addresses are in memory alone."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        # The storage starts a timer of its own, which two threads must not do at once.
        self._lock = threading.Lock()

    def hit(self, request: Request) -> None:
        """Counts a request of an address.

        Raises:
            Refusal: 429, too many.
        """
        host = host_of(request)
        with self._lock:
            if self._limiter.hit(OF_ADDRESS, host):
                return
            reset_at = self._limiter.get_window_stats(OF_ADDRESS, host).reset_time
        wait_s = max(1, math.ceil(reset_at - datetime.now(UTC).timestamp()))
        raise Refusal(429, _TOO_FAST, {"Retry-After": str(wait_s)})


def rate_limit_of(request: Request) -> RateLimit:
    return cast("RateLimit", request.app.state.rate_limit)


def usage_of(request: Request) -> SiteUsage:
    return cast("SiteUsage", request.app.state.site_usage)


def count_request(request: Request, access: Access) -> None:
    """Counts a search for the site that it is from, against its quota.

    Raises:
        Refusal: 429, too many from this address, or for this site today.
    """
    rate_limit_of(request).hit(request)
    if access.site is None or not access.is_from_site:
        return
    if usage_of(request).requests_today(access.site.key) >= access.site.per_day:
        raise Refusal(429, _QUOTA_USED, {"Retry-After": str(_seconds_to_midnight())})
    usage_of(request).add(access.site.key, SiteCounts(requests=1))


def _seconds_to_midnight() -> int:
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return math.ceil((midnight - now).total_seconds())
