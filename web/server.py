"""The server: takes its port first, warms up, prints its address when ready, keeps workers."""

import asyncio
import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Protocol

import click
import uvicorn
from fastapi import FastAPI
from prometheus_client.multiprocess import mark_process_dead
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ingest.extraction.reader.encoded import prepare_reading
from ingest.reading import readers
from kb.errors import KnowledgeBaseError, QueryError, QuisaitError, SettingsError
from kb.hints.spelling import ordinary_words
from kb.knowledge_base import KnowledgeBase
from kb.log_lines import log_lines
from kb.reference.communes import commune_in
from kb.registers.personal_data.traits import Retention
from kb.settings import Settings
from web.alerts.digests import Digests
from web.app import create_app
from web.http.i18n import Language
from web.http.security.throttle import SharedCounts
from web.mail import MailSender
from web.operations.monitoring import FOLDER_OF_WORKERS
from web.operations.serving import ANSWER_S, IDLE_S, GuardedProtocol, ServiceNotices, end_in_time
from web.privacy import Forgetting
from web.regularly import Regularly
from web.supervisor import Supervisor

MOST_FILES = 65_536  # open files that are asked for: more than any limit of connections
LOOK_EVERY_S = 0.25
TURN_S = 0.0005  # how long a thread runs before others: a search must not wait for long articles
BACKLOG = 256  # one burst opens so many connections before limits see them
HINTS_AFTER_S = 3.0  # how long after it listens a worker loads what only some answers need
SAVED_EVERY_S = 600.0
"""How often a worker looks whether much is new that searches would find out again."""

ANSWERS_WITHIN_S = 5  # how long answers in flight may take, once the server is told to end
INTERRUPTED = 128 + signal.SIGINT
_log = logging.getLogger(__name__)


def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    access_log: bool,
    on_ending: Callable[[int], object] = lambda _: None,
) -> None:
    """Serves until SIGTERM or an interruption; `on_ending` gets the exit code when the end begins.

    Raises SettingsError if the port is taken, KnowledgeBaseError if no base can be used.
    """
    with (
        # First, so that a port in use is told at once and not after the encoder is loaded.
        closing(_bound_socket(host, port)) as bound,
        closing(KnowledgeBase.open(settings)) as knowledge_base,
    ):
        prepare_reading()
        _raise_file_limit()
        if settings.workers == 1:
            warm_up(knowledge_base)
        sys.setswitchinterval(TURN_S)
        app = create_app(knowledge_base, settings, log_requests=access_log)
        once: list[Beside] = [
            Supervisor(knowledge_base),
            Forgetting(knowledge_base, Retention.of(settings)),
        ]
        if settings.sends_mail and knowledge_base.writable:
            digests = Digests(knowledge_base, settings, app.state.renderer)
            once += [MailSender(knowledge_base, settings), digests]
        service = ServiceNotices()

        def ready() -> None:
            gc.enable()
            address, taken = bound.getsockname()[:2]
            name = f"[{address}]" if ":" in address else address
            click.echo(f"Qui sait faire ? → http://{name}:{taken}")
            for background in once:
                background.start()
            service.ready()

        def ending(code: int) -> None:
            service.stopping()
            on_ending(code)

        if settings.workers > 1:
            code = _run_workers(
                settings, bound, once, ready, ending, service.alive, access_log=access_log
            )
        else:
            server = Server(app, settings, once, ready, ending, service.alive)
            server.run(sockets=[bound])
            code = server.code
    if code == INTERRUPTED:
        raise KeyboardInterrupt


class Beside(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Server(uvicorn.Server):
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
            # Room for a query of 10,000 characters: it is refused by us, in words.
            h11_max_incomplete_event_size=256 * 1024,
            lifespan="off",
            http=GuardedProtocol,
            ws="none",
            backlog=1,  # asyncio takes so many connections at once: other workers are for the rest
            limit_concurrency=settings.max_connections,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=ANSWERS_WITHIN_S,
        )
        super().__init__(config)
        config.load()
        loaded = config.loaded_app
        # The addresses of proxies that are trusted, which their middleware knows.
        proxies = loaded.trusted_hosts if isinstance(loaded, ProxyHeadersMiddleware) else ()
        app.state.proxies = proxies
        self._own: list[Beside] = [_SearchUpkeep(app.state.knowledge_base), readers()]
        self._once = once
        self._last: Beside = app.state.tallies
        self._on_ready, self._on_ending, self._alive = on_ready, on_ending, alive
        self.code = 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # Not uvicorn's, which raises the signal again in the end, and now and then loses it.
        # Ctrl-C may reach all processes: a worker ends when the one that started it says so.
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
            for each in sockets or ():
                each.listen(BACKLOG)
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
    with suppress(QueryError):
        knowledge_base.search("bonjour", limit=1)


