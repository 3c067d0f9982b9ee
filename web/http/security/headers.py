"""The headers of every answer, so that a browser runs and loads only what is ours."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.http.security.cookies import has_session_cookie

_CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def _policy(**changed: str) -> str:
    directives = {**_CONTENT_SECURITY_POLICY, **changed}
    return "; ".join(f"{directive} {sources}" for directive, sources in directives.items())


KEYS_OF_LINKS = frozenset({"t", "key"})
"""The parameters of addresses that are a key by themselves, such as those in mails."""

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _policy(),
    "X-Content-Type-Options": "nosniff",
    # The words of a need must not leak to the sites that a page links to.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_ONLY_TLS = "max-age=31536000"
"""For a year, browsers ask for this host over TLS alone; it says nothing of hosts below it."""


def let_read(request: Request, origin: str) -> None:
    """Lets scripts of pages of this origin read the answer to a request, without its cookies."""
    request.state.readable_by = origin


def let_frame(request: Request, ancestors: Sequence[str]) -> None:
    """Lets pages of these sources (of CSP's `frame-ancestors`) show the answer in a frame."""
    request.state.framed_by = " ".join(ancestors)


class SecurityHeaders:
    """ASGI middleware that adds `SECURITY_HEADERS` and what `let_read` and `let_frame` allow."""

    def __init__(self, app: ASGIApp, images: str = "", public_url: str = "") -> None:
        """`images` is another origin of images; a site with its own host is for TLS alone."""
        self._app = app
        address = urlsplit(public_url)
        owns_host = address.scheme == "https" and address.path in {"", "/"}
        self._usual = dict(SECURITY_HEADERS)
        if owns_host:
            self._usual["Strict-Transport-Security"] = _ONLY_TLS
        if images:
            ours = _CONTENT_SECURITY_POLICY["img-src"]
            self._usual["Content-Security-Policy"] = _policy(**{"img-src": f"{ours} {images}"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_private = _is_someones(HTTPConnection(scope))
        # What `let_read` and `let_frame` write on: one mapping for all that see the request.
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._usual)
                headers.update(_openings(state))
                if is_private or "Set-Cookie" in headers:
                    headers["Cache-Control"] = "private, no-store"
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _openings(state: Mapping[str, str]) -> Mapping[str, str]:
    opened = {}
    if framed_by := state.get("framed_by"):
        opened["Content-Security-Policy"] = _policy(**{"frame-ancestors": framed_by})
        # A page that is isolated from other origins frames only what says both.
        opened["Cross-Origin-Embedder-Policy"] = "require-corp"
        opened["Cross-Origin-Resource-Policy"] = "cross-origin"
    if readable_by := state.get("readable_by"):
        opened["Access-Control-Allow-Origin"] = readable_by
        opened["Access-Control-Expose-Headers"] = "Retry-After"
    return opened


def _is_someones(connection: HTTPConnection) -> bool:
    """Whether the answer may be for one person: it has a cookie, a token or a key, and no asset."""
    if connection.url.path.startswith(("/static/", "/media/", "/identity.css")):
        return False
    return (
        has_session_cookie(connection)
        or "Authorization" in connection.headers
        or not KEYS_OF_LINKS.isdisjoint(connection.query_params)
    )
