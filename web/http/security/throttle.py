"""Attempts slowed down, and quotas of addresses and accounts, counted by all workers together."""

import hashlib
import math
import secrets
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_interface, ip_network
from pathlib import Path
from time import monotonic
from typing import cast

from starlette.requests import HTTPConnection, Request

from kb.messages import N_
from kb.registers.accounts import Account, AccountRole
from kb.settings import Settings
from web.http.refusals import Refusal
from web.http.security.bodies import MEGABYTE, longest_body

CAPACITY = 20_000
"""Keys of a kind that are remembered: filling it costs more attempts than it saves."""

TRIMMED_EVERY = 1_000


def host_of(connection: HTTPConnection) -> str:
    """Returns what attempts are counted by: an IPv4 address, or a customer's /64 in IPv6."""
    host = connection.client.host if connection.client else ""
    try:
        number = ip_address(host)
    except ValueError:
        return host
    if isinstance(number, IPv6Address):
        if number.ipv4_mapped:
            return str(number.ipv4_mapped)
        return str(ip_network((number, 64), strict=False))
    return host


def wide_network_of(host: str) -> str:
    """Returns the network that an address or a customer's network is in: a /16, in IPv6 a /32."""
    try:
        number = ip_interface(host).ip
    except ValueError:
        return host
    return str(ip_network((number, 32 if isinstance(number, IPv6Address) else 16), strict=False))


@dataclass(slots=True)
class Counted:
    count: float = 0
    at: float = 0


@dataclass
class SharedCounts:
    """The table. Safe to share between threads; `file` and `secret` open it in another process."""

    file: Path | None = None
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._written = 0
        self._database = sqlite3.connect(
            self.file or ":memory:", timeout=10, isolation_level=None, check_same_thread=False
        )
        weakref.finalize(self, self._database.close)
        self._database.executescript(
            "pragma journal_mode = wal; pragma synchronous = off;"
            "create table if not exists counts"
            " (kind text, key blob, count real, at real, primary key (kind, key)) without rowid;"
        )

    def get(self, kind: str, key: str) -> Counted:
        with self._lock:
            return self._found(kind, self._digest(key))

    @contextmanager
    def change(self, kind: str, key: str) -> Iterator[Counted]:
        """Gives an entry to change; no other worker changes it meanwhile. At 0 it is forgotten."""
        digest = self._digest(key)
        with self._lock:
            self._database.execute("begin immediate")
            try:
                entry = self._found(kind, digest)
                before = entry.count, entry.at
                yield entry
                if (entry.count, entry.at) != before:
                    self._write(kind, digest, entry)
            finally:
                self._database.execute("commit")

    def _found(self, kind: str, digest: bytes) -> Counted:
        asked = "select count, at from counts where kind = ? and key = ?"
        return Counted(*(self._database.execute(asked, [kind, digest]).fetchone() or ()))

    def _write(self, kind: str, digest: bytes, entry: Counted) -> None:
        write = self._database.execute
        if entry.count <= 0:
            write("delete from counts where kind = ? and key = ?", [kind, digest])
            return
        values = [kind, digest, entry.count, entry.at]
        write("insert or replace into counts values (?, ?, ?, ?)", values)
        self._written += 1
        if self._written % TRIMMED_EVERY == 0:
            write(
                "delete from counts where kind = ? and at < (select at from counts"
                " where kind = ? order by at desc limit 1 offset ?)",
                [kind, kind, CAPACITY],
            )

    def _digest(self, key: str) -> bytes:
        return hashlib.blake2b(key.encode("utf-8", "replace"), key=self.secret).digest()[:16]


