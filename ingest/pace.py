"""Pace: where a long ingest is, how fast it goes, and a line of the log about it now and then."""

import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum

from kb.registers.clock import seconds_left

SAID_EVERY_S = 10.0
"""Time between two lines of the log."""

WINDOW_S = 60.0
"""The time over which the rate is the mean."""

_MARK_EVERY_S = 1.0

Clock = Callable[[], float]
"""Seconds since some moment."""


class Phase(StrEnum):
    """What an ingest is at."""

    READING = "reading"
    EMBEDDING = "embedding"
    WRITING = "writing"


AtPlace = Callable[[Phase, str], object]
"""Called with the phase that begins, and the file or address that it is about."""


def nowhere(_phase: Phase, _file: str) -> None:
    """Ignores the place."""


class Pace:
    """Where an ingest is, and how fast it goes. `total` is 0 as long as it is not known."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.done = 0
        self.total = 0
        self.phase = Phase.READING
        self.file = ""
        self._clock = clock
        self._marks = deque([(clock(), 0)])
        self._said_at = clock()

    def at(self, phase: Phase, file: str) -> None:
        self.phase, self.file = phase, file

    def advance(self, count: int) -> None:
        self.done += count
        moment = self._clock()
        if moment - self._marks[-1][0] < _MARK_EVERY_S:
            return
        self._marks.append((moment, self.done))
        while len(self._marks) > 2 and self._marks[1][0] < moment - WINDOW_S:
            self._marks.popleft()

    @property
    def per_second(self) -> float:
        """Records per second in the last minute; 0 where there is too little to tell."""
        since, done = self._marks[0]
        seconds = self._clock() - since
        return (self.done - done) / seconds if seconds >= 1 else 0.0

    @property
    def seconds_left(self) -> float:
        """How long it takes yet at this rate; 0 where that is not known."""
        return seconds_left(self.done, self.total, self.per_second)

    def line(self) -> str:
        """Says where it is: file, record of how many, rate, time left, phase."""
        of_all = f" of {max(self.total, self.done):,}" if self.total else ""
        rate = f", {self.per_second:,.1f} records/s" if self.per_second else ""
        left = f", {_duration(self.seconds_left)} left" if self.seconds_left else ""
        file = f"{self.file}: " if self.file else ""
        return f"{file}record {self.done:,}{of_all}{rate}{left}, {self.phase}"

    def due_line(self) -> str:
        """The line, if one has not been said for a while; else nothing."""
        if self._clock() - self._said_at < SAID_EVERY_S:
            return ""
        self._said_at = self._clock()
        return self.line()


def _duration(seconds: float) -> str:
    """A time in its two largest units: "2 h 05 min", "3 min", "40 s"."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min" if minutes else f"{rest} s"
