"""The endpoint `/mcp`: assistants over HTTP, each request on its own.

Only POST is answered, and in one piece: no session is kept, and no stream stays open.
"""

from functools import partial
from typing import cast
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from kb.settings import Settings
from web.api.tokens import account_of
from web.http.request import PageRequest
from web.http.security.body_limit import STRANGERS_BYTES
from web.http.templating import Renderer
from web.http.urls import MCP_PATH
from web.mcp.caller import Caller

_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")


class AssistantEndpoint:
    """ASGI application that answers one message of the protocol.

    The SDK is imported with the first message: most sites have no assistants.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from mcp.server.transport_security import RequestBodyLimitMiddleware

        request = Request(scope, receive)
        # Before anything of what is sent is read, and outside of the SDK's tasks, which would wrap
        # the refusal of a body that is too long.
        account = await account_of(request) if "Authorization" in request.headers else None
        caller = Caller(
            PageRequest(request).knowledge_base,
            cast("Renderer", request.app.state.renderer),
            PageRequest(request).root,
            lambda: account,
        )
        answer = partial(_answer, caller, PageRequest(request).settings)
        await RequestBodyLimitMiddleware(answer, STRANGERS_BYTES)(scope, receive, send)


async def _answer(
    caller: Caller, settings: Settings, scope: Scope, receive: Receive, send: Send
) -> None:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings

    from web.mcp.server import server_for

    site = urlsplit(settings.public_url)
    manager = StreamableHTTPSessionManager(
        server_for(caller),
        json_response=True,
        stateless=True,
        # A page of another site must not reach a server of this machine by a name of its own.
        security_settings=TransportSecuritySettings(
            allowed_hosts=[site.netloc, *_THIS_MACHINE, *(f"{host}:*" for host in _THIS_MACHINE)],
            allowed_origins=[
                f"{site.scheme}://{site.netloc}",
                *(f"http://{host}:*" for host in _THIS_MACHINE),
            ],
        ),
    )
    async with manager.run():
        await manager.handle_request(scope, receive, send)


ROUTE = Route(MCP_PATH, AssistantEndpoint(), methods=["POST"], name="mcp")
