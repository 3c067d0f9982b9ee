"""The endpoint `/mcp`: assistants over HTTP, each message on its own.

Only POST is answered, and in one piece: no session is kept, and no stream stays open.
"""

from collections.abc import Awaitable, Callable
from typing import cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from kb.settings import Settings
from web.api.tokens import account_of
from web.http.dependencies import Turn, searches_of
from web.http.request import PageRequest
from web.http.security.quotas import Quota, count_for_account, count_for_address
from web.http.templating import Renderer
from web.http.urls import MCP_PATH
from web.mcp.caller import Caller


class AssistantEndpoint:
    """ASGI application that answers one message of the protocol."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        page = PageRequest(request)
        # Before anything of what is sent is read.
        account = await account_of(request) if "Authorization" in request.headers else None
        renderer = cast("Renderer", request.app.state.renderer)
        name = (await run_in_threadpool(lambda: page.identity)).identity.name
        caller = Caller(
            page.knowledge_base,
            renderer,
            name,
            page.root,
            lambda: account,
            lambda writer: count_for_account(request, writer, Quota.WRITES),
        )
        answer_message = await run_in_threadpool(_import_sdk)
        count_for_address(request, Quota.SEARCHES)
        searches = searches_of(request)
        await answer_message(caller, page.settings, searches.turn, scope, receive, send)


def _import_sdk() -> Callable[[Caller, Settings, Turn, Scope, Receive, Send], Awaitable[None]]:
    """Imports the SDK with the first message, in half a second: most sites have no assistants."""
    from web.mcp.message import answer_message

    return answer_message


ROUTE = Route(MCP_PATH, AssistantEndpoint(), methods=["POST"], name="mcp")
