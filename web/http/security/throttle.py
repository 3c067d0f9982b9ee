"""Slows down repeated attempts: after the first few, each waits twice as long as the last."""

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_interface, ip_network

from starlette.requests import HTTPConnection

from web.http.security.counts import Counts, Entry


def host_of(connection: HTTPConnection) -> str:
    """Returns what attempts are counted by: an IPv4 address, or a customer's network in IPv6."""
    return network_of(connection.client.host if connection.client else "")


def network_of(host: str) -> str:
    """Returns an IPv4 address as it is, an IPv6 address as the network of a customer (/64)."""
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


class Throttle:
    """`free` attempts for each key, then one after 1, 2, 4… seconds, `longest_s` at most.

    A key that nobody tries for `forgotten_after_s` is new again. Throttles of one `kind` that share
    `counts` are one.
    """

    def __init__(
        self,
        counts: Counts | None = None,
        kind: str = "",
        *,
        free: int,
        longest_s: float = 60,
        forgotten_after_s: float = 15 * 60,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counts = counts or Counts()
        self._kind = kind
        self._free = free
        self._longest_s = longest_s
        self._forgotten_after_s = forgotten_after_s
        self._clock = clock

    def attempt(self, key: str) -> float:
        """Counts an attempt and returns 0, or returns the seconds to wait if it comes too early.

        Counted before its outcome is known, so that many at once are many.
        """
        now = self._clock()
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
        """Returns how many attempts of a key are remembered."""
        return self._remembered(self._counts.get(self._kind, key), self._clock())

    def _remembered(self, attempts: Entry, now: float) -> int:
        return 0 if now - attempts.at > self._forgotten_after_s else int(attempts.count)

    def succeeded(self, key: str, *, forget: bool = True) -> None:
        """Forgets all attempts of a key, or only the last."""
        with self._counts.change(self._kind, key) as attempts:
            attempts.count = 0 if forget else attempts.count - 1
