"""The limit of a request's body, enforced before more of it is read.

A stranger has nothing to send but a search and a short form. A route lets more in once it knows who
asks, and before it reads anything.
"""

from typing import cast

from fastapi import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.settings import Settings

MEGABYTE = 1_000_000
STRANGERS_BYTES = 64_000
FORM_BYTES = 5_000_000
"""The longest form without a file, and the longest text beside one: 200 full notes of a list."""

BESIDE_FILE_BYTES = 100_000
"""What a form with a file has besides it."""


def too_large(limit_mb: int) -> HTTPException:
    return HTTPException(413, f"More than {limit_mb} MB: send less, or several.")


def longest_body(request: HTTPConnection) -> int:
    """Returns how many bytes the body of a request may have, as far as it is known who asks."""
    return cast("int", getattr(request.state, "longest_body", STRANGERS_BYTES))


def allow_body(request: HTTPConnection, size: int) -> None:
    """Lets the body of a request have so many bytes."""
    request.state.longest_body = size


def allow_upload(request: HTTPConnection) -> None:
    """Lets the body of a request hold an article, or a directory in a form."""
    settings = cast("Settings", request.app.state.settings)
    longest_mb = settings.max_article_mb
    if request.headers.get("Content-Type", "").startswith("multipart/"):
        # Files are kept on disk while they are read.
        longest_mb = max(longest_mb, settings.max_directory_mb)
    allow_body(request, longest_mb * MEGABYTE + BESIDE_FILE_BYTES)


class BodyLimit:
    """ASGI middleware that answers 413 when a body is longer than its limit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        announced = connection.headers.get("Content-Length", "")
        length = int(announced) if announced.isdecimal() else 0
        received = 0

        def refuse_longer(size: int) -> None:
            limit = longest_body(connection)
            if size > limit == STRANGERS_BYTES:
                raise HTTPException(413, "Only who is signed in, or has a token, may send as much.")
            if size > limit:
                raise too_large(limit // MEGABYTE)

        async def receive_within_limit() -> Message:
            nonlocal received
            refuse_longer(max(length, received))
            message = await receive()
            # Counted whatever is announced: a body in pieces may say that it is short.
            received += len(message.get("body", b""))
            refuse_longer(received)
            return message

        await self._app(scope, receive_within_limit, send)
