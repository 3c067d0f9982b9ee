"""The server: takes its port first, warms up, and prints its address when it is ready."""

import asyncio
import signal
import socket
from collections.abc import Sequence
from contextlib import closing, suppress
from types import FrameType
from typing import Protocol

import click
import uvicorn

from ingest.extraction.proposals.contexts import prepare_reading
from kb.errors import QueryError, SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from web.alerts.digests import digests_of
from web.app import create_app
from web.embed.usage import SiteUsage
from web.fonts.making import prepare_fonts
from web.http.i18n import Language
from web.mail.sender import MailSender
from web.supervisor import Supervisor


def serve(settings: Settings, host: str, port: int, *, access_log: bool) -> None:
    """Serves the knowledge base until interrupted.

    Raises:
        SettingsError: the host and port cannot be listened on.
        KnowledgeBaseError: there is no knowledge base to serve, or it cannot be used.
    """
    with (
        # First, so that a port in use is told at once and not after the encoder is loaded.
        closing(_bound_socket(host, port)) as bound,
        closing(KnowledgeBase.open(settings)) as knowledge_base,
    ):
        _warm_up(knowledge_base)
        prepare_reading()
        app = create_app(knowledge_base, settings, prepare_fonts(settings.cache))
        config = uvicorn.Config(
            app,
            log_level="info" if access_log else "warning",
            access_log=access_log,
            server_header=False,
            # Room for a query of 10,000 characters, percent-encoded: it is refused by us, in
            # words, and not by the parser of requests.
            h11_max_incomplete_event_size=256 * 1024,
            lifespan="off",
        )
        supervisor = Supervisor(knowledge_base)
        beside: list[_Background] = [supervisor, app.state.demand_counter]
        if settings.sends_mail and knowledge_base.writable:
            digests = digests_of(knowledge_base, settings, app.state.renderer)
            beside += [MailSender(knowledge_base, settings), digests]
        server = _Server(config, _url(bound), beside, app.state.site_usage)
        server.run(sockets=[bound])
        if server.interrupted:
            # The server raises the signal again as it ends, which once in a while is lost.
            raise KeyboardInterrupt


class _Background(Protocol):
    """Work in a thread of its own, as long as the server runs."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class _Server(uvicorn.Server):
    """Prints its address when it listens; meanwhile does what runs beside, and writes counts."""

    def __init__(
        self,
        config: uvicorn.Config,
        url: str,
        beside: Sequence[_Background],
        site_usage: SiteUsage,
    ) -> None:
        super().__init__(config)
        self.interrupted = False
        self._url = url
        self._beside = beside
        self._site_usage = site_usage

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.interrupted = self.interrupted or sig == signal.SIGINT
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            click.echo(f"Qui sait faire ? → {self._url}")
            for background in self._beside:
                background.start()
            self._site_usage.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Here and not after `run`, which a signal to end does not return from.
        await asyncio.gather(
            super().shutdown(sockets),
            *(asyncio.to_thread(background.stop) for background in self._beside),
        )
        # When the last request is answered, and so counted.
        await asyncio.to_thread(self._site_usage.stop)


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


def _warm_up(knowledge_base: KnowledgeBase) -> None:
    """Loads the encoder, the index and the dictionaries, so that no visitor waits for them."""
    with suppress(QueryError):
        knowledge_base.search("bonjour", limit=1)
    knowledge_base.spelling.meant("bonjour")
    for language in Language:
        knowledge_base.related_needs.near("bonjour", language)
