"""Connections: how long each may keep the server waiting, and how many there may be.

`PatientProtocol` is uvicorn's protocol of h11 with patience. uvicorn itself ends only connections
that are idle between two requests: half a header, half a body, or an answer that nobody reads would
stay for good, and take a file of the process each.
"""

import logging
from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from web.http.security.throttle import network_of

if TYPE_CHECKING:
    import asyncio

LONGEST_LOOK_S = 2.0
"""Most time that a look takes away: what came while the server was busy is not read yet."""

RETRY_AFTER_S = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be, and the patience with each, in seconds.

    While a body is received or an answer read, each `bytes_per_s` bytes give a second back.
    """

    most: int = 1_000
    most_of_address: int = 100
    idle_s: float = 65.0
    """Longer than proxies keep a connection (nginx: 60 s), so that they close it and not we."""
    header_s: float = 15.0
    body_s: float = 30.0
    answer_s: float = 30.0
    rest_s: float = 10.0
    bytes_per_s: int = 1_000


class WaitedFor(StrEnum):
    """What a connection waits for; all but `US` is up to the client."""

    US = "us"
    IDLE = "idle"
    """A next request, of which nothing has come."""
    HEADER = "header"
    BODY = "body"
    REST = "rest"
    """The rest of a body that is answered already, so that the client comes to read the answer."""
    ANSWER = "answer"
    """The client, to read the answer."""


class ServedConnections(ServerState):
    """The connections of a server, each of a `PatientProtocol`, within limits.

    Addresses in `proxies` have as many as there may be in all: each is many visitors.
    """

    def __init__(
        self,
        limits: ConnectionLimits = ConnectionLimits(),
        proxies: Container[str] = (),
        on_end: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`on_end` is told why a connection was refused or cut, in a word."""
        super().__init__()
        self.limits = limits
        self._proxies = proxies
        self._on_end = on_end
        self._of_address: Counter[str] = Counter()

    def admit(self, newcomer: "PatientProtocol") -> bool:
        """Takes in a connection if there is room; one that waits for its client may give way."""
        if len(self.connections) > self.limits.most and not self._make_room(newcomer):
            return False
        address = newcomer.address
        if address not in self._proxies:
            network = network_of(address)
            if self._of_address[network] >= self.limits.most_of_address and not self._make_room(
                newcomer, network
            ):
                return False
            self._of_address[network] += 1
            newcomer.counted_as = network
        return True

    def release(self, gone: "PatientProtocol") -> None:
        if gone.counted_as:
            self._of_address[gone.counted_as] -= 1
            if not self._of_address[gone.counted_as]:
                del self._of_address[gone.counted_as]
            gone.counted_as = ""

    def look(self, seconds: float) -> None:
        """Takes so much time from the patience with each connection; cuts those without any."""
        for connection in self._all():
            connection.look(min(seconds, LONGEST_LOOK_S))

    def cut_half_sent(self) -> None:
        """Cuts what still sends its request: the server ends, and does not wait for it."""
        for connection in self._all():
            if connection.waited_for in {WaitedFor.HEADER, WaitedFor.BODY, WaitedFor.REST}:
                connection.cut("stop")

    def cut_all(self) -> None:
        for connection in self._all():
            connection.cut("stop")

    def ended(self, why: str) -> None:
        self._on_end(why)

    def _all(self) -> "list[PatientProtocol]":
        return cast("list[PatientProtocol]", [*self.connections])

    def _make_room(self, newcomer: "PatientProtocol", network: str = "") -> bool:
        """Cuts the connection, of a network if given, that has made the server wait longest."""
        waiting = [
            connection
            for connection in self._all()
            if connection is not newcomer
            and not connection.was_cut
            and network in {"", connection.counted_as}
            and connection.waited_for is not WaitedFor.US
        ]
        if not waiting:
            return False
        min(waiting, key=PatientProtocol.claim_to_stay).cut("room")
        return True


class PatientProtocol(H11Protocol):
    """A connection whose client is waited for as long as the limits allow."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.served = cast("ServedConnections", self.server_state)
        limits = self.served.limits
        self._full = {
            WaitedFor.US: 1.0,
            WaitedFor.IDLE: limits.idle_s,
            WaitedFor.HEADER: limits.header_s,
            WaitedFor.BODY: limits.body_s,
            WaitedFor.REST: limits.rest_s,
            WaitedFor.ANSWER: limits.answer_s,
        }
        self.counted_as = ""
        self.was_cut = False
        self._has_begun = True  # whoever connects has something to ask
        self._seen: tuple[WaitedFor, object] | None = (WaitedFor.HEADER, None)
        self._patience = limits.header_s
        self._received = 0
        self._unread = 0

    @property
    def address(self) -> str:
        return self.client[0] if self.client else ""

    @property
    def waited_for(self) -> WaitedFor:
        if self.transport.get_write_buffer_size():
            return WaitedFor.ANSWER
        if self.conn.their_state is h11.IDLE:
            return WaitedFor.HEADER if self._has_begun else WaitedFor.IDLE
        if self.conn.their_state is h11.SEND_BODY and not (
            self.flow.read_paused or self.cycle.waiting_for_100_continue
        ):
            return WaitedFor.REST if self.cycle.response_complete else WaitedFor.BODY
        return WaitedFor.US

    def claim_to_stay(self) -> tuple[bool, float]:
        """Idle connections give way first, then those with whom least patience is left."""
        waited_for = self.waited_for
        return waited_for is not WaitedFor.IDLE, self._patience / self._full[waited_for]

    def connection_made(self, transport: "asyncio.Transport") -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self.served.admit(self):
            self._refuse()

    def connection_lost(self, exc: Exception | None) -> None:
        self.served.release(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        self._has_begun = self.conn.their_state is h11.IDLE

    def resume_writing(self) -> None:
        self._seen = None  # much was read: patience begins anew
        super().resume_writing()

    def on_response_complete(self) -> None:
        self._has_begun = False
        super().on_response_complete()

    def look(self, seconds: float) -> None:
        """Takes so much time from the patience, if it is for the client to go on."""
        seen = waited_for, _ = self.waited_for, self.cycle
        unread = self.transport.get_write_buffer_size()
        full = self._full[waited_for]
        before, self._seen = self._seen, seen
        if seen != before:
            self._patience = full
        elif waited_for in {WaitedFor.BODY, WaitedFor.ANSWER}:
            moved = self._received if waited_for is WaitedFor.BODY else self._unread - unread
            given = max(moved, 0) / self.served.limits.bytes_per_s
            self._patience = min(self._patience + given, full)
        self._received, self._unread = 0, unread
        if seen == before and waited_for is not WaitedFor.US:
            self._patience -= seconds
            if self._patience <= 0:
                self.cut(waited_for)

    def cut(self, why: str) -> None:
        """Ends the connection at once, with what it has not sent or read."""
        if not self.was_cut:
            self.was_cut = True
            self.served.ended(why)
            self.transport.abort()

    def _refuse(self) -> None:
        _log.debug("A connection was refused: there are too many")
        self.served.ended("refused")
        body = b"Too many connections."
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Retry-After", str(RETRY_AFTER_S)),
            ("Connection", "close"),
        ]
        events = (
            h11.Response(status_code=503, headers=headers),
            h11.Data(body),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
