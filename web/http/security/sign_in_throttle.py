"""Slows down guessing passwords; strangers from networks with few recent guesses go first."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property

from web.http.security.throttle import SharedCounts, Throttle, wide_network_of

FREE_OF_PAIR = 5
FREE_OF_ADDRESS = 30
MAX_WAITING = 20
"""How many may wait while one password is checked, which takes 64 MB and some 0.15 s."""

RETRY_AFTER_S = 5
_SIGNED_IN = "signed in"


@dataclass(frozen=True)
class Claimant:
    """Who says to hold an account; `device` is empty unless it signed in there before."""

    key: str
    host: str
    device: str = ""

    @property
    def pair(self) -> str:
        return f"{self.host} {self.key}"

    @cached_property
    def network(self) -> str:
        return wide_network_of(self.host)


class Crowded(Exception):
    """Too many wait for their password to be looked at."""


class TurnQueue:
    """Gives one turn at a time: to whose `rank` is lowest, and of equals to who came first."""

    def __init__(self, rank: Callable[[Claimant], int]) -> None:
        self._rank = rank
        self._at_turn: asyncio.Event | None = None
        self.waiting: dict[asyncio.Event, Claimant] = {}

    @asynccontextmanager
    async def turn(self, claimant: Claimant) -> AsyncIterator[None]:
        """Waits for a turn and holds it; raises `Crowded` if too many come before."""
        called = asyncio.Event()
        self.waiting[called] = claimant
        self._call_next()
        if len(self.waiting) > MAX_WAITING:  # the last one is told that there is no turn for them
            last = max(reversed(self.waiting), key=lambda one: self._rank(self.waiting[one]))
            del self.waiting[last]
            last.set()
        try:
            await called.wait()
            if self._at_turn is not called:
                raise Crowded
            yield
        finally:
            self.waiting.pop(called, None)
            if self._at_turn is called:
                self._at_turn = None
                self._call_next()

    def _call_next(self) -> None:
        if self._at_turn is None and self.waiting:
            first = min(self.waiting, key=lambda one: self._rank(self.waiting[one]))
            del self.waiting[first]
            self._at_turn = first
            first.set()


class SignInThrottle:
    def __init__(self, counts: SharedCounts | None = None) -> None:
        self._counts = counts = counts or SharedCounts()
        self.of_pair = Throttle(counts, "sign in of pair", free=FREE_OF_PAIR)
        self.of_address = Throttle(counts, "sign in of address", free=FREE_OF_ADDRESS)
        self.of_network = Throttle(counts, "sign in of network", free=sys.maxsize)
        """Holds nobody up: who share a network are many."""
        self.of_device = Throttle(counts, "sign in of device", free=FREE_OF_PAIR)
        self.strangers = TurnQueue(self._guesses_around)
        # Who knows a password may sign in as often as they like, and not keep others from it.
        self.known = TurnQueue(self._waiting_of_account)

    def wait_s(self, claimant: Claimant) -> float:
        """Counts an attempt and returns 0, or returns the seconds until the next is allowed."""
        if claimant.device:
            return self.of_device.attempt(claimant.device)
        return (
            self.of_pair.attempt(claimant.pair)
            or self.of_address.attempt(claimant.host)
            or self.of_network.attempt(claimant.network)
        )

    def let_in(self, claimant: Claimant) -> None:
        with self._counts.change(_SIGNED_IN, claimant.pair) as known:
            known.count, known.at = 1, time.monotonic()
        if claimant.device:
            self.of_device.succeeded(claimant.device)
            return
        self.of_pair.succeeded(claimant.pair)
        # One's own account must not open the door to try those of others.
        self.of_address.succeeded(claimant.host, forget=False)
        self.of_network.succeeded(claimant.network, forget=False)

    def turn(self, claimant: Claimant) -> AbstractAsyncContextManager[None]:
        is_known = claimant.device or self._counts.get(_SIGNED_IN, claimant.pair).count
        return (self.known if is_known else self.strangers).turn(claimant)

    def _waiting_of_account(self, claimant: Claimant) -> int:
        return sum(one.key == claimant.key for one in self.known.waiting.values())

    def _guesses_around(self, claimant: Claimant) -> int:
        """Ranks by the guesses from the network times those from the address, in powers of two."""
        of_network = self.of_network.count(claimant.network)
        return of_network.bit_length() + self.of_address.count(claimant.host).bit_length()
