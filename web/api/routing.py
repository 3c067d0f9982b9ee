"""What the routes of the JSON API share: documentation, `ETag`, pages of lists, and tokens."""

import hashlib
import re
from collections import ChainMap
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any, Protocol, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator
from starlette import exceptions
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import Scope

from ingest.sandbox.pool import ASKER
from kb.knowledge_base import KnowledgeBase
from kb.reference.departments import department_code
from kb.registers.accounts import Account, AccountRole
from kb.registers.drafts import Draft
from kb.remarks import Remark
from web.api.schemas import Problem, Shape
from web.http.i18n import DEFAULT_LANGUAGE, Language
from web.http.routing import APageRequest, Handler, PageRequest
from web.http.security.bodies import allow_upload
from web.http.security.throttle import Quota, count_for_account, count_upload
from web.http.urls import API_VERSION, API_VERSION_HEADER, AbsoluteUrl, absolute_urls
from web.search.request import MAX_LIMIT

WRONG_PARAMETER = {422: "A parameter is wrong."}
UNCHANGED: Mapping[int | str, dict[str, Any]] = {
    304: {"description": "`If-None-Match` has the `ETag` of this answer: it is still the same."}
}

OF_A_LIST = {
    200: {
        "headers": {
            "Link": {
                "description": 'The next page, with `rel="next"`; absent on the last.',
                "schema": {"type": "string"},
            }
        }
    },
    **UNCHANGED,
    422: {"model": Problem, "description": WRONG_PARAMETER[422]},
}
LISTED = 50

After = Annotated[
    str, Query(description="Only records after this id: the last of the page before.")
]


class _Listed(Protocol):
    @property
    def id(self) -> str: ...


def link_to_next(
    request: PageRequest, response: Response, listed: Sequence[_Listed], *, is_last: bool
) -> None:
    if not is_last:
        url, params = request.http.url, request.http.query_params.multi_items()
        asked = [item for item in params if item[0] != "after"]
        query = urlencode([*asked, ("after", listed[-1].id)])
        response.headers["Link"] = f'<{request.root}{url.path}?{query}>; rel="next"'


async def announce_version(response: Response) -> None:
    response.headers[API_VERSION_HEADER] = API_VERSION


def made_answer(shape: Shape) -> Response:
    """Returns the JSON of an answer without nulls, made in the thread that has found it."""
    return Response(
        shape.model_dump_json(exclude_none=True),
        media_type="application/json",
        headers={API_VERSION_HEADER: API_VERSION},
    )


