"""Slows down guessing passwords, and never the holder of an account because others guess.

Attempts are counted by pairs of an address and an account, and by address over all accounts. A
known device is counted by itself alone: guesses from its address do not hold it up. Where many
guess at once, known devices, and addresses from which an account signed in lately, have turns of
their own.
"""

from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from anyio import CapacityLimiter

from web.http.security.throttle import Throttle

FREE_OF_PAIR = 5
FREE_OF_ADDRESS = 30
AT_ONCE = 1
"""How many passwords of strangers are looked at at once, and as many of those who are known.

Each takes 64 MB and a processor, for some 0.15 s: guesses leave the other processors alone.
"""

MAX_WAITING = 20
"""How many more may wait for that; who comes then is asked to come back."""

RETRY_AFTER_S = 5

TURNS_OF_KNOWN = 5
"""How many of those who are known as one account may have or wait for a turn: who knows a password
may sign in as often as they like, and not keep others from it."""

PAIRS_REMEMBERED = 10_000
"""Of how many accounts and addresses it is remembered, until a restart, that one signed in."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who says to be the holder of an account: the account's key, an address, a known device.

    `device` is empty unless the account signed in there before.
    """

    key: str
    host: str
    device: str = ""

    @property
    def pair(self) -> str:
        return f"{self.host} {self.key}"


class Crowded(Exception):
    """Too many wait for their password to be looked at."""


class SignInThrottle:
    """Counts attempts to sign in, and gives turns to look at passwords."""

    def __init__(self) -> None:
        self.of_pair = Throttle(free=FREE_OF_PAIR)
        self.of_address = Throttle(free=FREE_OF_ADDRESS)
        self.of_device = Throttle(free=FREE_OF_PAIR)
        self.strangers = CapacityLimiter(AT_ONCE)
        self.known = CapacityLimiter(AT_ONCE)
        self.turns: Counter[str] = Counter()
        """Of those who are known, by account; of all others by none."""
        self._known_pairs: OrderedDict[str, None] = OrderedDict()

    def wait_s(self, claimant: Claimant) -> float:
        """Counts an attempt and returns 0, or returns the seconds until the next is allowed."""
        if claimant.device:
            return self.of_device.attempt(claimant.device)
        return self.of_pair.attempt(claimant.pair) or self.of_address.attempt(claimant.host)

    def let_in(self, claimant: Claimant) -> None:
        """Forgets the attempts of who knew the password, and remembers whence they came."""
        self._known_pairs[claimant.pair] = None
        self._known_pairs.move_to_end(claimant.pair)
        if len(self._known_pairs) > PAIRS_REMEMBERED:
            self._known_pairs.popitem(last=False)
        if claimant.device:
            self.of_device.succeeded(claimant.device)
            return
        self.of_pair.succeeded(claimant.pair)
        # One's own account must not open the door to try those of others.
        self.of_address.succeeded(claimant.host, forget=False)

    @asynccontextmanager
    async def turn(self, claimant: Claimant) -> AsyncIterator[None]:
        """Waits for a turn and holds it.

        Raises:
            Crowded: too many wait already.
        """
        is_known = claimant.device or claimant.pair in self._known_pairs
        limiter = self.known if is_known else self.strangers
        if limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise Crowded
        counted = claimant.key if is_known else ""
        if counted and self.turns[counted] >= TURNS_OF_KNOWN:
            raise Crowded
        self.turns[counted] += 1
        try:
            async with limiter:
                yield
        finally:
            self.turns[counted] -= 1
            if not self.turns[counted]:
                del self.turns[counted]
