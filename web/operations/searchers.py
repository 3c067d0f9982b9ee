"""The searchers of a server: started with it, handed what is searched, and started anew.

Python runs one thread of a process at a time, so a second processor needs a second process. Those
that visitors reach would each need what this one knows of them: how often each asked, who is
signing in, how many connections there are. So visitors reach one process, and it hands searches,
which take nearly all of the time, to the freest of all: itself, or one of its searchers. To hand
one over takes 2 ms, so that it keeps what comes while it searches nothing.
"""

import asyncio
import itertools
import logging
import socket
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from kb.knowledge_base import KnowledgeBase
from kb.log_lines import request_id
from kb.messages import N_
from web.http.refusals import Refusal
from web.operations.frames import frame_of, next_frame

MAX_PAUSE_S = 60.0
READY_WITHIN_S = 300.0
"""After how long a searcher that is not ready is ended: it may have to make a large index first."""

SILENT_S = 120.0
"""After how long a searcher that says nothing is ended, and another started."""

ASKED_EVERY_S = 10.0
CURRENT_WITHIN_S = 5.0
"""How long a searcher has to say whether its index is current."""

ENDS_WITHIN_S = 2.0
RETRY_AFTER_S = 2

REQUEST_ID = b"x-request-id"
_AS_IT_IS = ("http_version", "method", "scheme", "path", "root_path", "client", "server")

_log = logging.getLogger(__name__)


class SearcherGone(Exception):
    """A searcher ended before it had answered."""


@dataclass(eq=False)
class _Desk:
    """Where searches are made: this process, or a searcher; and which are being made there."""

    number: int = 0
    in_hand: Counter[str] = field(default_factory=Counter)

    @property
    def load(self) -> int:
        return self.in_hand.total()

    def is_open(self) -> bool:
        return True


@dataclass(eq=False)
class _Searcher(_Desk):
    """A process, and what it was asked and has not answered."""

    start: Callable[[socket.socket], BaseProcess] = field(kw_only=True)
    process: BaseProcess | None = None
    writer: asyncio.StreamWriter | None = None
    awaited: dict[int, "asyncio.Future[tuple[dict[str, Any], bytes]]"] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    failures: int = 0
    channel: socket.socket | None = None

    def launch(self) -> socket.socket:
        """Starts the process; returns the socket at which it is heard."""
        self.channel, theirs = socket.socketpair()
        with theirs:
            self.process = self.start(theirs)
        return self.channel

    def is_open(self) -> bool:
        return self.writer is not None

    async def ask(self, head: dict[str, object]) -> tuple[dict[str, Any], bytes]:
        """Asks, and returns the head and the body of the answer.

        Raises:
            SearcherGone: it ends, or has ended.
        """
        if self.writer is None:
            raise SearcherGone
        number = next(self.numbers)
        answer: asyncio.Future[tuple[dict[str, Any], bytes]] = asyncio.Future()
        self.awaited[number] = answer
        try:
            self.writer.write(frame_of({"id": number, **head}))
            return await answer
        finally:
            self.awaited.pop(number, None)

    def lose(self) -> None:
        """Tells all who wait that it is gone."""
        if self.writer is not None:
            self.writer.close()
        self.writer = None
        for answer in self.awaited.values():
            if not answer.done():
                answer.set_exception(SearcherGone())

    def end(self, within_s: float = 0.0) -> int | None:
        """Waits for its end, and ends it if that takes too long; returns its exit code."""
        if self.channel is not None:
            self.channel.close()
        if self.process is None:
            return None
        self.process.join(within_s)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        return self.process.exitcode


