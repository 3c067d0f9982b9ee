"""The limit of a request's body, enforced before more of it is read.

A stranger has nothing to send but a search and the form to sign in. Who shows a cookie or a token
may send files, whose own limits the routes know.
"""

from collections.abc import Mapping

from fastapi import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.settings import Settings
from web.http.security.cookies import has_session_cookie

MEGABYTE = 1_000_000
STRANGERS_BYTES = 64_000
FORM_BYTES = 100_000
"""What a form with a file has besides it."""


def too_large(limit_mb: int) -> HTTPException:
    return HTTPException(413, f"More than {limit_mb} MB: send a smaller file, or several.")


class BodyLimit:
    """ASGI middleware that answers 413 when a body is longer than its limit."""

    def __init__(
        self, app: ASGIApp, settings: Settings, strangers_bytes: Mapping[str, int] | None = None
    ) -> None:
        """Limits what `app` is sent; `strangers_bytes` are the limits of strangers by path."""
        self._app = app
        self._strangers_bytes = strangers_bytes or {}
        # Files come as multipart/form-data, and are kept on disk while they are read.
        self._files_mb = max(settings.max_directory_mb, settings.max_article_mb)
        self._text_mb = settings.max_article_mb

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        known = has_session_cookie(connection) or "Authorization" in connection.headers
        is_form = connection.headers.get("Content-Type", "").startswith("multipart/")
        limit_mb = self._files_mb if is_form else self._text_mb
        of_strangers = self._strangers_bytes.get(connection.url.path, STRANGERS_BYTES)
        limit = limit_mb * MEGABYTE + FORM_BYTES if known else of_strangers
        refusal = (
            too_large(limit_mb)
            if known
            else HTTPException(413, "Only who is signed in, or has a token, may send as much.")
        )
        announced = connection.headers.get("Content-Length", "")
        received = int(announced) if announced.isdecimal() else 0

        async def receive_within_limit() -> Message:
            nonlocal received
            if received > limit:
                raise refusal
            message = await receive()
            if message["type"] == "http.request" and not announced:
                received += len(message.get("body", b""))
                if received > limit:
                    raise refusal
            return message

        await self._app(scope, receive_within_limit, send)
