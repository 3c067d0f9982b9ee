"""The reading processes of this process: few, reused, and few readings that wait for one.

Only lines of JSON go between: a taken process can lie about its file, and no more.
"""

import atexit
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import astuple, dataclass
from itertools import islice
from typing import Any, BinaryIO, cast

from ingest.sandbox.serving import IDLE_SECONDS, ReadingLimits
from ingest.sandbox.shapes import Misshapen, refusal
from kb.errors import InputError, ReadersBusy

_KEPT_VARIABLES = (
    "PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "TESSDATA_PREFIX",
    "LANG", "LC_ALL", "LC_CTYPE", "PYTHONUTF8", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT",
)  # fmt: skip
"""What of the environment a reading process gets: no setting, and so no secret."""
_VARIABLES = {
    # A pool of threads, and an arena of memory for each, are address space that nobody uses.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "ARROW_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
_STARTS_WITHIN_S = 120.0  # the first answer comes when all of its code is loaded
_REUSED_WITHIN_S = IDLE_SECONDS - 60  # a process idle for longer may be about to end by itself
_ENDS_WITHIN_S = 5.0
AT_ONCE = 2  # files read at once; the processes that read them give way to whoever searches
WAITING = 8  # readings that wait until one of these ends; more are told to come back
ASKER: ContextVar[str] = ContextVar("asker", default="")
"""Whom this thread reads for, such as an account; empty for nobody, who may have all places."""
_log = logging.getLogger(__name__)


class _TooLarge(Exception):
    """A line of an answer is larger than it may be."""


class ReaderProcess:
    """A process that does one task after the other; `idle_since` is 0 once it is of no use."""

    def __init__(self, refusals: Mapping[str, type[InputError]]) -> None:
        self.idle_since = 0.0
        self._refusals = refusals
        self._timed_out = False
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        self._process = subprocess.Popen(
            # -P: a folder called `ingest` where this process was started is not ours.
            [sys.executable, "-P", "-m", "ingest.sandbox.serving"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**environment, **_VARIABLES},
            # A group of its own: what it starts is ended with it, and Ctrl-C is not its concern.
            start_new_session=True,
        )
        self._to = cast("BinaryIO", self._process.stdin)
        self._from = cast("BinaryIO", self._process.stdout)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_fresh(self) -> bool:
        is_idle = self.idle_since and time.monotonic() - self.idle_since < _REUSED_WITHIN_S
        return bool(is_idle) and self._process.poll() is None

    def answers(
        self,
        task: str,
        limits: ReadingLimits,
        content: bytes | None,
        arguments: Mapping[str, object],
    ) -> Iterator[object]:
        """Has a task done, and yields the parts of its answer as values of JSON."""
        self.idle_since = 0.0
        head = [task, arguments, astuple(limits), None if content is None else len(content)]
        most, left = limits.answer_mb << 20, limits.seconds
        try:
            with self._watched(_STARTS_WITHIN_S):
                self._to.write(json.dumps(head).encode() + b"\n")
                self._to.flush()
                self._line(100)
            with self._watched(left):
                self._to.write(content or b"")
                self._to.flush()
            while True:
                began = time.monotonic()
                with self._watched(left):
                    kind, said, goes_on = self._line(most)
                left -= time.monotonic() - began
                if kind != "part":
                    break
                yield said
            if goes_on is True:
                self.idle_since = time.monotonic()
            if kind != "end":
                raise self._refused(kind, said, limits)
        except InputError:
            raise
        except (OSError, EOFError, ValueError, TypeError, RecursionError, _TooLarge) as error:
            self.idle_since = 0.0
            raise self._breach(error, limits) from None
        finally:
            if not self.idle_since:
                self.end()

    def _line(self, most: int) -> tuple[str, Any, object]:
        line = self._from.readline(most + 1)
        if len(line) > most:
            raise _TooLarge
        if not line.endswith(b"\n"):
            raise EOFError
        kind, said, goes_on = json.loads(line)
        return kind, said, goes_on

    def end(self) -> None:
        self.kill()
        for stream in (self._to, self._from):
            with suppress(OSError):
                stream.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDS_WITHIN_S)

    def kill(self) -> None:
        """Kills the process and what it started; who waits for an answer hears so."""
        with suppress(OSError):
            if hasattr(os, "killpg"):  # also once it ended: what it started may live on
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def _refused(self, kind: str, said: Any, limits: ReadingLimits) -> InputError:
        match kind, said:
            case "memory", _:
                return InputError("reading_memory", most=limits.memory_mb)
            case "refused", _:
                return refusal(said, self._refusals)
            case "unreadable", str(reason):
                return InputError("unreadable", reason=reason[:100])
            case "damaged", str(name) if name.isidentifier():
                return InputError("damaged_file", kind=name[:100])
        raise Misshapen

    def _breach(self, error: Exception, limits: ReadingLimits) -> InputError:
        """What to say of a process that ended, was ended, or said what it should not."""
        with suppress(subprocess.TimeoutExpired):
            if isinstance(error, EOFError | OSError):
                self._process.wait(_ENDS_WITHIN_S)
        code = self._process.poll()
        if self._timed_out:
            return InputError("reading_time", most=int(limits.seconds))
        if code is not None and code == -getattr(signal, "SIGXCPU", 0):
            return InputError("reading_time", most=limits.cpu_seconds)
        if code == -signal.SIGABRT:  # as libraries in Rust and C++ do that get no memory
            return InputError("reading_memory", most=limits.memory_mb)
        if isinstance(error, _TooLarge):
            return InputError("reading_answer", most=limits.answer_mb)
        _log.warning("a process that read a file ended with %s", code)
        return InputError("reading_crash")

    @contextmanager
    def _watched(self, seconds: float) -> Iterator[None]:
        """Kills the process if what is done meanwhile takes longer than this."""
        watch = threading.Timer(max(0.0, seconds), self._expire)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _expire(self) -> None:
        self._timed_out = True
        self.kill()


