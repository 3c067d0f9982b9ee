"""What a reading process does: task after task within limits, until nobody asks any more."""

import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Self

from ingest.sandbox.shapes import plain
from kb.errors import InputError

NICENESS = 10  # niceness of a reading process: whoever searches goes first
OOM_SCORE_ADJ = 500  # of 1,000: it is ended sooner than others where memory is short
MAX_WRITTEN_MB = 256  # the file of the languages that it tells apart has 75
MAX_HANDLES = 64  # files that a reading process may have open


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """The most that reading a file may take.

    `memory_mb` is address space, in 2**20 bytes; `seconds` is time of the clock, which whoever
    waits keeps; `answer_mb` bounds each part of an answer.
    """

    memory_mb: int
    cpu_seconds: int
    seconds: float
    answer_mb: int

    def for_bytes(self, size: int, *, unit: int, most_memory_mb: int) -> Self:
        """The limits of a file that is read piece by piece: they grow with each `unit` of bytes."""
        times = 1 + size / unit
        return replace(
            self,
            memory_mb=max(self.memory_mb, min(int(self.memory_mb * times), most_memory_mb)),
            cpu_seconds=int(self.cpu_seconds * times),
            seconds=self.seconds * times,
        )


def limit_for_good() -> None:
    """Lowers the priority of this process, and leaves no core; threads are the user's to limit."""
    if hasattr(os, "nice"):
        os.nice(max(0, NICENESS - os.nice(0)))
    score = Path("/proc/self/oom_score_adj")
    with contextlib.suppress(OSError, ValueError):  # only Linux has it
        score.write_text(str(max(OOM_SCORE_ADJ, int(score.read_text("ascii")))), "ascii")
    try:
        import resource
    except ImportError:  # on Windows, the clock alone is kept
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    handles = _within(resource.getrlimit(resource.RLIMIT_NOFILE)[1], MAX_HANDLES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (handles, handles))


def limit_for(limits: ReadingLimits) -> None:
    """Limits this process until it is called again. Times and sizes count from now."""
    try:
        import resource
    except ImportError:
        return
    spent = resource.getrusage(resource.RUSAGE_SELF)
    for which, most in (
        (resource.RLIMIT_AS, limits.memory_mb << 20),
        (resource.RLIMIT_CPU, int(spent.ru_utime + spent.ru_stime) + 1 + limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, MAX_WRITTEN_MB << 20),
    ):
        hard = resource.getrlimit(which)[1]
        # Some systems know a limit by name only.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(which, (_within(hard, most), hard))


def peak_memory_mb() -> int:
    """The most memory of this process; `ru_maxrss` would begin with that of its parent."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM")), 0)


def _within(hard: int, most: int) -> int:
    return most if hard < 0 else min(hard, most)


IDLE_SECONDS = 300
MAX_TASKS = 100  # a library that keeps something of each file does so for few
LEAVES_AT_MB = 400  # a process that once had so much in use ends: it would not give it back
_log = logging.getLogger(__name__)


def serve() -> None:
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What a library prints must not get among the answers.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    # As long as the process lives, so that nothing closes it; and the null device is no path.
    sys.stdin, sys.stdout = open(os.devnull, encoding="utf-8"), sys.stderr  # noqa: PTH123, SIM115
    limit_for_good()
    for left in reversed(range(MAX_TASKS)):
        line = requests.readline() if _is_asked(requests) else b""
        if not line:
            return
        task, arguments, limits, size = json.loads(line)
        _say(answers, "begun")
        content = () if size is None else (requests.read(size),)
        try:
            kind, said = _done(answers, partial(_called, task, *content, **arguments), limits)
        except BrokenPipeError:  # whoever asked wants no more
            return
        goes_on = left > 0 and kind != "memory" and peak_memory_mb() < LEAVES_AT_MB
        _say(answers, kind, said, goes_on)
        if not goes_on:
            return


def _called(task: str, *content: bytes, **arguments: Any) -> Iterator[object]:
    """What a function yields or returns; who asked, which is trusted, names it."""
    module, _, name = task.partition(":")
    answer = getattr(import_module(module), name)(*content, **arguments)
    yield from answer if isinstance(answer, Iterator) else (answer,)


def _done(
    answers: BinaryIO, task: Callable[[], Iterator[object]], limits: Sequence[Any]
) -> tuple[str, object]:
    """Says the parts of an answer; returns the last word."""
    try:
        limit_for(ReadingLimits(*limits))
        for part in task():
            _say(answers, "part", plain(part))
    except InputError as error:
        return "refused", [type(error).__name__, plain(error.remark)]
    except MemoryError:
        return "memory", None
    except BrokenPipeError:
        raise
    except OSError as error:
        return "unreadable", error.strerror or type(error).__name__
    except Exception as error:  # noqa: BLE001 (whatever a hostile file finds in parsers)
        _log.info("a file cannot be read", exc_info=True)
        return "damaged", type(error).__name__
    return "end", None


def _say(answers: BinaryIO, kind: str, said: object = None, goes_on: bool = False) -> None:
    line = json.dumps([kind, said, goes_on], ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair, which UTF-8 has not, is kept.
    answers.write(line.encode("utf-8", "surrogatepass") + b"\n")
    answers.flush()


def _is_asked(requests: BinaryIO) -> bool:
    """Waits for a task, but not for ever."""
    if os.name != "posix":
        return True
    import select

    return bool(select.select([requests], [], [], IDLE_SECONDS)[0])


if __name__ == "__main__":
    serve()
