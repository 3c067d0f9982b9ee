"""What a reading process does: task after task, until nobody asks any more.

It begins with nothing of the program that asked but the folders of its code, and ends by itself
when it was idle for long, has read many files, or once needed much memory.
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from typing import Any, BinaryIO

from ingest.sandbox.limits import ReadingLimits, limit_for, limit_for_good, peak_memory_mb
from ingest.sandbox.shapes import plain
from kb.errors import InputError

IDLE_SECONDS = 300
MAX_TASKS = 100
"""Files that a process reads: a library that keeps something of each does so for few."""

LEAVES_AT_MB = 400
"""A process that once had so much in use ends: it would not give it back."""

_log = logging.getLogger(__name__)


def serve() -> None:
    """Does the tasks that come by the standard input, and answers by the standard output."""
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