@dataclass(frozen=True, eq=False, slots=True)
class Turn:
    """A turn that begins with a call of `begin`, of whichever thread ends the one before."""

    asker: str
    begin: Callable[[], object]


class Turns:
    """Gives turns in the order of asking, one at a time to each asker, with half of `waiting`."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._at_once = at_once
        self._may_wait = waiting
        self._lock = threading.Lock()
        self._begun: list[Turn] = []
        self._waiting: list[Turn] = []

    def ask(self, begin: Callable[[], object]) -> Turn:
        """Asks for a turn of `ASKER`, to be ended whether it has begun or not."""
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


class ReaderPool:
    """Asks reading processes, from any thread; a file may be refused with the `refusals`."""

    def __init__(
        self,
        refusals: Mapping[str, type[InputError]],
        *,
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
    ) -> None:
        self._refusals = refusals
        self._idle: list[ReaderProcess] = []
        self._busy: set[ReaderProcess] = set()
        self._is_stopped = False
        self._lock = threading.Lock()
        self._turns = Turns(at_once, waiting)
        atexit.register(self.close)

    def stream(
        self, task: str, limits: ReadingLimits, content: bytes | None = None, **arguments: object
    ) -> Iterator[object]:
        """Calls `module:function` with the content and arguments there, and yields its parts.

        The clock stands still between the parts. Raises `InputError` if the file is
        refused, exceeds a limit or ends its process, and `ReadersBusy` if too many wait or
        the pool was stopped.
        """
        with self._place():
            reader = self._taken()
            try:
                yield from reader.answers(task, limits, content, arguments)
            except InputError:
                if self._is_stopped:
                    raise ReadersBusy("readers_stopped") from None
                raise
            finally:
                with self._lock:
                    self._busy.discard(reader)
                    if reader.idle_since:
                        self._idle.append(reader)

    def ask(
        self, task: str, limits: ReadingLimits, content: bytes | None = None, **arguments: object
    ) -> object:
        """Returns the only part of an answer; raises as `stream`."""
        parts = [*islice(self.stream(task, limits, content, **arguments), 2)]
        if len(parts) != 1:
            raise InputError("reading_crash")
        return parts[0]

    @property
    def pids(self) -> list[int]:
        with self._lock:
            return [reader.pid for reader in (*self._busy, *self._idle)]

    def start(self) -> None:
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
            while self._idle:
                reader = self._idle.pop()
                if reader.is_fresh:
                    break
                reader.end()
            else:
                reader = ReaderProcess(self._refusals)
            self._busy.add(reader)
            return reader
