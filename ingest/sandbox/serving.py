"""What a reading process does: task after task, until nobody asks any more.

It begins with nothing of the program that asked but the folders of its code, and ends by itself
when it was idle for long, has read many files, or once needed much memory.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from ingest.sandbox.limits import ReadingLimits, limit_for, limit_for_good, peak_memory_mb
from ingest.sandbox.shapes import plain
from ingest.sandbox.wire import BrokenWire, FrameKind, packed, receive, send, unpacked
from kb.errors import InputError

IDLE_SECONDS = 300
MAX_TASKS = 100
"""Files that a process reads: a library that keeps something of each does so for few."""

LEAVES_AT_MB = 400
"""A process that once had so much in use ends: it would not give it back."""

Task = Callable[[Mapping[str, Any], bytes], Iterator[object]]
"""Reads by arguments and the bytes of a file, if it is not named; yields the parts of the
answer, as values of JSON.

Raises:
    InputError: it cannot be read.
"""

_log = logging.getLogger(__name__)


def serve(tasks: Mapping[str, Task]) -> None:
    """Does the tasks that come by the standard input, and answers by the standard output."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What a library prints must not get among the answers.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    # As long as the process lives, so that nothing closes it; and the null device is no path.
    sys.stdin, sys.stdout = open(os.devnull, encoding="utf-8"), sys.stderr  # noqa: PTH123, SIM115
    limit_for_good()
    for done in range(1, MAX_TASKS + 1):
        if not _is_asked(requests):
            return
        try:
            _, head = receive(requests, 1 << 30)
            task, arguments, limits = _read_task(head)
            send(answers, FrameKind.BEGUN)
            _, content = receive(requests, 1 << 30)
        except BrokenWire:  # whoever asks has ended
            return
        if not _answered(
            answers, tasks[task], arguments, content, limits, is_last=done == MAX_TASKS
        ):
            return


def _read_task(head: bytes) -> tuple[str, Mapping[str, Any], ReadingLimits]:
    task: Any = unpacked(head)
    return task["task"], task["arguments"], ReadingLimits(*task["limits"])


def _answered(
    answers: BinaryIO,
    task: Task,
    arguments: Mapping[str, Any],
    content: bytes,
    limits: ReadingLimits,
    *,
    is_last: bool,
) -> bool:
    """Answers a task; returns whether this process may go on to the next."""
    kind, said = FrameKind.END, b""
    try:
        limit_for(limits)
        for part in task(arguments, content):
            send(answers, FrameKind.PART, packed(part))
    except InputError as error:
        kind, said = FrameKind.REFUSED, packed([type(error).__name__, plain(error.remark)])
    except MemoryError:
        kind = FrameKind.NO_MEMORY
    except BrokenPipeError:  # whoever asked wants no more
        return False
    except OSError as error:
        said = packed(["unreadable", {"reason": error.strerror or type(error).__name__}])
        kind = FrameKind.FAILED
    except Exception as error:  # noqa: BLE001 (whatever a hostile file finds in parsers)
        _log.info("a file cannot be read", exc_info=True)
        kind = FrameKind.FAILED
        said = packed(["damaged_file", {"kind": type(error).__name__}])
    is_last = is_last or kind is FrameKind.NO_MEMORY or peak_memory_mb() >= LEAVES_AT_MB
    send(answers, kind, (b"1" if is_last else b"0") + said)
    return not is_last


def _is_asked(requests: BinaryIO) -> bool:
    """Waits for a task, but not for ever."""
    if os.name != "posix":
        return True
    import select

    return bool(select.select([requests], [], [], IDLE_SECONDS)[0])
