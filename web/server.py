"""The server: takes its port first, warms up, and prints its address when it is ready."""

import asyncio
import math
import signal
import socket
import sys
import threading
from collections.abc import Callable, Container, Sequence
from contextlib import ExitStack, closing, suppress
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Protocol, cast

import click
import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ingest.extraction.proposals.reading_encoder import prepare_reading
from ingest.reading.readers import readers
from kb.encoder.encoder import Encoder
from kb.errors import QuisaitError, SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.registers.personal_data.retention import Retention
from kb.settings import Settings
from web.alerts.digests import Digests
from web.app import create_app
from web.embed.usage import SiteUsage
from web.http.templating import Renderer
from web.mail.sender import MailSender
from web.operations.connections import ConnectionLimits, PatientProtocol, ServedConnections
from web.operations.forking import start_process
from web.operations.metrics import SiteMetrics
from web.operations.searchers import Searchers
from web.operations.service import ServiceNotices
from web.operations.shared_encoder import share_encoder
from web.privacy import Forgetting
from web.searcher import TURN_S, prepare_results, run_searcher, warm_up, warm_up_hints
from web.supervisor import Supervisor

MOST_FILES = 65_536
"""Open files that are asked for: more than any limit of connections."""

SPARE_FILES = 256
"""Files that connections leave to the database, uploads and workers."""

HINTS_AFTER_S = 3.0
"""How long after it listens the server loads what only some answers need."""

SAVED_EVERY_S = 600.0
"""How often the server looks whether much is new that searches would find out again."""

ANSWERS_WITHIN_S = 5
"""How long answers in flight may take, once the server is told to end."""

INTERRUPTED = 128 + signal.SIGINT


def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    access_log: bool,
    encoder: Callable[[], Encoder] | None = None,
    on_ready: Callable[[], object] = lambda: None,
    on_ending: Callable[[int], object] = lambda _: None,
) -> None:
    """Serves the knowledge base until it is told to end, by SIGTERM or an interruption.

    `settings` say how many processes search (`web.operations.forking.divided`); `encoder` gives the
    encoder that they name, where it is being loaded. `on_ready` is called before the server
    listens; `on_ending` with the code to exit with, when that begins.

    Raises:
        SettingsError: the host and port cannot be listened on.
        KnowledgeBaseError: there is no knowledge base to serve, or it cannot be used.
    """
    sys.setswitchinterval(TURN_S)
    with (
        # First, so that a port in use is told at once and not after the encoder is loaded.
        closing(_bound_socket(host, port)) as bound,
        closing(KnowledgeBase.open(settings, encoder=encoder)) as knowledge_base,
        ExitStack() as in_the_end,
    ):
        searchers = _searchers(knowledge_base, settings, settings.workers - 1)
        if searchers:
            in_the_end.callback(searchers.close)
        warm_up(knowledge_base)
        prepare_reading()
        most = max(1, min(settings.max_connections, _raised_file_limit() - SPARE_FILES))
        limits = ConnectionLimits(most, settings.max_connections_per_address)
        app = create_app(knowledge_base, settings, log_requests=access_log, others=searchers)
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
            http=PatientProtocol,
            ws="none",
            # One burst opens so many connections before limits see them.
            backlog=256,
            timeout_keep_alive=math.ceil(limits.idle_s),
            timeout_graceful_shutdown=ANSWERS_WITHIN_S,
        )
        supervisor = Supervisor(knowledge_base)
        forgetting = Forgetting(knowledge_base, Retention.of(settings))
        upkeep = _SearchUpkeep(knowledge_base, app.state.renderer)
        beside: list[_Background] = [
            upkeep, supervisor, readers(), forgetting, app.state.demand_counter,
        ]  # fmt: skip
        if settings.sends_mail and knowledge_base.writable:
            digests = Digests(knowledge_base, settings, app.state.renderer)
            beside += [MailSender(knowledge_base, settings), digests]
        app.state.proxies = proxies = _proxies(config)
        metrics: SiteMetrics = app.state.metrics
        connections = ServedConnections(limits, proxies, metrics.connection_ended)
        metrics.connections.set_function(lambda: len(connections.connections))
        if searchers:
            searchers.on_found = metrics.searched
            metrics.watch_searchers(lambda: searchers.pids)
        server = _Server(
            config, _url(bound), beside, app.state.site_usage, connections, on_ending, searchers
        )
        on_ready()
        server.run(sockets=[bound])
    if server.interrupted:
        raise KeyboardInterrupt