def warm_up_hints(knowledge_base: KnowledgeBase) -> None:
    """Loads what is said beside answers: needs to compare with, places, dictionaries."""
    for language in Language:
        knowledge_base.related_needs.near("bonjour", language)
    commune_in("", "Angoulême")
    ordinary_words()


def _run_workers(
    settings: Settings,
    bound: socket.socket,
    once: Sequence[Beside],
    on_ready: Callable[[], object],
    on_ending: Callable[[int], object],
    alive: Callable[[], object],
    *,
    access_log: bool,
) -> int:
    """Runs workers until a signal; returns the code to exit with, or raises if none begins."""
    told: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: told.append(number))
    processes = multiprocessing.get_context("spawn")  # threads and models do not survive a fork
    # Together they search with the threads that one has: more would wait for each other.
    threads = settings.threads or max(1, (os.cpu_count() or 1) // settings.workers)
    own = settings.model_copy(update={"threads": threads})
    is_ready = processes.Event()
    workers: list[BaseProcess] = []
    with TemporaryDirectory(prefix="quisait-workers-") as folder:
        os.environ[FOLDER_OF_WORKERS] = folder
        counts = SharedCounts(Path(folder) / "counts")

        def start() -> BaseProcess:
            asked = (own, bound, counts.file, counts.secret, access_log, is_ready)
            process = processes.Process(target=_work, args=asked)
            # Ctrl-C reaches all processes: this one tells the others to end.
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)
            process.start()
            signal.signal(signal.SIGINT, before)
            return process

        try:
            workers += [start() for _ in range(settings.workers)]
            _keep(workers, start, told, is_ready, on_ready, alive)
            code = INTERRUPTED if told[0] == signal.SIGINT else 0
            on_ending(code)
            for worker in workers:
                worker.terminate()
            with ThreadPoolExecutor() as pool:
                list(pool.map(lambda background: background.stop(), once))
            for worker in workers:
                worker.join()
            return code
        finally:
            for worker in workers:
                worker.kill()
            del os.environ[FOLDER_OF_WORKERS]


def _keep(
    workers: list[BaseProcess],
    start: Callable[[], BaseProcess],
    told: Sequence[int],
    is_ready: Event,
    on_ready: Callable[[], object],
    alive: Callable[[], object],
) -> None:
    """Starts another worker where one ends, until a signal is told."""
    announced = False
    while not told:
        wait([worker.sentinel for worker in workers], LOOK_EVERY_S)
        alive()
        if is_ready.is_set() and not announced:
            announced = True
            on_ready()
        for place, worker in enumerate(workers):
            if worker.exitcode is None or told:
                continue
            if not announced:
                raise KnowledgeBaseError("no worker could begin: the log says why.")
            _log.warning("A worker ended with %s; another is started.", worker.exitcode)
            mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
            workers[place] = start()


def _work(
    settings: Settings,
    bound: socket.socket,
    counts: Path,
    secret: bytes,
    access_log: bool,
    is_ready: Event,
) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with log_lines(settings.log, settings.log_level):
        try:
            with closing(KnowledgeBase.open(settings)) as knowledge_base:
                warm_up(knowledge_base)
                sys.setswitchinterval(TURN_S)
                shared = SharedCounts(counts, secret)
                app = create_app(knowledge_base, settings, log_requests=access_log, counts=shared)
                Server(app, settings, [], is_ready.set, end_in_time).run(sockets=[bound])
        except QuisaitError as error:
            _log.error("A worker cannot begin: %s", error)
            sys.exit(1)
        finally:
            gc.freeze()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _raise_file_limit() -> None:
    with suppress(ImportError):  # a system without such limits
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


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
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # each connection has it from here
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, ANSWER_S * 1000)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise SettingsError(
            f"cannot listen on {host} port {port}: {error.strerror}. Choose another with --port."
        ) from None
    return bound
