"""The answers to errors: problem details (RFC 9457) for programs, a page for visitors."""

import errno
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, RedirectResponse, Response

from kb.errors import (
    EditConflict,
    InputError,
    NoRoom,
    QueryError,
    QuisaitError,
    ReadersBusy,
    ReadOnlyKnowledgeBase,
    StoresBusy,
    TooManyJobs,
    UnknownRecord,
    WithdrawnRecord,
)
from kb.log_lines import request_id
from kb.messages import N_
from kb.remarks import shortened
from web.http.i18n import SOURCE_LANGUAGE, Language
from web.http.labels import localized, translated
from web.http.refusals import NotSignedIn, Refusal
from web.http.routing import PageRequest
from web.http.security.headers import SECURITY_HEADERS
from web.http.security.sessions import sent_form
from web.http.urls import API_VERSION, API_VERSION_HEADER, MCP_PATH, WIDGET_PREFIX, Page, address

_log = logging.getLogger(__name__)
_NO_ROOM = N_("There is no room left on the disk of this site. Nothing that was sent was saved.")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CLOSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE})

_STATUSES: Mapping[type[QuisaitError], tuple[int, str]] = {
    QueryError: (400, ""),
    WithdrawnRecord: (410, ""),
    UnknownRecord: (404, ""),
    EditConflict: (409, ""),
    InputError: (422, ""),
    ReadersBusy: (503, "30"),
    StoresBusy: (503, "5"),
    TooManyJobs: (429, "60"),
}
"""The status of each error, the first that fits, and the seconds for `Retry-After`, if any."""

_WRONG_PARAMETERS: Mapping[str, str] = {
    "missing": N_("this is required"),
    "extra_forbidden": N_("there is no such field"),
    "greater_than_equal": N_("input should be greater than or equal to {ge} (given: {given})"),
    "less_than_equal": N_("input should be less than or equal to {le} (given: {given})"),
    "int_parsing": N_(
        "input should be a valid integer, unable to parse string as an integer (given: {given})"
    ),
    "string_too_long": N_("string should have at most {max_length} characters (given: {given})"),
    "too_long": N_("at most {max_length} can be given (given: {actual_length})"),
    "enum": N_("input should be {expected} (given: {given})"),
}


def answer_errors(app: FastAPI) -> None:
    app.add_exception_handler(QuisaitError, _quisait_error)
    app.add_exception_handler(RequestValidationError, _wrong_parameter)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(OSError, _not_written)
    app.add_exception_handler(Exception, _unforeseen)


def _is_for_programs(request: Request) -> bool:
    return request.url.path.startswith(("/api/", f"{WIDGET_PREFIX}/", MCP_PATH))


def _respond(request: Request, status: int, detail: str, advice: str = "") -> Response:
    if _is_for_programs(request):
        problem = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
        version = {API_VERSION_HEADER: API_VERSION}
        return JSONResponse(problem, status, version, "application/problem+json")
    form = sent_form(request) if status in {429, 503, 507} else None
    return PageRequest(request).page(
        "error.html",
        status_code=status,
        advice=advice,
        sent=[item for item in form.multi_items() if isinstance(item[1], str)] if form else [],
        request_id=request_id.get(),
    )


def _language_of_details(request: Request) -> Language:
    asked = request.query_params.get("lang", "")
    return Language(asked) if asked in set(Language) else SOURCE_LANGUAGE


async def _quisait_error(request: Request, error: Exception) -> Response:
    status, line = status_and_line(cast("QuisaitError", error), _language_of_details(request))
    if isinstance(error, ReadersBusy | StoresBusy | TooManyJobs):
        response = _respond(request, status, line, error.remark)
        response.headers["Retry-After"] = _STATUSES[type(error)][1]
        return response
    if status >= 500:
        _log.error("%s", error)
    return _respond(request, status, line)


async def _not_written(request: Request, error: Exception) -> Response:
    """Answers for a file that cannot be written now; what else a system refuses is unforeseen."""
    number = cast("OSError", error).errno
    if number not in _FULL | _CLOSED:
        raise error
    refused = NoRoom(str(error)) if number in _FULL else ReadOnlyKnowledgeBase(str(error))
    return await _quisait_error(request, refused)


def status_and_line(error: QuisaitError, language: Language) -> tuple[int, str]:
    """Returns the status and the line for a program; 503 and 507 tell nothing of the base."""
    if isinstance(error, NoRoom):
        return 507, translated(_NO_ROOM, language)
    for kind, (status, _) in _STATUSES.items():
        if isinstance(error, kind):
            # A remark, which can be said in French too, unless it is for whoever runs the server.
            return status, localized(error.args[0] if error.args else "", language).text
    can = "be written" if isinstance(error, ReadOnlyKnowledgeBase) else "answer"
    return 503, f"The knowledge base cannot {can} now."


async def _wrong_parameter(request: Request, error: Exception) -> Response:
    # A page's address is written by its own links and forms: a wrong one is a bad request.
    status = 422 if _is_for_programs(request) else 400
    first = cast("RequestValidationError", error).errors()[0]
    if first["type"] == "json_invalid":
        where = f"{first['ctx']['error']} at character {first['loc'][1]}"
        return _respond(request, status, f"the body is not JSON: {where}")
    names = first["loc"][1:] or first["loc"]
    return _respond(
        request, status, line_of_wrong_value(first, names, _language_of_details(request))
    )


def line_of_wrong_value(
    first: Mapping[str, Any], names: Sequence[object], language: Language
) -> str:
    name = ".".join(map(str, names))
    if first["type"] == "value_error":
        problem = localized(first["ctx"]["error"].args[0], language).text
    elif first["type"] in _WRONG_PARAMETERS:
        values = {**first.get("ctx", {}), "given": shortened(str(first["input"]))}
        if "expected" in values:
            either = translated(N_("or"), language)
            values["expected"] = values["expected"].replace(" or ", f" {either} ")
        problem = translated(_WRONG_PARAMETERS[first["type"]], language).format(**values)
    else:
        problem = f"{first['msg'][0].lower()}{first['msg'][1:]} (given: {str(first['input'])[:80]})"
    return f"{name}{language.colon} {problem}"


async def _http_error(request: Request, error: Exception) -> Response:
    refusal = cast("HTTPException", error)
    if isinstance(refusal, NotSignedIn) and request.method in {"GET", "HEAD"}:
        url = request.url
        wanted = f"{url.path}?{url.query}" if url.query else url.path
        return RedirectResponse(
            address(Page.SIGN_IN, next=wanted).path(PageRequest(request).language), 303
        )
    advice = refusal.advice if isinstance(refusal, Refusal) else ""
    detail = line_of(refusal, _language_of_details(request))
    response = _respond(request, refusal.status_code, detail, advice)
    response.headers.update(refusal.headers or {})
    return response


def line_of(refusal: HTTPException, language: Language) -> str:
    return translated(refusal.advice, language) if isinstance(refusal, Refusal) else refusal.detail


CLIENT_GONE = 499  # the status that logs give a request whose client left (nginx's number)


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=CLIENT_GONE)


async def _unforeseen(request: Request, _error: Exception) -> Response:
    detail = f"Something unforeseen went wrong here (request {request_id.get()})."
    response = _respond(request, 500, detail)
    # Starlette answers unforeseen exceptions outside of every middleware.
    response.headers.update(SECURITY_HEADERS)
    return response
