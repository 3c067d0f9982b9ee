"""The request log: an id for each request, a line when it is answered, and its figures.

A line says the route and not the address: the words of searches are personal data.
"""

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.log_lines import request_id
from web.http.errors import CLIENT_GONE
from web.http.security.headers import SECURITY_HEADERS
from web.operations.metrics import METHODS, OTHER_METHOD, SiteMetrics

HEADER = "X-Request-ID"
NO_ROUTE = "none"

_WELL_FORMED = re.compile(r"[0-9A-Fa-f-]{16,64}")
"""What proxies make: hexadecimal digits or a UUID, and nothing that says who asks."""

_log = logging.getLogger(__name__)


class RequestLog:
    """ASGI middleware around all others, so that no answer leaves without an id."""

    def __init__(self, app: ASGIApp, metrics: SiteMetrics, *, lines: bool = False) -> None:
        self._app = app
        self._metrics = metrics
        self._level = logging.INFO if lines else logging.DEBUG

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        id_ = given if _WELL_FORMED.fullmatch(given) else secrets.token_hex(16)
        # Not taken back: each request is a task of its own, and uvicorn logs what failed in it.
        request_id.set(id_)
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = id_
            await send(message)

        began = time.perf_counter()
        try:
            with self._metrics.in_flight.track_inprogress():
                await self._app(scope, receive, send_with_id)
        except Exception:
            if not status:  # not even a page that says so could be made
                text = f"Something unforeseen went wrong here (request {id_})."
                last_words = PlainTextResponse(text, 500, SECURITY_HEADERS)
                await last_words(scope, receive, send_with_id)
            raise
        finally:
            self._answered(scope, status or CLIENT_GONE, time.perf_counter() - began)

    def _answered(self, scope: Scope, status: int, seconds: float) -> None:
        route = str(getattr(scope.get("route"), "path", "") or NO_ROUTE)
        method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
        self._metrics.answered(route, method, status, seconds)
        figures = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000)}
        _log.log(self._level, "%(method)s %(route)s %(status)s %(ms)s ms", figures, extra=figures)