class Searchers:
    """`count` searchers beside this process. Used in its event loop."""

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        count: int,
        start: Callable[[socket.socket], BaseProcess],
        on_found: Callable[[str, float], None] = lambda _fit, _seconds: None,
    ) -> None:
        """`start` starts a searcher at a socket; `on_found` is told of each search."""
        self.count = count
        self.on_found = on_found
        self._base = knowledge_base
        self._here = _Desk()
        self._searchers = [_Searcher(number, start=start) for number in range(1, count + 1)]
        self._tasks: list[asyncio.Task[None]] = []
        self._is_ending = False

    def begin(self) -> None:
        """Starts the processes; until each is ready, the others answer, this one at first."""
        for searcher in self._searchers:
            self._tasks.append(asyncio.create_task(self._keep(searcher)))
            self._tasks.append(asyncio.create_task(self._look_after(searcher)))

    async def end(self) -> None:
        """Ends the searchers; those that do not finish what they are at, too."""
        self._is_ending = True
        for searcher in self._searchers:
            searcher.lose()
        await asyncio.gather(
            *(asyncio.to_thread(searcher.end, ENDS_WITHIN_S) for searcher in self._searchers)
        )
        for task in self._tasks:
            task.cancel()

    def close(self) -> None:
        """Ends the searchers at once, where the event loop did not begin or did not end well."""
        self._is_ending = True
        for searcher in self._searchers:
            searcher.end()

    @property
    def pids(self) -> Sequence[int]:
        """The numbers of the processes that answer now."""
        return [
            cast("int", searcher.process.pid)
            for searcher in self._searchers
            if searcher.is_open() and searcher.process
        ]

    async def are_current(self) -> bool:
        """Returns whether the next search finds what the base holds, whoever answers it."""
        with suppress(SearcherGone, TimeoutError):
            async with asyncio.timeout(CURRENT_WITHIN_S):
                asked = [one.ask({"current": True}) for one in self._searchers if one.is_open()]
                return all(head["current"] for head, _ in await asyncio.gather(*asked))
        return False

    @asynccontextmanager
    async def place(self, request: Request) -> AsyncIterator[Response | None]:
        """Has the freest process answer; gives None, and counts on it, if that is this one.

        Raises:
            Refusal: 503, two searchers have ended while they were at it.
        """
        for _ in range(2):
            place, asked = self._desk_for(request), _asked(request)
            place.in_hand[asked] += 1
            try:
                if not isinstance(place, _Searcher):
                    yield None
                    return
                answer = await self._answer_of(place, request)
            except SearcherGone:
                continue
            finally:
                place.in_hand[asked] -= 1
                place.in_hand += Counter()  # forgets what is done
            yield answer
            return
        raise Refusal(
            503,
            N_("Very many people are searching now. Try again in a few seconds."),
            {"Retry-After": str(RETRY_AFTER_S)},
        )

    def _desk_for(self, request: Request) -> _Desk:
        # Of equals the last: this process has all visitors to see to.
        places = [one for one in (*self._searchers, self._here) if one.is_open()]
        if self._base.worder is not None:
            # What a language model said of a need is remembered where it was asked.
            need = request.query_params.get("q", "")
            return places[zlib.crc32(need.encode(errors="replace")) % len(places)]
        asked = _asked(request)
        same = [one for one in places if one.in_hand[asked]]  # which computes it once
        if same:
            return same[0]
        # Where nothing is searched for here, no other process need be told and woken.
        return min(places, key=lambda one: one.load) if self._here.load else self._here

    async def _answer_of(self, searcher: _Searcher, request: Request) -> Response:
        head, body = await searcher.ask({"scope": _told(request)})
        response = Response(body, head["status"])
        response.raw_headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in head["headers"]
        ]
        return response

    async def _keep(self, searcher: _Searcher) -> None:
        """Listens to a searcher, and starts it anew whenever it ends."""
        while True:
            try:
                await self._listen(await self._launched(searcher), searcher)
            except (EOFError, OSError) as error:
                _log.debug("A searcher is gone: %s", error)
            searcher.lose()
            if self._is_ending:
                return
            code = await asyncio.to_thread(searcher.end, 1.0)
            searcher.failures += 1
            pause = min(2.0 ** (searcher.failures - 1), MAX_PAUSE_S)
            _log.warning("A searcher ended with %s; the next starts in %.0f s.", code, pause)
            await asyncio.sleep(pause)

    async def _launched(self, searcher: _Searcher) -> socket.socket:
        try:
            return await asyncio.to_thread(searcher.launch)
        except OSError as error:
            _log.warning("A searcher could not be started: %s", error)
            raise

    async def _listen(self, channel: socket.socket, searcher: _Searcher) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=channel)
        try:
            try:
                async with asyncio.timeout(READY_WITHIN_S):
                    await next_frame(reader)
            except TimeoutError:
                _log.warning("A searcher is not ready after %.0f s, and is ended.", READY_WITHIN_S)
                return
            searcher.writer = writer
            while True:
                head, body = await next_frame(reader)
                searcher.failures = 0
                for fit, seconds in head["found"]:
                    self.on_found(fit, seconds)
                answer = searcher.awaited.get(head["id"])
                if answer is not None and not answer.done():
                    answer.set_result((head, body))
        finally:
            writer.close()

    async def _look_after(self, searcher: _Searcher) -> None:
        """Ends a searcher that says nothing for long: another is started in its place."""
        while True:
            await asyncio.sleep(ASKED_EVERY_S)
            try:
                async with asyncio.timeout(SILENT_S):
                    await searcher.ask({})
            except SearcherGone:
                continue
            except TimeoutError:
                _log.warning("A searcher says nothing, and is ended.")
                if searcher.process:
                    searcher.process.kill()


def _asked(request: Request) -> str:
    """What is asked: the same wherever it is asked is computed once there."""
    return f"{request.url.path}?{request.url.query}"


def _told(request: Request) -> dict[str, object]:
    """What a searcher is told of a request."""
    scope = request.scope
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in scope["headers"]
        if name != REQUEST_ID
    ]
    return {
        **{name: scope.get(name) for name in _AS_IT_IS},
        "raw_path": scope.get("raw_path", b"").decode("latin-1"),
        "query_string": scope["query_string"].decode("latin-1"),
        "headers": [*headers, (REQUEST_ID.decode(), request_id.get())],
    }
