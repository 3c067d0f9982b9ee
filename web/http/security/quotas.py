"""How much one address or one account may ask of the site, and how much the site does at once.

`LIMITS` is the table. Each limit is a bucket: what is taken comes back evenly, so that nobody waits
for the end of an hour, and setting the clock of the machine changes nothing (the generic cell rate
algorithm). A restart forgives all.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from time import monotonic
from typing import cast

from starlette.requests import HTTPConnection, Request

from kb.messages import N_
from kb.registers.accounts import Account, AccountRole
from kb.settings import Settings
from web.http.refusals import Refusal
from web.http.security.bodies import MEGABYTE, longest_body
from web.http.security.throttle import SharedCounts, host_of

MODERATORS_TIMES = 10
"""How many times as much moderators and administrators may, who do the work of many."""

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 24 * 3600


class Quota(StrEnum):
    """What is limited."""

    SEARCHES = "searches"
    TYPING = "typing"
    EXPLANATIONS = "explanations"
    WRITES = "writes"
    JOBS = "jobs"
    UPLOADS = "uploads"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: `setting` names how much comes back in `period_s`, 0 for no limit.

    `at_once` is the share of it that may be taken at one moment; `message`, in English, says to a
    person that it is used up. `unit` is what one of the setting is, in what is counted.
    """

    setting: str
    period_s: int
    message: str
    at_once: float = 1.0
    unit: int = 1


_TOO_FAST = N_("Too many searches from this address at once. Try again in a moment.")

LIMITS: Mapping[Quota, Limit] = {
    Quota.SEARCHES: Limit("searches_a_minute", MINUTE_S, _TOO_FAST, at_once=0.2),
    Quota.TYPING: Limit("searches_a_minute", MINUTE_S, _TOO_FAST),
    Quota.EXPLANATIONS: Limit(
        "explanations_an_hour",
        HOUR_S,
        N_("Many explanations and reports were made for this address. Try again in a moment."),
    ),
    Quota.WRITES: Limit(
        "writes_an_hour",
        HOUR_S,
        N_("Your account has sent very much in the last hour. Wait a little, then send it again."),
    ),
    Quota.JOBS: Limit(
        "jobs_a_day",
        DAY_S,
        N_("Your account has asked for as many jobs as it may in a day. Try again later."),
    ),
    Quota.UPLOADS: Limit(
        "upload_mb_a_day",
        DAY_S,
        N_("Your account has sent as many megabytes as it may in a day. Try again later."),
        unit=MEGABYTE,
    ),
}
"""Each limit. Searches, what is typed and explanations are of an address, in IPv6 of a /64; the
others are of an account."""


class Quotas:
    """The limits of one site, as its settings say. Safe to share between threads."""

    def __init__(self, settings: Settings, counts: SharedCounts) -> None:
        self._settings = settings
        self._counts = counts

    def take(self, quota: Quota, key: str, *, amount: float = 1, times: int = 1) -> None:
        """Counts what is asked for; raises `Refusal` (429) if it is too much by now."""
        limit = LIMITS[quota]
        most = int(getattr(self._settings, limit.setting)) * limit.unit * times
        if most:
            at_once = max(1.0, most * limit.at_once)
            self._take(quota, key, limit.message, most / limit.period_s, at_once, amount)

    def take_of_site(self, site: str, host: str, per_day: int) -> None:
        """Counts what an address asks for a site; raises `Refusal` (429) beyond its share."""
        most = max(LEAST_SHARE, per_day * SHARE_OF_ADDRESS)
        self._take("site", f"{site} {host}", _TOO_FAST, most / DAY_S, most)

    def _take(
        self, name: str, key: str, message: str, per_s: float, at_once: float, amount: float = 1
    ) -> None:
        """Takes an amount of what comes back evenly; more than `at_once` of a full bucket."""
        now = monotonic()
        with self._counts.change(name, key) as taken:
            # When all that was taken will have come back.
            full_at = max(taken.at, now)
            wait_s = full_at - now + (min(amount, at_once) - at_once) / per_s
            if wait_s <= 1e-6:
                taken.count, taken.at = 1, full_at + amount / per_s
                return
        raise too_much(message, wait_s)


SHARE_OF_ADDRESS = 0.05
"""The part of a site's daily searches that one address may use, so that none uses up all."""

LEAST_SHARE = 200
"""What one address may use of them anyway: an office shares an address."""


def too_much(message: str, wait_s: float) -> Refusal:
    return Refusal(429, message, {"Retry-After": str(max(1, math.ceil(wait_s)))})


def quotas_of(request: HTTPConnection) -> Quotas:
    return cast("Quotas", request.app.state.quotas)


def counted_address(request: HTTPConnection) -> str:
    """Returns what is counted of an address; empty for this machine and for proxies it trusts.

    Such a proxy passes on its visitors' addresses; if not, it would be limited for all of them.
    """
    host = request.client.host if request.client else ""
    proxies = request.app.state.proxies
    try:
        # Who trusts every address to name another trusts none to ask without limit.
        is_proxy = host in proxies and _NOWHERE not in proxies
        return "" if ip_address(host).is_loopback or is_proxy else host_of(request)
    except ValueError:
        return ""


_NOWHERE = "192.0.2.1"
"""An address that no host has (RFC 5737): only who trusts all trusts it."""


def count_for_address(request: HTTPConnection, quota: Quota) -> None:
    """Counts a request for its address; raises `Refusal` (429) if there are too many."""
    host = counted_address(request)
    if host:
        quotas_of(request).take(quota, host)


def count_for_account(
    request: HTTPConnection, account: Account, quota: Quota, amount: float = 1
) -> None:
    """Counts something for an account; raises `Refusal` (429) if it is too much."""
    quotas_of(request).take(quota, account.name, amount=amount, times=times_of(account))


def times_of(account: Account) -> int:
    return MODERATORS_TIMES if account.role.may(AccountRole.MODERATOR) else 1


def count_upload(request: Request, account: Account) -> None:
    """Counts the bytes of what is sent before they are read.

    What does not say how long it is counts as the longest that is allowed by now.

    Raises:
        Refusal: 429, too many.
    """
    announced = request.headers.get("Content-Length", "")
    amount = int(announced) if announced.isdecimal() else 0
    if "Transfer-Encoding" in request.headers:
        amount = longest_body(request)
    if amount:
        count_for_account(request, account, Quota.UPLOADS, amount)
