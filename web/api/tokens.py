"""What routes with a token share: the account, the revision it saw, the documentation.

A token stands for an account; the cookies of pages are worth nothing here. Who asks is found out
before anything of what they send is read.
"""

import re
from collections import ChainMap
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.routing import Match
from starlette.types import Scope

import kb.registers.accounts
from ingest.sandbox.turns import ASKER
from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.registers.drafts import Draft
from web.api.routing import announce_version, problems
from web.http.request import PageRequest
from web.http.security.bodies import allow_upload
from web.http.security.quotas import Quota, count_for_account, count_upload
from web.search.request import MAX_LIMIT

_NEEDS_A_TOKEN = "Send a token of your account: Authorization: Bearer qsf_…"  # noqa: S105 (a message)
_BAD_TOKEN = "This token is unknown, expired, revoked, or of a disabled account."  # noqa: S105 (a message)


class _TokenRoute(APIRoute):
    """Finds the account of the token before the body is read.

    What follows an id, as in `/cases/{id}/history`, has a slash of its own: one that is written
    `%2F` is of the id, so that the case `gel/history` is not taken for the history of `gel`.
    """

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
            return await answer(request)

        return answer_account


async def account_of(request: Request) -> kb.registers.accounts.Account:
    """Returns the account of the token in a request's `Authorization`.

    Raises:
        HTTPException: 401, there is none, or it is worth nothing.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise HTTPException(401, _NEEDS_A_TOKEN, {"WWW-Authenticate": "Bearer"})
    base = PageRequest(request).knowledge_base
    return await run_in_threadpool(account_with, token.strip(), base)


def account_with(token: str, knowledge_base: KnowledgeBase) -> kb.registers.accounts.Account:
    """Returns the account of a token.

    Raises:
        HTTPException: 401, it is worth nothing; 403, the account only holds a page.
    """
    account = knowledge_base.accounts.account_of_token(token)
    if account is None:
        raise HTTPException(401, _BAD_TOKEN, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    if not account.is_member:
        raise HTTPException(403, f"{account.name} holds a page, and cannot use the API.")
    return account


_bearer = HTTPBearer(auto_error=False, description="A token from the page of your account.")


async def _account(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> kb.registers.accounts.Account:
    return cast("kb.registers.accounts.Account", request.state.account)


AnAccount = Annotated[kb.registers.accounts.Account, Depends(_account)]


async def _moderator(account: AnAccount) -> kb.registers.accounts.Account:
    if not account.role.may(AccountRole.MODERATOR):
        raise HTTPException(403, f"This is for moderators; {account.name} is {account.role}.")
    return account


AModeratorsToken = Annotated[kb.registers.accounts.Account, Depends(_moderator)]


def token_router() -> APIRouter:
    """Returns a router whose routes all need a token."""
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
    summary: str, *meanings: dict[int, str], answer: str = "Its new state."
) -> dict[str, Any]:
    every = dict(ChainMap(*reversed(meanings), _ALWAYS))
    return {
        "summary": summary,
        "response_description": answer,
        "responses": problems(dict(sorted(every.items()))),
    }


def tell_revision(response: Response, draft: Draft) -> None:
    """Sets `ETag` to the revision that the answer shows, for use in `If-Match`."""
    response.headers["ETag"] = f'"{draft.revision}"'


async def _revision(
    if_match: Annotated[
        str,
        Header(description="The revision that you read, in quotes.", examples=['"3"']),
    ] = "",
) -> int:
    if not if_match:
        raise HTTPException(428, 'Say which revision you saw: If-Match: "3".')
    given = re.fullmatch(r'"?([0-9]{1,9})"?', if_match.strip())
    if not given:
        raise HTTPException(422, f"If-Match: {if_match[:40]!r} is no revision.")
    return int(given[1])


SeenRevision = Annotated[int, Depends(_revision)]

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="The maximum number of results.")]


def file_of(form: FormData) -> UploadFile:
    """Returns the file in the field `file`."""
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise HTTPException(422, "file: send the file in a field of this name.")
    return file
