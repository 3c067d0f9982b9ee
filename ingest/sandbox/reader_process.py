"""A reading process, as the one that asks sees it: started, asked, watched by the clock, ended."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from typing import BinaryIO, cast

from ingest.sandbox.limits import ReadingLimits
from ingest.sandbox.shapes import Misshapen, refusal
from ingest.sandbox.wire import (
    BrokenWire,
    FrameKind,
    NothingMore,
    TooMuch,
    receive,
    send,
    unpacked,
)
from kb.errors import InputError

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
_STARTS_WITHIN_S = 120.0
"""The first answer comes when all of its code is loaded."""

_ENDS_WITHIN_S = 5.0

_log = logging.getLogger(__name__)


class StaleProcess(Exception):
    """The process had ended before it began with the task: another one may do it."""


class ReaderProcess:
    """A process that does tasks of a module, one after the other.

    It can be asked by one thread at a time. After an error other than `InputError`, and where
    `is_over`, it is of no more use.
    """

    def __init__(self, module: str, refusals: Mapping[str, type[InputError]]) -> None:
        self.is_over = False
        self._refusals = refusals
        self._timed_out = False
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        self._process = subprocess.Popen(
            # -P: a folder called `ingest` where this process was started is not ours.
            [sys.executable, "-P", "-m", module],
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

    def answers(
        self, task: str, arguments: Mapping[str, object], limits: ReadingLimits, content: bytes
    ) -> Iterator[object]:
        """Has a task done, and yields the parts of its answer as values of JSON.

        Raises:
            InputError: the file is refused, or reading it exceeds a limit or ends the process.
            StaleProcess: the process had ended before.
        """
        head = {"task": task, "arguments": arguments, "limits": astuple(limits)}
        left = limits.seconds
        self.is_over = True
        try:
            with self._watched(_STARTS_WITHIN_S):
                send(self._to, FrameKind.TASK, json.dumps(head).encode())
                kind, _ = receive(self._from, 0)
        except (BrokenWire, OSError):
            self.end()
            raise StaleProcess from None
        try:
            with self._watched(left):
                send(self._to, FrameKind.CONTENT, content)
            while True:
                began = time.monotonic()
                with self._watched(left):
                    kind, said = receive(self._from, limits.answer_mb << 20)
                left -= time.monotonic() - began
                if kind is not FrameKind.PART:
                    break
                yield unpacked(said)
            self.is_over = said[:1] != b"0"
            if kind is not FrameKind.END:
                raise self._refused(kind, said[1:], limits)
        except (BrokenWire, OSError, Misshapen) as error:
            raise self._breach(error, limits) from None
        finally:
            if self.is_over:
                self.end()

    def end(self) -> None:
        """Ends the process and what it started."""
        self.is_over = True
        self.kill()
        for stream in (self._to, self._from):
            with contextlib.suppress(OSError):
                stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDS_WITHIN_S)

    def forget(self) -> None:
        """Lets go of a process that is another's, without a word to it."""
        self.is_over = True
        self._process.returncode = 0
        for stream in (self._to, self._from):
            with contextlib.suppress(OSError):
                stream.close()

    def kill(self) -> None:
        """Kills the process and what it started; who waits for an answer hears so."""
        if self._process.poll() is not None:
            return
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def _refused(self, kind: FrameKind, said: bytes, limits: ReadingLimits) -> InputError:
        if kind is FrameKind.NO_MEMORY:
            return InputError("reading_memory", most=limits.memory_mb)
        parts = unpacked(said)
        if kind is FrameKind.REFUSED:
            return refusal(parts, self._refusals)
        match parts:
            case ["unreadable", {"reason": str(reason)}]:
                return InputError("unreadable", reason=reason[:100])
            case ["damaged_file", {"kind": str(name)}] if name.isidentifier():
                return InputError("damaged_file", kind=name[:100])
        raise Misshapen

    def _breach(self, error: Exception, limits: ReadingLimits) -> InputError:
        """Says why there is no answer."""
        code = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            # Its code comes a moment after its last word.
            code = self._process.wait(_ENDS_WITHIN_S if isinstance(error, NothingMore) else 0)
        if self._timed_out:
            return InputError("reading_time", most=int(limits.seconds))
        if code is not None and code == -getattr(signal, "SIGXCPU", 0):
            return InputError("reading_time", most=limits.cpu_seconds)
        if code == -signal.SIGABRT:  # as libraries in Rust and C++ do that get no memory
            return InputError("reading_memory", most=limits.memory_mb)
        if isinstance(error, TooMuch):
            return InputError("reading_answer", most=limits.answer_mb)
        _log.warning("a process that read a file ended with %s", code)
        return InputError("reading_crash")

    @contextlib.contextmanager
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
