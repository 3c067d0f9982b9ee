"""Turns: few files are read at once, and of each who asks one, so that nobody waits for another's.

Who sends files that take long to read holds one place and no more, however many they are.
"""

import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from kb.errors import ReadersBusy

AT_ONCE = 2
"""Files read at once; the processes that read them give way to whoever searches."""

WAITING = 8
"""Readings that wait until one of these ends; more are told to come back."""

ASKER: ContextVar[str] = ContextVar("asker", default="")
"""On whose behalf this thread or task reads, such as the name of an account; empty for nobody
in particular, as in a worker, who may have all places."""


@dataclass(frozen=True, eq=False, slots=True)
class Turn:
    """A turn that begins with a call of `begin`, of whichever thread ends the one before."""

    asker: str
    begin: Callable[[], object]


class Turns:
    """Gives turns in the order of asking, but one at a time to each who asks.

    Of `waiting`, one who asks may have half.
    """

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._at_once = at_once
        self._may_wait = waiting
        self._lock = threading.Lock()
        self._begun: list[Turn] = []
        self._waiting: list[Turn] = []

    def ask(self, begin: Callable[[], object]) -> Turn:
        """Asks for a turn of `ASKER`, to be ended whether it has begun or not.

        Raises:
            ReadersBusy: too many wait, of all or of this one.
        """
        turn = Turn(ASKER.get(), begin)
        with self._lock:
            self._waiting.append(turn)
            next_ones = self._next()
            own = sum(turn.asker == other.asker for other in self._waiting)
            is_one_too_many = len(self._waiting) > self._may_wait or (
                turn.asker and own > self._may_wait // 2
            )
            if turn in self._waiting and is_one_too_many:
                self._waiting.remove(turn)
                raise ReadersBusy("readers_busy")
        for each in next_ones:
            each.begin()
        return turn

    def end(self, turn: Turn) -> None:
        with self._lock:
            (self._begun if turn in self._begun else self._waiting).remove(turn)
            next_ones = self._next()
        for each in next_ones:
            each.begin()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def _next(self) -> list[Turn]:
        """Takes those whose turn it is from those that wait."""
        found: list[Turn] = []
        for turn in [*self._waiting]:
            askers = {other.asker for other in self._begun} - {""}
            if len(self._begun) < self._at_once and turn.asker not in askers:
                self._waiting.remove(turn)
                self._begun.append(turn)
                found.append(turn)
        return found
