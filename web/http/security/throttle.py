"""Slows down repeated attempts: after the first few, each waits twice as long as the last.

Kept in memory, of the keys tried last: a restart forgets it, and filling it costs more attempts
than it saves.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_interface, ip_network

from starlette.requests import HTTPConnection


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


@dataclass(slots=True)
class _Attempts:
    count: int = 0
    last_at: float = 0


class Throttle:
    """`free` attempts for each key, then one after 1, 2, 4… seconds, `longest_s` at most.

    A key that nobody tries for `forgotten_after_s` is new again.
    """

    def __init__(
        self,
        *,
        free: int,
        longest_s: float = 60,
        forgotten_after_s: float = 15 * 60,
        capacity: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = free
        self._longest_s = longest_s
        self._forgotten_after_s = forgotten_after_s
        self._capacity = capacity
        self._clock = clock
        self._lock = threading.Lock()
        self._of: OrderedDict[str, _Attempts] = OrderedDict()

    def attempt(self, key: str) -> float:
        """Counts an attempt and returns 0, or returns the seconds to wait if it comes too early.

        Counted before its outcome is known, so that many at once are many.
        """
        now = self._clock()
        with self._lock:
            attempts = self._remembered(key, now)
            over = attempts.count - self._free
            delay = min(2.0 ** min(over, 30), self._longest_s) if over >= 0 else 0
            left = attempts.last_at + delay - now if attempts.count else 0
            if left > 0:
                return left
            attempts.count += 1
            attempts.last_at = now
            self._of[key] = attempts
            self._of.move_to_end(key)
            if len(self._of) > self._capacity:
                self._of.popitem(last=False)
        return 0

    def count(self, key: str) -> int:
        """Returns how many attempts of a key are remembered."""
        with self._lock:
            return self._remembered(key, self._clock()).count

    def _remembered(self, key: str, now: float) -> _Attempts:
        attempts = self._of.get(key)
        if attempts is None or now - attempts.last_at > self._forgotten_after_s:
            return _Attempts()
        return attempts

    def succeeded(self, key: str, *, forget: bool = True) -> None:
        """Forgets all attempts of a key, or only the last."""
        with self._lock:
            if forget:
                self._of.pop(key, None)
            elif key in self._of:
                self._of[key].count -= 1
