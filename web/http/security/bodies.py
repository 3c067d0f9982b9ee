"""Checks the bodies of requests as they are read: their length, and what is in JSON."""

import json
import math
import re
from itertools import chain
from typing import NoReturn, cast

from fastapi import HTTPException
from python_multipart.multipart import parse_options_header
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.messages import N_
from kb.settings import Settings
from web.http.refusals import Refusal

MEGABYTE = 1_000_000
STRANGERS_BYTES = 64_000
FORM_BYTES = 5_000_000
"""The longest form without a file, and the longest text beside one: 200 full notes of a list."""

MAX_DEPTH = 64  # how deep lists and objects may lie in each other; what the API describes needs 6
MAX_BESIDE_TEXTS = 200_000
"""How many texts, and characters outside of them: checking them holds everybody up."""

MAX_DIGITS = 18  # the longest whole number, which SQLite can hold
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_JSON = re.compile(r"application/(?:.*\+)?json")
_TEXT = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)

_STRANGE_TEXT = N_(
    "The body holds a character that no text can hold: half of a surrogate pair, or NUL."
)
_STRANGE_NUMBER = N_("The body holds a number that cannot be kept: NaN, infinite, or too long.")
_TOO_DEEP = N_("The body has too many lists or objects within each other.")
_TOO_MANY = N_("The body has too many values: send several.")
_NO_TEXT = N_("The body is no text in UTF-8.")


def too_large(limit_mb: int) -> HTTPException:
    return HTTPException(413, f"More than {limit_mb} MB: send less, or several.")


def longest_body(request: HTTPConnection) -> int:
    return cast("int", getattr(request.state, "longest_body", STRANGERS_BYTES))


def allow_body(request: HTTPConnection, size: int) -> None:
    request.state.longest_body = size


def allow_upload(request: HTTPConnection) -> None:
    settings = cast("Settings", request.app.state.settings)
    longest_mb = settings.max_article_mb
    if request.headers.get("Content-Type", "").startswith("multipart/"):
        # Files are kept on disk while they are read.
        longest_mb = max(longest_mb, settings.max_directory_mb)
    allow_body(request, longest_mb * MEGABYTE + 100_000)  # and the fields beside


class CheckedBodies:
    """ASGI middleware that refuses a body longer than its limit, or with what nothing can keep."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        announced = connection.headers.get("Content-Length", "")
        length = int(announced) if announced.isdecimal() else 0
        content_type = connection.headers.get("Content-Type", "").lower()
        kind = content_type.partition(";")[0].strip()
        # As what reads forms understands it: parameters can be doubled.
        charset = parse_options_header(content_type)[1].get(b"charset", b"utf-8")
        is_strange_form = kind.startswith("multipart/") and charset not in {b"utf-8", b"utf8"}
        json_body = bytearray() if _JSON.fullmatch(kind) else None
        received = 0

        def refuse_longer(size: int) -> None:
            limit = longest_body(connection)
            if size > limit == STRANGERS_BYTES:
                raise HTTPException(413, "Only who is signed in, or has a token, may send as much.")
            if size > limit:
                raise too_large(limit // MEGABYTE)

        async def receive_checked() -> Message:
            nonlocal received
            # Here and not before, so that whoever may not send a body is told that first.
            if is_strange_form:
                raise Refusal(415, N_("Send the form in UTF-8."))
            refuse_longer(max(length, received))
            message = await receive()
            # Counted whatever is announced: a body in pieces may say that it is short.
            body = message.get("body", b"")
            received += len(body)
            refuse_longer(received)
            if json_body is not None and message["type"] == "http.request":
                json_body.extend(body)
                if not message.get("more_body", False):
                    _refuse_unsound(bytes(json_body))
            return message

        await self._app(scope, receive_checked, send)


def _refuse_unsound(body: bytes) -> None:
    """Raises `Refusal` where JSON holds what cannot be kept; what is not JSON is for its route."""
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        _refuse_many_values(text)
        value: object = json.loads(
            text, parse_int=_whole, parse_float=_finite, parse_constant=_refuse_number
        )
    except RecursionError:
        raise Refusal(422, _TOO_DEEP) from None
    except UnicodeDecodeError:
        raise Refusal(422, _NO_TEXT) from None
    except ValueError:
        return
    level = [value]
    for _ in range(MAX_DEPTH):
        if not level:
            return
        inner: list[object] = []
        for one in level:
            if isinstance(one, str) and _NO_CHARACTER.search(one):
                raise Refusal(422, _STRANGE_TEXT)
            if isinstance(one, dict):
                inner.extend(one)
                inner.extend(one.values())
            elif isinstance(one, list):
                inner.extend(one)
        level = inner
    raise Refusal(422, _TOO_DEEP)


def _refuse_many_values(text: str) -> None:
    beside, end = 0, 0
    for begins, ends in chain(map(re.Match.span, _TEXT.finditer(text)), [(len(text), 0)]):
        beside += begins - end + 1
        end = ends
        if beside > MAX_BESIDE_TEXTS:
            raise Refusal(422, _TOO_MANY)


def _whole(digits: str) -> int:
    return int(digits) if len(digits.lstrip("-")) <= MAX_DIGITS else _refuse_number(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse_number(digits)


def _refuse_number(_digits: str) -> NoReturn:
    raise Refusal(422, _STRANGE_NUMBER)
