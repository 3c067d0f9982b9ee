"""The answering process: the application in uvicorn, with what each worker does beside it."""

import asyncio
import gc
import logging
import multiprocessing
import signal
import socket
import sys
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from types import FrameType
from typing import Protocol, cast

import uvicorn
from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ingest.reading import readers
from kb.errors import QueryError, QuisaitError
from kb.hints.spelling import ordinary_words
from kb.knowledge_base import KnowledgeBase
from kb.reference.communes import commune_in
from kb.settings import Settings
from web.app import create_app
from web.http.i18n import Language
from web.http.security.throttle import SharedCounts
from web.operations.connections import IDLE_S, GuardedProtocol
from web.regularly import Regularly

TURN_S = 0.0005
"""After how long a thread gives way to another: a search waits for a turn wherever it lets go of
the interpreter, and a long article that is searched for proposals would take the usual 5 ms."""

BACKLOG = 256
"""One burst opens so many connections before limits see them."""

HINTS_AFTER_S = 3.0
"""How long after it listens a worker loads what only some answers need."""

SAVED_EVERY_S = 600.0
"""How often a worker looks whether much is new that searches would find out again."""

ANSWERS_WITHIN_S = 5
"""How long answers in flight may take, once the server is told to end."""

INTERRUPTED = 128 + signal.SIGINT

_log = logging.getLogger(__name__)


class Beside(Protocol):
    """Work beside the answers, as long as the server runs."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Server(uvicorn.Server):
    """A worker: answers, and does what runs beside."""

    def __init__(
        self,
        app: FastAPI,
        settings: Settings,
        once: Sequence[Beside],
        on_ready: Callable[[], object],
        on_ending: Callable[[int], object],
        alive: Callable[[], object] = lambda: None,
    ) -> None:
        """Of `once`, which `on_ready` starts, it only sees to the end."""
        config = uvicorn.Config(
            app,
            # Ours is the log of requests, without their words; that of failures goes its way.
            log_config=None,
            access_log=False,
            server_header=False,
            # Room for a query of 10,000 characters, percent-encoded: it is refused by us, in
            # words, and not by the parser of requests.
            h11_max_incomplete_event_size=256 * 1024,
            lifespan="off",
            http=GuardedProtocol,
            ws="none",
            backlog=BACKLOG,
            limit_concurrency=settings.max_connections,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=ANSWERS_WITHIN_S,
        )
        super().__init__(config)
        config.load()
        app.state.proxies = _proxies(config)
        state = app.state
        self._own: Sequence[Beside] = [
            _SearchUpkeep(state.knowledge_base), readers(),
        ]  # fmt: skip
        self._once = once
        self._last: Beside = state.tallies
        self._on_ready, self._on_ending, self._alive = on_ready, on_ending, alive
        self.code = 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # Not uvicorn's, which raises the signal again in the end: nothing after `run` would be
        # done, and once in a while the signal is lost.
        # Ctrl-C, and a service manager, may tell all processes: a worker ends once, and when the
        # process that started it says so.
        is_worker = multiprocessing.parent_process() is not None
        if is_worker and sig == signal.SIGINT:
            return
        if self.should_exit:
            self.force_exit = not is_worker
            return
        self.should_exit = True
        self.code = INTERRUPTED if sig == signal.SIGINT else 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            gc.freeze()  # what is loaded now stays until the end: there is nothing to look for
            for background in (*self._own, self._last):
                background.start()
            self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:  # once a second
            self._alive()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_ending(self.code)
        await asyncio.gather(
            super().shutdown(sockets),
            *(asyncio.to_thread(background.stop) for background in (*self._own, *self._once)),
        )
        # When the last request is answered, and so counted.
        await asyncio.to_thread(self._last.stop)


class _SearchUpkeep(Regularly):
    """Loads what hints need, so that nobody waits for it, and saves trades that are new."""

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        # Those who have waited for the server are answered first.
        super().__init__("search upkeep", self._keep, SAVED_EVERY_S, first_after_s=HINTS_AFTER_S)
        self._knowledge_base = knowledge_base

    def _keep(self) -> None:
        with suppress(QuisaitError):  # whoever asks for it is told
            warm_up_hints(self._knowledge_base)
        if self._knowledge_base.writable:
            with suppress(QuisaitError):
                self._knowledge_base.save_trades(self.goes_on)


def warm_up(knowledge_base: KnowledgeBase) -> None:
    """Loads the encoder and the index, so that no visitor waits for them."""
    with suppress(QueryError):
        knowledge_base.search("bonjour", limit=1)


def warm_up_hints(knowledge_base: KnowledgeBase) -> None:
    """Loads what is said beside answers: needs to compare with, places, dictionaries."""
    for language in Language:
        knowledge_base.related_needs.near("bonjour", language)
    commune_in("", "Angoulême")
    ordinary_words()


def application(
    knowledge_base: KnowledgeBase, settings: Settings, counts: SharedCounts, *, access_log: bool
) -> FastAPI:
    sys.setswitchinterval(TURN_S)
    return create_app(knowledge_base, settings, log_requests=access_log, counts=counts)


def _proxies(config: uvicorn.Config) -> Container[str]:
    """Returns the addresses of proxies that are trusted, which their middleware knows."""
    app = config.loaded_app
    trusted = app.trusted_hosts if isinstance(app, ProxyHeadersMiddleware) else ()
    return cast("Container[str]", trusted)
