"""How long connections may take and which give way, and what systemd is told (sd_notify(3))."""

import asyncio
import logging
import math
import os
import socket
import threading
import time
from contextlib import suppress
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_S = 15.0
BODY_S = 30.0
BYTES_PER_S = 1_000  # how much of a body gives its client a further second, up to `BODY_S`
IDLE_S = 65  # longer than proxies keep a connection (nginx: 60 s), so that they close it and not we
ANSWER_S = 30  # how long the system waits for a client that takes nothing of an answer


class GuardedProtocol(H11Protocol):
    """A connection with a time-out for requests; gives way to new ones, idle ones first."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.deadline = math.inf
        """When the client must have sent more; passed already where the connection is idle."""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_until(self.loop.time() + HEADER_S)
        if self.limit_concurrency and len(self.connections) >= self.limit_concurrency:
            others = cast("set[GuardedProtocol]", self.connections - {self})
            first = min(others, key=lambda one: one.deadline, default=self)
            if first.deadline < math.inf:
                first.cut()

    def data_received(self, data: bytes) -> None:
        before = self.conn.their_state
        super().data_received(data)
        now, state = self.loop.time(), self.conn.their_state
        if state is h11.IDLE:
            if not now < self.deadline < math.inf:
                self._wait_until(now + HEADER_S)
        elif state is not h11.SEND_BODY:
            self.deadline = math.inf
        elif before is h11.SEND_BODY:
            self._wait_until(min(self.deadline + len(data) / BYTES_PER_S, now + BODY_S))
        else:
            self._wait_until(now + BODY_S)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE:
            self.deadline = self.loop.time()

    def shutdown(self) -> None:
        if self.deadline < math.inf:
            self.cut()
        else:
            super().shutdown()

    def cut(self) -> None:
        self.deadline = math.inf
        self.transport.abort()

    def _wait_until(self, deadline: float) -> None:
        self.deadline = deadline
        if self._timer is None:
            self._timer = self.loop.call_at(deadline, self._look)

    def _look(self) -> None:
        self._timer, now = None, self.loop.time()
        if self.deadline == math.inf or self.timeout_keep_alive_task is not None:
            return
        if self.flow.read_paused or (self.cycle and self.cycle.waiting_for_100_continue):
            self.deadline = now + BODY_S  # it is for us to go on
        if now < self.deadline:
            self._wait_until(self.deadline)
        else:
            self.cut()


ENDS_WITHIN_S = 9.0
"""How long a server that is told to end may take: the machine is told ten seconds."""

_log = logging.getLogger(__name__)


def end_in_time(code: int) -> None:
    """Ends the process with a code after `ENDS_WITHIN_S`: a thread cannot be interrupted."""

    def end() -> None:
        _log.warning("Something still ran %.0f s after the server was told to end.", ENDS_WITHIN_S)
        os._exit(code)

    timer = threading.Timer(ENDS_WITHIN_S, end)
    timer.daemon = True
    timer.start()


class ServiceNotices:
    """Sends notices to the manager that started this process, if there is one."""

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", "")
        # Twice as often as the manager wants to hear of it.
        watchdog = os.environ.pop("WATCHDOG_USEC", "")
        self._every_s = int(watchdog) / 2e6 if watchdog.isdecimal() else 0.0
        self._last_at = 0.0

    def ready(self) -> None:
        self._send("READY=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Says so if it is time to: whoever calls this often enough need not count."""
        now = time.monotonic()
        if self._every_s and now - self._last_at >= self._every_s:
            self._last_at = now
            self._send("WATCHDOG=1")

    def _send(self, notice: str) -> None:
        if not self._address:
            return
        # An address that begins with @ is of the abstract namespace, whose names begin with NUL.
        address = self._address.replace("@", "\0", 1) if self._address[0] == "@" else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.connect(address)
            sending.sendall(notice.encode())
