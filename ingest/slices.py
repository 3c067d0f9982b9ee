"""Slices of rows in their order: some are encoded in threads while others are read and written."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Generic, TypeVar

from kb.errors import InputError
from kb.knowledge_base import RowSlice

ENCODED_AT_ONCE = 2
"""Slices that are encoded at the same time: towards the end of one, cores have nothing to do."""

ENCODED_AHEAD = ENCODED_AT_ONCE
"""Slices that are encoded, or wait for it, while one is read: so the encoder hardly ever waits, and
few rows are in memory."""

_WATCHED_EVERY_S = 0.5

T = TypeVar("T")


class SlicesUnderWay(Generic[T]):
    """A queue of slices: each is prepared when it comes, encoded, and put in its turn.

    Args:
        put: called with each slice, in order, and what came with it, in the caller's thread; takes
            care of rows that are refused.
        watch: called now and then while the caller waits for the encoder; it may raise, to stop.
    """

    def __init__(self, put: Callable[[RowSlice, T], object], watch: Callable[[], object]) -> None:
        self._put = put
        self._watch = watch
        self._encoder = ThreadPoolExecutor(ENCODED_AT_ONCE, thread_name_prefix="encode")
        self._waiting: deque[tuple[RowSlice, T, Future[None]]] = deque()

    def add(self, rows: RowSlice, come_with: T) -> None:
        """Prepares a slice and has it encoded; puts those that came before."""
        with suppress(InputError, ValueError):  # it fails again in its turn, and is dealt with
            rows.prepare([earlier for earlier, _, _ in self._waiting])
        self._waiting.append((rows, come_with, self._encoder.submit(rows.encode)))
        self._put_all_but(ENCODED_AHEAD)

    def finish(self) -> None:
        """Puts all that are under way."""
        self._put_all_but(0)

    def close(self) -> None:
        """Ends the threads; what is under way then is abandoned."""
        for rows, _, future in self._waiting:
            future.cancel()
            rows.abandon()
        self._encoder.shutdown()

    def _put_all_but(self, count: int) -> None:
        while len(self._waiting) > count:
            rows, come_with, future = self._waiting[0]
            while not wait([future], _WATCHED_EVERY_S).done:
                self._watch()
            self._waiting.popleft()
            # What could not be encoded is tried again where it is put, and fails there.
            self._put(rows, come_with)
