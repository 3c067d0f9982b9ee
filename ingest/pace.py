"""Pace: where a long ingest is, how fast it goes, and a line of the log about it now and then."""

import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum

from kb.registers.clock import seconds_left

SAID_EVERY_S = 10.0  # time between two lines of the log
WINDOW_S = 60  # the time over which the rate is the mean


class Phase(StrEnum):
    READING = "reading"
    EMBEDDING = "embedding"
    WRITING = "writing"


class Watch:
    """Follows an ingest; this one ignores it. `advance` may raise, to end it."""

    def expect(self, _count: int) -> None:
        """Takes up how many records there are; 0 if it is not known."""

    def at(self, _phase: Phase, _file: str) -> None:
        """Takes up the phase that begins, and the file or address that it is about."""

    def advance(self, _count: int = 1) -> None:
        """Takes up the number of records read since the last call."""


class Pace(Watch):
    """Where an ingest is, and how fast it goes. `total` is 0 as long as it is not known."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.done = 0
        self.total = 0
        self.phase = Phase.READING
        self.file = ""
        self._clock = clock
        self._marks = deque([(clock(), 0)], maxlen=WINDOW_S)  # at most one a second
        self._said_at = clock()

    def expect(self, count: int) -> None:
        self.total = count

    def at(self, phase: Phase, file: str) -> None:
        self.phase, self.file = phase, file

    def advance(self, count: int = 1) -> None:
        self.done += count
        moment = self._clock()
        if moment - self._marks[-1][0] >= 1:
            self._marks.append((moment, self.done))

    @property
    def per_second(self) -> float:
        since, done = self._marks[0]
        seconds = self._clock() - since
        return (self.done - done) / seconds if seconds >= 1 else 0.0

    def line(self) -> str:
        """Says where it is: file, record of how many, rate, time left, phase."""
        rate, left = self.per_second, seconds_left(self.done, self.total, self.per_second)
        return "".join(
            [
                f"{self.file}: " if self.file else "",
                f"record {self.done:,}",
                f" of {max(self.total, self.done):,}" if self.total else "",
                f", {rate:,.1f} records/s" if rate else "",
                f", {_duration(left)} left" if left else "",
                f", {self.phase}",
            ]
        )

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
