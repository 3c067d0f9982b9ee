"""One message of an assistant over HTTP: whether it may be read, and its answer."""

from functools import partial
from urllib.parse import urlsplit

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import RequestBodyLimitMiddleware, TransportSecuritySettings
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from kb.settings import Settings
from web.http.dependencies import Turn
from web.http.security.bodies import STRANGERS_BYTES
from web.mcp.caller import Caller
from web.mcp.server import server_for

_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")


async def answer_message(
    caller: Caller, settings: Settings, turn: Turn, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answers a message, in one piece; 413 if it is long, 421 or 403 if it comes from elsewhere.

    It has its turn from when it has come whole until its answer is made: who sends or reads slowly
    holds none.
    """
    # The body is read outside of the SDK's tasks, which would wrap what `receive` raises.
    answer = RequestBodyLimitMiddleware(partial(_in_turn, caller, settings, turn), STRANGERS_BYTES)
    await answer(scope, receive, send)


async def _in_turn(
    caller: Caller, settings: Settings, turn: Turn, scope: Scope, receive: Receive, send: Send
) -> None:
    message = await receive()
    if message["type"] != "http.request" or message["more_body"]:
        raise ClientDisconnect
    unread, made = [message], list[Message]()

    async def again() -> Message:
        return unread.pop() if unread else await receive()

    async def make(part: Message) -> None:
        made.append(part)

    async with turn():
        await _answer(caller, settings, scope, again, make)
    for part in made:
        await send(part)


async def _answer(
    caller: Caller, settings: Settings, scope: Scope, receive: Receive, send: Send
) -> None:
    manager = StreamableHTTPSessionManager(
        server_for(caller),
        json_response=True,
        stateless=True,
        security_settings=_reached_as(settings),
    )
    async with manager.run():
        await manager.handle_request(scope, receive, send)


def _reached_as(settings: Settings) -> TransportSecuritySettings:
    """Returns the hosts and origins that are this site.

    A page of another site must not reach a server of this machine by a name of its own.
    """
    site = urlsplit(settings.public_url)
    return TransportSecuritySettings(
        allowed_hosts=[site.netloc, *_THIS_MACHINE, *(f"{host}:*" for host in _THIS_MACHINE)],
        allowed_origins=[
            f"{site.scheme}://{site.netloc}",
            *(f"http://{host}:*" for host in _THIS_MACHINE),
        ],
    )
