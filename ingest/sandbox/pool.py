"""The reading processes of this process: few, reused, and few that wait for one.

`concurrent.futures` and pebble have pools too. They pickle what comes back, know no limit but time,
and give a result whole, where a directory is read row by row: hence this one.
"""

import atexit
import os
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

from ingest.sandbox.limits import ReadingLimits
from ingest.sandbox.reader_process import ReaderProcess, StaleProcess
from ingest.sandbox.turns import AT_ONCE, WAITING, Turns
from kb.errors import InputError, ReadersBusy

_MAX_STALE = 3

_POOLS: "weakref.WeakSet[ReaderPool]" = weakref.WeakSet()


class ReaderPool:
    """Asks reading processes of a module, from any thread, and starts them when they are needed.

    `refusals` are the errors that a file may be refused with, by their names.
    """

    def __init__(
        self,
        module: str,
        refusals: Mapping[str, type[InputError]],
        *,
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
    ) -> None:
        self._module = module
        self._refusals = refusals
        self._at_once, self._waiting = at_once, waiting
        self._idle: list[ReaderProcess] = []
        self._busy: set[ReaderProcess] = set()
        self._is_stopped = False
        self._begin()
        _POOLS.add(self)
        atexit.register(self.close)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._turns = Turns(self._at_once, self._waiting)

    def forget(self) -> None:
        """Leaves the processes to the parent of this process, which was forked from it.

        Both would write into the same pipes, and get each other's answers.
        """
        for reader in (*self._idle, *self._busy):
            reader.forget()
        self._idle, self._busy = [], set()
        self._begin()

    def stream(
        self,
        task: str,
        arguments: Mapping[str, object],
        limits: ReadingLimits,
        content: bytes = b"",
    ) -> Iterator[object]:
        """Yields the parts of an answer, as values of JSON. The clock stands still between them.

        Raises:
            InputError: the file is refused, exceeds a limit, or ends the process that reads it.
            ReadersBusy: too many others wait already, or too many for the same `ASKER`; or the
                pool was stopped.
        """
        with self._place():
            for _ in range(_MAX_STALE):
                reader = self._taken()
                try:
                    yield from reader.answers(task, arguments, limits, content)
                except StaleProcess:
                    continue
                except InputError:
                    if self._is_stopped:
                        raise ReadersBusy("readers_stopped") from None
                    raise
                finally:
                    self._give_back(reader)
                return
            raise InputError("reading_crash")

    def ask(
        self,
        task: str,
        arguments: Mapping[str, object],
        limits: ReadingLimits,
        content: bytes = b"",
    ) -> object:
        """Returns the only part of an answer; raises as `stream`."""
        parts = [*islice(self.stream(task, arguments, limits, content), 2)]
        if len(parts) != 1:
            raise InputError("reading_crash")
        return parts[0]

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes, of those that read first."""
        with self._lock:
            return [reader.pid for reader in (*self._busy, *self._idle)]

    def start(self) -> None:
        """Reads again, after a stop."""
        self._is_stopped = False

    def stop(self) -> None:
        """Ends the processes. Who is being read, waits or asks is told to come back."""
        self._is_stopped = True
        self.close()

    def close(self) -> None:
        """Ends the processes. What is being read is told to be broken."""
        with self._lock:
            idle, self._idle = self._idle, []
            for reader in self._busy:  # its own thread does the rest
                reader.kill()
        for reader in idle:
            reader.end()

    @contextmanager
    def _place(self) -> Iterator[None]:
        begun = threading.Event()
        turn = self._turns.ask(begun.set)
        try:
            begun.wait()
            yield
        finally:
            self._turns.end(turn)

    def _taken(self) -> ReaderProcess:
        with self._lock:
            if self._is_stopped:
                raise ReadersBusy("readers_stopped")
            reader = self._idle.pop() if self._idle else ReaderProcess(self._module, self._refusals)
            self._busy.add(reader)
            return reader

    def _give_back(self, reader: ReaderProcess) -> None:
        with self._lock:
            self._busy.discard(reader)
            if not reader.is_over:
                self._idle.append(reader)


def _forget_all() -> None:
    for pool in _POOLS:
        pool.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
