"""The answers to errors, as pages for visitors and as JSON for programs.

Under `/api/` and for the widget, `{"detail": "one line"}`; elsewhere a page, in the visitor's
language. Only unforeseen exceptions are 500, and only they leave a traceback in the log.
"""

import logging
from collections.abc import Mapping
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from kb.errors import (
    AccountError,
    EditConflict,
    InputError,
    QueryError,
    QuisaitError,
    ReadOnlyKnowledgeBase,
    SiteError,
    UnknownRecord,
    WithdrawnRecord,
)
from web.http.refusals import NotSignedIn, Refusal
from web.http.request import PageRequest
from web.http.security.headers import SECURITY_HEADERS
from web.http.urls import API_VERSION, API_VERSION_HEADER, WIDGET_PREFIX, Page, address

_log = logging.getLogger(__name__)

_STATUSES: Mapping[type[QuisaitError], int] = {
    QueryError: 400,
    WithdrawnRecord: 410,
    UnknownRecord: 404,
    EditConflict: 409,
    AccountError: 422,
    SiteError: 422,
    InputError: 422,
}
"""What each error that a visitor can cause is answered with; the first that fits."""


def answer_errors(app: FastAPI) -> None:
    """Registers an answer for every kind of error."""
    app.add_exception_handler(QuisaitError, _quisait_error)
    app.add_exception_handler(RequestValidationError, _wrong_parameter)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unforeseen)


def _is_for_programs(request: Request) -> bool:
    return request.url.path.startswith(("/api/", f"{WIDGET_PREFIX}/"))


def _respond(request: Request, status: int, detail: str, advice: str = "") -> Response:
    """`detail` is for programs; `advice` an English message, where a page has more to tell."""
    if _is_for_programs(request):
        return JSONResponse({"detail": detail}, status, {API_VERSION_HEADER: API_VERSION})
    return PageRequest(request).page("error.html", status_code=status, advice=advice)


async def _quisait_error(request: Request, error: Exception) -> Response:
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            return _respond(request, status, str(error))
    # What is amiss with the base, and where it lies, is for whoever runs the server.
    _log.error("%s %s: %s", request.method, request.url.path, error)
    can = "be written" if isinstance(error, ReadOnlyKnowledgeBase) else "answer"
    return _respond(request, 503, f"The knowledge base cannot {can} now.")


async def _wrong_parameter(request: Request, error: Exception) -> Response:
    # A page's address is written by its own links and forms: a wrong one is a bad request.
    status = 422 if _is_for_programs(request) else 400
    return _respond(request, status, _in_one_line(cast("RequestValidationError", error)))


def _in_one_line(error: RequestValidationError) -> str:
    """Returns the first error as a line, such as `limit: input should be … (given: 500)`."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return f"the body is not JSON: {first['ctx']['error']} at character {first['loc'][1]}"
    name = ".".join(str(part) for part in first["loc"][1:]) or first["loc"][0]
    if first["type"] == "missing":
        return f"{name}: this is required"
    if first["type"] == "extra_forbidden":
        return f"{name}: there is no such field"
    if first["type"] == "value_error":
        return f"{name}: {first['ctx']['error']}"
    message = first["msg"]
    return f"{name}: {message[0].lower()}{message[1:]} (given: {str(first['input'])[:80]})"


async def _http_error(request: Request, error: Exception) -> Response:
    refusal = cast("HTTPException", error)
    if isinstance(refusal, NotSignedIn) and request.method in {"GET", "HEAD"}:
        return RedirectResponse(_sign_in_path(PageRequest(request)), 303)
    advice = refusal.advice if isinstance(refusal, Refusal) else ""
    response = _respond(request, refusal.status_code, refusal.detail, advice)
    response.headers.update(refusal.headers or {})
    return response


def _sign_in_path(request: PageRequest) -> str:
    """Returns the path of the sign-in page, which leads back to the requested page."""
    url = request.http.url
    wanted = f"{url.path}?{url.query}" if url.query else url.path
    return address(Page.SIGN_IN, next=wanted).path(request.language)


async def _unforeseen(request: Request, _error: Exception) -> Response:
    response = _respond(request, 500, "Something unforeseen went wrong here.")
    # Starlette answers unforeseen exceptions outside of every middleware.
    response.headers.update(SECURITY_HEADERS)
    return response