class _Background(Protocol):
    """Work beside the answers, as long as the server runs."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class _SearchUpkeep:
    """Loads the dictionaries, what needs are compared with, and the page of results.

    Who needs them first waits. From then on, it saves what searches would else find out again,
    whenever much of that is new.
    """

    def __init__(self, knowledge_base: KnowledgeBase, renderer: Renderer) -> None:
        self._knowledge_base = knowledge_base
        self._renderer = renderer
        self._thread = threading.Thread(target=self._load, name="search upkeep", daemon=True)
        self._ending = threading.Event()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        # It may wait for another process to write an index: nothing is lost if it ends as it is.
        self._thread.join(ANSWERS_WITHIN_S)

    def _load(self) -> None:
        # Those who have waited for the server are answered first.
        if not self._ending.wait(HINTS_AFTER_S):
            with suppress(QuisaitError):  # whoever asks for it is told
                warm_up_hints(self._knowledge_base)
            prepare_results(self._renderer)
        can_save = self._knowledge_base.writable
        while can_save and not self._ending.is_set():
            with suppress(QuisaitError):
                self._knowledge_base.save_trades(lambda: not self._ending.is_set())
            self._ending.wait(SAVED_EVERY_S)


class _Server(uvicorn.Server):
    """Prints its address when it listens; meanwhile does what runs beside, and writes counts."""

    def __init__(
        self,
        config: uvicorn.Config,
        url: str,
        beside: Sequence[_Background],
        site_usage: SiteUsage,
        connections: ServedConnections,
        on_ending: Callable[[int], object],
        searchers: Searchers | None,
    ) -> None:
        super().__init__(config)
        self._searchers = searchers
        self.server_state = self._connections = connections
        self.interrupted = False
        self._url = url
        self._beside = beside
        self._site_usage = site_usage
        self._on_ending = on_ending
        self._service = ServiceNotices()
        self._looked_at = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # Not uvicorn's, which raises the signal again in the end: nothing after `run` would be
        # done, and once in a while the signal is lost.
        if self.should_exit:
            self.force_exit = True
            return
        self.should_exit = True
        self.interrupted = sig == signal.SIGINT

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._searchers:
            self._searchers.begin()
        await super().startup(sockets)
        if self.started:
            click.echo(f"Qui sait faire ? → {self._url}")
            for background in self._beside:
                background.start()
            self._site_usage.start()
            self._service.ready()

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:  # once a second
            now = asyncio.get_running_loop().time()
            self._connections.look(now - (self._looked_at or now))
            self._looked_at = now
            self._service.alive()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.stopping()
        self._on_ending(INTERRUPTED if self.interrupted else 0)
        self._connections.cut_half_sent()
        await asyncio.gather(
            super().shutdown(sockets),
            *(asyncio.to_thread(background.stop) for background in self._beside),
        )
        self._connections.cut_all()
        if self._searchers:
            await self._searchers.end()
        # When the last request is answered, and so counted.
        await asyncio.to_thread(self._site_usage.stop)


def _searchers(knowledge_base: KnowledgeBase, settings: Settings, count: int) -> Searchers | None:
    """Returns the searchers beside this process, if there are to be any."""
    if count < 1:
        return None

    def start(channel: socket.socket) -> BaseProcess:
        ours, theirs = socket.socketpair()
        share_encoder(lambda: knowledge_base.encoder, ours)
        with theirs:
            return start_process(run_searcher, channel, theirs, settings)

    return Searchers(knowledge_base, count, start)


def _proxies(config: uvicorn.Config) -> Container[str]:
    """Returns the addresses of proxies that are trusted, which their middleware knows."""
    config.load()
    app = config.loaded_app
    trusted = app.trusted_hosts if isinstance(app, ProxyHeadersMiddleware) else ()
    return cast("Container[str]", trusted)


def _raised_file_limit() -> int:
    """Lets this process open as many files as it may; returns how many."""
    try:
        import resource
    except ImportError:  # a system without such limits
        return MOST_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = MOST_FILES
    if soft != resource.RLIM_INFINITY and soft < min(hard, MOST_FILES):
        soft = min(hard, MOST_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST_FILES if soft == resource.RLIM_INFINITY else soft


def _bound_socket(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SettingsError(f"cannot listen on {host}: {error.strerror}.") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise SettingsError(
            f"cannot listen on {host} port {port}: {error.strerror}. Choose another with --port."
        ) from None
    return bound


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
