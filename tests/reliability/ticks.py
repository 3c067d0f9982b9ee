"""Ticks: the statements of SQL and operations on files of a process, at any of which it may end."""

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

_FILE_EVENTS = frozenset({"open", "os.rename", "os.remove", "os.truncate", "os.mkdir"})
"""The events of Python's audit hooks that are ticks, before what they tell of happens."""


class Ticks:
    """Counts ticks, and ends the process at the last one with SIGKILL; 0 is none."""

    def __init__(self, last: int) -> None:
        self.count = 0
        self._last = last
        self._counting = False

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Counts what happens inside. A hook of Python's cannot be taken back: once a process."""
        sys.addaudithook(self._hear)
        connect = sqlite3.connect

        def traced(*args: Any, **named: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(*args, **named)
            connection.set_trace_callback(lambda _: self._tick())
            return connection

        with patch("sqlite3.connect", traced):
            self._counting = True
            yield
            self._counting = False

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        writes = event != "open" or (isinstance(args[1], str) and args[1][0] in "wax+")
        if self._counting and event in _FILE_EVENTS and writes:
            self._tick()

    def _tick(self) -> None:
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
