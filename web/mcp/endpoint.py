"""The endpoint `/mcp` for assistants over HTTP, without sessions or streams; and its page."""

import json
from collections.abc import Mapping
from importlib import import_module
from typing import cast

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from web.api.routing import account_of
from web.http.routing import APageRequest, PageRequest, PageRouter, searches_of
from web.http.security.throttle import Quota, count_for_account, count_for_address
from web.http.templating import Renderer
from web.http.urls import MCP_PATH, Page, address
from web.mcp.tools import Caller


class AssistantEndpoint:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        page = PageRequest(request)
        # Before anything of what is sent is read.
        account = await account_of(request) if "Authorization" in request.headers else None
        caller = Caller(
            page.knowledge_base,
            cast("Renderer", request.app.state.renderer),
            (await run_in_threadpool(lambda: page.identity)).identity.name,
            page.root,
            lambda: account,
            lambda writer: count_for_account(request, writer, Quota.WRITES),
        )
        # It imports the SDK, in half a second: most sites have no assistants.
        server = await run_in_threadpool(import_module, "web.mcp.server")
        count_for_address(request, Quota.SEARCHES)
        turn = searches_of(request).turn
        await server.answer_message(caller, page.settings, turn, scope, receive, send)


ROUTE = Route(MCP_PATH, AssistantEndpoint(), methods=["POST"], name="mcp")
router = PageRouter()
_TOKEN = "Bearer qsf_…"  # noqa: S105 (what a token looks like)


@router.shows(Page.ASSISTANTS)
def assistants(request: APageRequest) -> Response:
    server = {"type": "http", "url": request.root + MCP_PATH}
    return request.page(
        "mcp/assistants.html",
        here=address(Page.ASSISTANTS),
        endpoint=server["url"],
        configuration=_configuration(server),
        with_token=_configuration({**server, "headers": {"Authorization": _TOKEN}}),
    )


def _configuration(server: Mapping[str, object]) -> str:
    return json.dumps({"mcpServers": {"quisait": server}}, ensure_ascii=False, indent=2)


@router.api_route(MCP_PATH, methods=["GET", "HEAD"])
async def show_how(request: APageRequest) -> Response:
    if not request.wants_a_page:
        # What asks for a stream, as the protocol allows, is told that there is none.
        raise HTTPException(405, headers={"Allow": "POST"})
    path = address(Page.ASSISTANTS).path(request.language)
    return RedirectResponse(path, 303, {"Vary": "Accept, Accept-Language"})
