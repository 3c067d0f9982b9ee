"""The server: takes its port first, warms up, and prints its address when it is ready.

Workers are equal: each is a process with the same application on the same base, and the system
deals out connections. With several, the process that was started starts them, and does what is
done once for a site: jobs, mails, forgetting.
"""

import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from prometheus_client.multiprocess import mark_process_dead

from ingest.extraction.proposals.reading_encoder import prepare_reading
from kb.errors import KnowledgeBaseError, QuisaitError, SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.log_lines import log_lines
from kb.registers.personal_data.traits import Retention
from kb.settings import Settings
from web.alerts.digests import Digests
from web.answering import INTERRUPTED, Beside, Server, application, warm_up
from web.http.security.throttle import SharedCounts
from web.mail import MailSender
from web.operations.connections import ANSWER_S
from web.operations.metrics import FOLDER_OF_WORKERS
from web.operations.service import ServiceNotices, end_in_time
from web.privacy import Forgetting
from web.supervisor import Supervisor

MOST_FILES = 65_536
"""Open files that are asked for: more than any limit of connections."""

LOOK_EVERY_S = 0.25

_log = logging.getLogger(__name__)


def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    access_log: bool,
    on_ending: Callable[[int], object] = lambda _: None,
) -> None:
    """Serves the knowledge base until it is told to end, by SIGTERM or an interruption.

    `on_ending` is called with the code to exit with, when the end begins.

    Raises:
        SettingsError: the host and port cannot be listened on.
        KnowledgeBaseError: there is no knowledge base to serve, or it cannot be used.
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
        app = application(knowledge_base, settings, SharedCounts(), access_log=access_log)
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
            click.echo(f"Qui sait faire ? → {_url(bound)}")
            for background in once:
                background.start()
            service.ready()

        def ending(code: int) -> None:
            service.stopping()
            on_ending(code)

        if settings.workers > 1:
            with _starting(settings, bound, access_log=access_log) as (start, is_ready):
                workers = _Workers(settings.workers, start, is_ready, ready, service.alive)
                code = workers.run(once, ending)
        else:
            server = Server(app, settings, once, ready, ending, service.alive)
            server.run(sockets=[bound])
            code = server.code
    if code == INTERRUPTED:
        raise KeyboardInterrupt


class _Workers:
    """Several workers: started anew where one ends, and ended with this process."""

    def __init__(
        self,
        count: int,
        start: Callable[[], BaseProcess],
        is_ready: Event,
        on_ready: Callable[[], object],
        alive: Callable[[], object],
    ) -> None:
        self._count, self._start = count, start
        self._is_ready, self._on_ready, self._alive = is_ready, on_ready, alive
        self._told: list[int] = []

    def run(self, once: Sequence[Beside], on_ending: Callable[[int], object]) -> int:
        """Runs until a signal; returns the code to exit with.

        Raises:
            KnowledgeBaseError: a worker could not begin.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda told, _: self._told.append(told))
        workers = [self._start() for _ in range(self._count)]
        try:
            self._keep(workers)
            code = INTERRUPTED if self._told[0] == signal.SIGINT else 0
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

    def _keep(self, workers: list[BaseProcess]) -> None:
        announced = False
        while not self._told:
            wait([worker.sentinel for worker in workers], LOOK_EVERY_S)
            self._alive()
            if self._is_ready.is_set() and not announced:
                announced = True
                self._on_ready()
            for place, worker in enumerate(workers):
                if worker.exitcode is None or self._told:
                    continue
                if not announced:
                    raise KnowledgeBaseError("no worker could begin: the log says why.")
                _log.warning("A worker ended with %s; another is started.", worker.exitcode)
                mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
                workers[place] = self._start()


@contextmanager
def _starting(
    settings: Settings, bound: socket.socket, *, access_log: bool
) -> Iterator[tuple[Callable[[], BaseProcess], Event]]:
    """Gives what starts a worker, and what is set when one is ready."""
    processes = multiprocessing.get_context("spawn")  # threads and models do not survive a fork
    with TemporaryDirectory(prefix="quisait-workers-") as folder:
        os.environ[FOLDER_OF_WORKERS] = folder
        counts = SharedCounts(Path(folder) / "counts")
        is_ready = processes.Event()
        # Together they search with the threads that one has: more would wait for each other.
        threads = settings.threads or max(1, (os.cpu_count() or 1) // settings.workers)
        own = settings.model_copy(update={"threads": threads})

        def start() -> BaseProcess:
            asked = (own, bound, counts.file, counts.secret, access_log, is_ready)
            process = processes.Process(target=_work, args=asked)
            # Ctrl-C reaches all processes: this one tells the others to end.
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)
            process.start()
            signal.signal(signal.SIGINT, before)
            return process

        try:
            yield start, is_ready
        finally:
            del os.environ[FOLDER_OF_WORKERS]


def _work(
    settings: Settings,
    bound: socket.socket,
    counts: Path,
    secret: bytes,
    access_log: bool,
    is_ready: Event,
) -> None:
    """Is a worker, until it is told to end or the process that started it is gone."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with log_lines(settings.log, settings.log_level):
        try:
            with closing(KnowledgeBase.open(settings)) as knowledge_base:
                warm_up(knowledge_base)
                shared = SharedCounts(counts, secret)
                app = application(knowledge_base, settings, shared, access_log=access_log)
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
    """Lets this process, and those that it starts, open as many files as they may."""
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


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