def problems(meanings: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    return {
        status: {"model": Problem, "description": meaning} for status, meaning in meanings.items()
    }


def problems_documented(document: dict[str, Any]) -> dict[str, Any]:
    """Returns the OpenAPI document with the media type of refusals mended."""
    operations = (each for of_path in document["paths"].values() for each in of_path.values())
    for operation in operations:
        for response in operation["responses"].values():
            content = response.get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            if schema.get("$ref", "").endswith("/Problem"):
                content["application/problem+json"] = content.pop("application/json")
    return document


def reading_router(route_class: type[APIRoute] = APIRoute) -> APIRouter:
    return APIRouter(
        prefix="/api", route_class=route_class, dependencies=[Depends(announce_version)]
    )


def answers_of(router: APIRouter) -> Callable[..., Callable[[Handler], Handler]]:
    """Returns a decorator that routes GET and HEAD; the document describes GET alone."""

    def answers(path: str, **documented: Any) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            # The first of the two routes answers; the second is there for the document.
            router.add_api_route(
                path, handler, methods=["GET", "HEAD"], include_in_schema=False, **documented
            )
            router.add_api_route(path, handler, methods=["GET"], **documented)
            return handler

        return register

    return answers


class RevalidatedRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answer_if_changed(request: Request) -> Response:
            return revalidated(request, await answer(request))

        return answer_if_changed


def revalidated(request: Request, response: Response) -> Response:
    """Returns the response with a weak `ETag`, or 304 if the client has it."""
    if response.status_code != 200:
        return response
    digest = hashlib.sha256(bytes(response.body)).hexdigest()[:32]
    response.headers["ETag"] = f'W/"{digest}"'
    response.headers["Cache-Control"] = "no-cache"
    known = request.headers.get("If-None-Match", "").strip()
    if known != "*" and f'"{digest}"' not in known:
        return response
    kept = {
        name: value for name, value in response.headers.items() if not name.startswith("content-")
    }
    return Response(status_code=304, headers=kept)


def _known_department(text: str) -> str:
    try:
        return department_code(text)
    except ValueError:
        raise ValueError(Remark("no_department", given=text)) from None


PageLanguage = Annotated[
    Language, Query(description="The language of linked pages, and of cases with translations.")
]


async def _absolute_url(
    request: APageRequest, lang: PageLanguage = DEFAULT_LANGUAGE
) -> AbsoluteUrl:
    return absolute_urls(request.root, lang)


PageUrls = Annotated[AbsoluteUrl, Depends(_absolute_url)]

Department = Annotated[
    str,
    AfterValidator(_known_department),
    Query(description="Only actors in this French department: code or name.", examples=["16"]),
]
Theme = Annotated[str, Query(description="Only records with this theme.", examples=["Emballage"])]


class _TokenRoute(APIRoute):
    """Finds the account of the token before the body is read; `%2F` in an id is part of it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        verb = self.path_format.rpartition("}")[2]
        sent = scope.get("raw_path", b"")
        if verb and sent and not sent.endswith(verb.encode()):
            return Match.NONE, {}
        return super().matches(scope)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answer_account(request: Request) -> Response:
            account = request.state.account = await account_of(request)
            ASKER.set(account.name)
            allow_upload(request)
            if request.method not in {"GET", "HEAD"}:
                count_for_account(request, account, Quota.WRITES)
                count_upload(request, account)
            try:
                return await answer(request)
            except exceptions.HTTPException as error:
                # FastAPI says of whatever ends the reading of a form that it is malformed.
                if isinstance(error.__cause__, OSError | ClientDisconnect):
                    raise error.__cause__ from None
                raise

        return answer_account


async def account_of(request: Request) -> Account:
    """Returns the account of the token in `Authorization`, or raises HTTPException (401)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        needs_one = "Send a token of your account: Authorization: Bearer qsf_…"
        raise HTTPException(401, needs_one, {"WWW-Authenticate": "Bearer"})
    return await run_in_threadpool(account_with, token.strip(), PageRequest(request).knowledge_base)


def account_with(token: str, knowledge_base: KnowledgeBase) -> Account:
    """Returns the account of a token, or raises HTTPException: 401, or 403 for a holder."""
    account = knowledge_base.accounts.account_of_token(token)
    if account is None:
        refused = "This token is unknown, expired, revoked, or of a disabled account."
        raise HTTPException(401, refused, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    if not account.is_member:
        raise HTTPException(403, f"{account.name} holds a page, and cannot use the API.")
    return account


_bearer = HTTPBearer(auto_error=False, description="A token from the page of your account.")


async def _account(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Account:
    return cast("Account", request.state.account)


AnAccount = Annotated[Account, Depends(_account)]


async def _moderator(account: AnAccount) -> Account:
    if not account.role.may(AccountRole.MODERATOR):
        raise HTTPException(403, f"This is for moderators; {account.name} is {account.role}.")
    return account


AModeratorsToken = Annotated[Account, Depends(_moderator)]


def token_router() -> APIRouter:
    return APIRouter(
        prefix="/api", route_class=_TokenRoute, dependencies=[Depends(announce_version)]
    )


_ALWAYS = {
    401: "The token is missing or not valid.",
    403: "The account only holds a page.",
    422: "A parameter or the body is wrong.",
    429: "Your account has sent, uploaded or asked for too much: wait for `Retry-After` seconds.",
    503: "The knowledge base cannot be read or written now, or too many files are being read.",
    507: "There is no room left on the disk of this site.",
}
FOR_MODERATORS = {403: "The token is not a moderator's."}
MALFORMED = {400: "The form cannot be read: it is cut off, or has too many fields or files."}
TOO_LARGE = {413: "It is larger than this site accepts."}


def documented(
    summary: str,
    *meanings: dict[int, str],
    answer: str = "Its new state.",
    accepted: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    every = dict(ChainMap(*reversed(meanings), _ALWAYS))
    return {
        "summary": summary,
        "response_description": answer,
        "responses": ({202: accepted} if accepted else {}) | problems(dict(sorted(every.items()))),
    }


def tell_revision(response: Response, draft: Draft) -> None:
    response.headers["ETag"] = f'"{draft.revision}"'


async def _revision(
    if_match: Annotated[str, Header(description="The revision that you read, in quotes.")] = "",
) -> int:
    if not if_match:
        raise HTTPException(428, 'Say which revision you saw: If-Match: "3".')
    given = re.fullmatch(r'"?([0-9]{1,9})"?', if_match.strip())
    if not given:
        raise HTTPException(422, f"If-Match: {if_match[:40]!r} is no revision.")
    return int(given[1])


SeenRevision = Annotated[int, Depends(_revision)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="The maximum number of results.")]
