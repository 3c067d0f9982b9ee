"""Connections: how long each may take to send a request, and which give way where there are many.

uvicorn itself ends only connections that are idle between two requests: half a header or half a
body would stay for good. What an answer waits for that nobody reads, the system ends.
"""

import asyncio
import math
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_S = 15.0
BODY_S = 30.0
BYTES_PER_S = 1_000
"""How much of a body gives its client a further second, up to `BODY_S`."""

IDLE_S = 65
"""Longer than proxies keep a connection (nginx: 60 s), so that they close it and not we."""

ANSWER_S = 30
"""How long the system waits for a client that takes nothing of an answer."""


class GuardedProtocol(H11Protocol):
    """A connection whose client has so long to send a request.

    Where there are as many as are served at once, one that waits for its client gives way to the
    next: idle ones first, then the one that is to be cut soonest.
    """

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
        """Ends what is answered; a server that ends waits for no half-sent request."""
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
