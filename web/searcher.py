"""A searcher: a process that answers the searches which the server hands over to it.

It is the same application on the same base. The server has admitted and counted each request; the
searcher reads the base, ranks, and makes the page or the JSON. It ends when the server does.
"""

import asyncio
import gc
import logging
import signal
import socket
import sys
from contextlib import closing, suppress
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Message

from kb.errors import KnowledgeBaseError, QueryError, QuisaitError
from kb.hints.spelling import read_dictionaries
from kb.knowledge_base import KnowledgeBase
from kb.log_lines import log_lines
from kb.reference.communes import commune_in
from kb.search.results import SearchResult
from kb.settings import Settings
from web.app import create_app
from web.http.elsewhere import admit
from web.http.i18n import Language
from web.http.templating import Renderer
from web.operations.ending import end_in_time
from web.operations.frames import frame_of, next_frame
from web.operations.metrics import best_fit
from web.operations.shared_encoder import SharedEncoder
from web.search.pages import RESULTS

TURN_S = 0.0005
"""After how long a thread gives way to another: a search waits for a turn wherever it lets go of
the interpreter, and a long article that is searched for proposals would take the usual 5 ms."""

ENDS_WITHIN_S = 1.5
"""How long a searcher may go on after the server is gone, to write what it has counted."""

_log = logging.getLogger(__name__)


def run_searcher(channel: socket.socket, encoder: socket.socket, settings: Settings) -> None:
    """Answers what comes over a channel, until its other side is closed.

    At the other side of `encoder` is the encoder of the server.
    """
    # Ctrl-C, and a service manager, tell all processes: the server lets its searchers finish.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.setswitchinterval(TURN_S)
    with log_lines(settings.log, settings.log_level):
        try:
            _answer_until_closed(channel, encoder, settings)
        except QuisaitError as error:
            _log.error("A searcher cannot begin: %s", error)
            sys.exit(1)
        finally:
            gc.freeze()


def _answer_until_closed(
    channel: socket.socket, encoder: socket.socket, settings: Settings
) -> None:
    opened = KnowledgeBase.open(settings, encoder=lambda: SharedEncoder(encoder))
    with closing(opened) as knowledge_base:
        warm_up(knowledge_base)
        warm_up_hints(knowledge_base)
        app = create_app(knowledge_base, settings)
        prepare_results(app.state.renderer)
        beside = (app.state.demand_counter, app.state.site_usage)
        for background in beside:
            background.start()
        try:
            asyncio.run(_Answering(app).until_closed(channel))
        finally:
            for background in beside:
                background.stop()


def warm_up(knowledge_base: KnowledgeBase) -> None:
    """Loads the encoder and the index, so that no visitor waits for them."""
    with suppress(QueryError):
        knowledge_base.search("bonjour", limit=1)


def warm_up_hints(knowledge_base: KnowledgeBase) -> None:
    """Loads what is said beside answers: needs to compare with, places, dictionaries."""
    for language in Language:
        knowledge_base.related_needs.near("bonjour", language)
    read_shared()


def prepare_results(renderer: Renderer) -> None:
    """Compiles the page of results; whoever asks for it is told what is wrong with it."""
    try:
        renderer.prepare(RESULTS)
    except Exception:  # noqa: BLE001 (answers do without)
        _log.exception("The page of results was not prepared")


def read_shared() -> None:
    """Reads what is the same in every process: the communes and the dictionaries."""
    commune_in("", "Angoulême")
    read_dictionaries()


class _Answering:
    """Answers requests with an application, and tells of the searches that this took."""

    def __init__(self, app: FastAPI) -> None:
        self._app: ASGIApp = app
        self._base: KnowledgeBase = app.state.knowledge_base
        self._base.on_search = self._searched
        self._found: list[tuple[str, float]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def until_closed(self, channel: socket.socket) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=channel)
        writer.write(frame_of({"ready": True}))
        with suppress(EOFError, ConnectionError):
            while True:
                head, _ = await next_frame(reader)
                task = asyncio.create_task(self._reply(head, writer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        end_in_time(0, ENDS_WITHIN_S)  # nobody waits for what is still computed
        writer.close()

    async def _reply(self, head: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if "scope" in head:
            reply, body = await self._answer(head["scope"])
        elif "current" in head:
            reply, body = {"current": await asyncio.to_thread(self._is_current)}, b""
        else:  # it is only asked whether it is there
            reply, body = {}, b""
        found, self._found = self._found, []
        with suppress(ConnectionError):
            writer.write(frame_of({"id": head["id"], "found": found, **reply}, body))
            await writer.drain()

    async def _answer(self, asked: dict[str, Any]) -> tuple[dict[str, object], bytes]:
        scope = {
            **asked,
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "raw_path": asked["raw_path"].encode("latin-1"),
            "query_string": asked["query_string"].encode("latin-1"),
            "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in asked["headers"]],
            "client": tuple(asked["client"]) if asked["client"] else None,
            "server": tuple(asked["server"]) if asked["server"] else None,
        }
        admit(scope)
        begun: dict[str, object] = {}
        parts: list[bytes] = []
        is_read = False

        async def receive() -> Message:
            nonlocal is_read
            if is_read:  # nobody tells whether the client is still there
                await asyncio.get_running_loop().create_future()
            is_read = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun["status"] = message["status"]
                begun["headers"] = [
                    (k.decode("latin-1"), v.decode("latin-1")) for k, v in message["headers"]
                ]
            else:
                parts.append(message.get("body", b""))

        try:
            await self._app(scope, receive, send)
        except Exception:  # noqa: BLE001 (its answer is made; it goes to the log, as with uvicorn)
            _log.exception("A request could not be answered")
        return begun, b"".join(parts)

    def _is_current(self) -> bool:
        try:
            return self._base.is_current()
        except KnowledgeBaseError:
            return False

    def _searched(self, found: SearchResult) -> None:
        self._found.append((best_fit(found), found.took_ms / 1000))