class Throttle:
    """Allows `free` attempts for each key, then one after 1, 2, 4… seconds, at most `longest_s`."""

    def __init__(
        self,
        counts: SharedCounts | None = None,
        kind: str = "",
        *,
        free: int,
        longest_s: float = 60,
        forgotten_after_s: float = 15 * 60,
    ) -> None:
        self._counts = counts or SharedCounts()
        self._kind = kind
        self._free = free
        self._longest_s = longest_s
        self._forgotten_after_s = forgotten_after_s

    def attempt(self, key: str) -> float:
        """Counts an attempt, whatever its outcome, or returns the seconds to wait."""
        now = monotonic()
        with self._counts.change(self._kind, key) as attempts:
            count = self._remembered(attempts, now)
            over = count - self._free
            delay = min(2.0 ** min(over, 30), self._longest_s) if over >= 0 else 0
            left = attempts.at + delay - now if count else 0
            if left > 0:
                return left
            attempts.count, attempts.at = count + 1, now
        return 0

    def count(self, key: str) -> int:
        return self._remembered(self._counts.get(self._kind, key), monotonic())

    def _remembered(self, attempts: Counted, now: float) -> int:
        return 0 if now - attempts.at > self._forgotten_after_s else int(attempts.count)

    def succeeded(self, key: str, *, forget: bool = True) -> None:
        with self._counts.change(self._kind, key) as attempts:
            attempts.count = 0 if forget else attempts.count - 1


MINUTE_S, HOUR_S, DAY_S = 60, 3600, 24 * 3600


class Quota(StrEnum):
    SEARCHES = "searches"
    TYPING = "typing"
    EXPLANATIONS = "explanations"
    WRITES = "writes"
    JOBS = "jobs"
    UPLOADS = "uploads"


@dataclass(frozen=True, slots=True)
class Limit:
    """So much of a `setting` comes back in `period_s`, the share `at_once` at one moment."""

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
"""Searches, typing and explanations are limited by address, the others by account."""


class Quotas:
    """The limits of one site, as its settings say. Safe to share between threads."""

    def __init__(self, settings: Settings, counts: SharedCounts) -> None:
        self._settings = settings
        self._counts = counts

    def take(self, quota: Quota, key: str, *, amount: float = 1, times: int = 1) -> None:
        limit = LIMITS[quota]
        most = int(getattr(self._settings, limit.setting)) * limit.unit * times
        if most:
            at_once = max(1.0, most * limit.at_once)
            self._take(quota, key, limit.message, most / limit.period_s, at_once, amount)

    def take_of_site(self, site: str, host: str, per_day: int) -> None:
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

LEAST_SHARE = 200  # what one address may use of them anyway: an office shares an address


def too_much(message: str, wait_s: float) -> Refusal:
    return Refusal(429, message, {"Retry-After": str(max(1, math.ceil(wait_s)))})


def quotas_of(request: HTTPConnection) -> Quotas:
    return cast("Quotas", request.app.state.quotas)


def counted_address(request: HTTPConnection) -> str:
    """Returns what is counted of an address; empty for this machine and its trusted proxies."""
    host = request.client.host if request.client else ""
    proxies = request.app.state.proxies
    try:
        # Who trusts every address to name another trusts none to ask without limit.
        is_proxy = host in proxies and _NOWHERE not in proxies
        return "" if ip_address(host).is_loopback or is_proxy else host_of(request)
    except ValueError:
        return ""


_NOWHERE = "192.0.2.1"  # an address that no host has (RFC 5737): only who trusts all trusts it


def count_for_address(request: HTTPConnection, quota: Quota) -> None:
    """Counts a request for its address; raises `Refusal` (429) if there are too many."""
    host = counted_address(request)
    if host:
        quotas_of(request).take(quota, host)


def count_for_account(
    request: HTTPConnection, account: Account, quota: Quota, amount: float = 1
) -> None:
    quotas_of(request).take(quota, account.name, amount=amount, times=times_of(account))


def times_of(account: Account) -> int:
    return 10 if account.role.may(AccountRole.MODERATOR) else 1


def count_upload(request: Request, account: Account) -> None:
    """Counts the bytes that a request announces, else the most allowed; raises Refusal (429)."""
    announced = request.headers.get("Content-Length", "")
    amount = int(announced) if announced.isdecimal() else 0
    if "Transfer-Encoding" in request.headers:
        amount = longest_body(request)
    if amount:
        count_for_account(request, account, Quota.UPLOADS, amount)
