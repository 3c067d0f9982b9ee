"""Who sends half a request keeps nobody out; who is slow, and honest, is waited for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from web.operations.serving import GuardedProtocol

HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: kb.example\r\nX-Half: "
GET = b"GET / HTTP/1.1\r\nHost: kb.example\r\n\r\n"
MOST = 6

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def post(length: int) -> bytes:
    return f"POST / HTTP/1.1\r\nHost: kb.example\r\nContent-Length: {length}\r\n\r\n".encode()


class SmallSite:
    def __init__(self) -> None:
        self.port = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.clients: list[Client] = []

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(ClientDisconnect):
            await Request(scope, receive).body()
            await self.may_answer.wait()
            await PlainTextResponse(b"here")(scope, receive, send)

    async def connect(self, sent: bytes = b"") -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.clients.append((reader, writer))
        writer.write(sent)
        await asyncio.sleep(0.01)
        return reader, writer

    async def is_answered(self, client: Client) -> bool:
        async with asyncio.timeout(30):
            head = await client[0].readuntil(b"\r\n\r\n")
            return b" 200 " in head and await client[0].readexactly(4) == b"here"


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[SmallSite, uvicorn.Server]]:
    site = SmallSite()
    config = uvicorn.Config(
        site.app, port=0, interface="asgi3", ws="none", lifespan="off", log_config=None,
        access_log=False, http=GuardedProtocol, limit_concurrency=MOST,
    )  # fmt: skip
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    site.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield site, server
    finally:
        await server.shutdown()
        for client in site.clients:
            client[1].close()


def run(test: Callable[[SmallSite, uvicorn.Server], Awaitable[None]]) -> None:
    async def serve() -> None:
        async with serving() as (site, server):
            await test(site, server)

    asyncio.run(serve())


async def is_cut(client: Client) -> bool:
    async with asyncio.timeout(30):
        try:
            return await client[0].read() == b""
        except ConnectionError:
            return True


def test_what_is_half_sent_is_cut_however_it_dribbles_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.operations.serving.HEADER_S", 0.3)
    monkeypatch.setattr("web.operations.serving.BODY_S", 0.3)

    async def try_it(site: SmallSite, _: uvicorn.Server) -> None:
        half = [await site.connect(sent) for sent in (b"", HALF_A_HEADER, post(1000) + b"half")]
        dribbling = [await site.connect(sent) for sent in (HALF_A_HEADER, post(1000))]
        for _moment in range(50):
            for client in dribbling:
                client[1].write(b"x")
            await asyncio.sleep(0.02)
        for client in half + dribbling:
            assert await is_cut(client)

    run(try_it)


def test_who_sends_slowly_or_is_answered_late_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("web.operations.serving.HEADER_S", 0.3)
    monkeypatch.setattr("web.operations.serving.BODY_S", 0.3)

    async def try_it(site: SmallSite, _: uvicorn.Server) -> None:
        site.may_answer.clear()
        asking, sending = await site.connect(GET), await site.connect(post(50 * 100))
        for _moment in range(50):
            sending[1].write(b"x" * 100)
            await asyncio.sleep(0.02)
        site.may_answer.set()
        for client in (asking, sending):
            assert await site.is_answered(client)
            await asyncio.sleep(0.5)  # kept between two requests
            client[1].write(GET)
            assert await site.is_answered(client)

    run(try_it)


def test_half_sent_requests_and_idle_connections_give_way() -> None:
    async def try_it(site: SmallSite, _: uvicorn.Server) -> None:
        for sent in (HALF_A_HEADER, post(100) + b"half"):
            for _one in range(20):
                await site.connect(sent)
        for client in [await site.connect(GET) for _ in range(3)]:
            assert await site.is_answered(client)
        upload = await site.connect(post(4) + b"ha")
        for _one in range(20):
            assert await site.is_answered(await site.connect(GET))
        upload[1].write(b"lf")
        assert await site.is_answered(upload)

    run(try_it)


def test_who_finds_only_requests_at_work_is_asked_to_come_back() -> None:
    async def try_it(site: SmallSite, _: uvicorn.Server) -> None:
        site.may_answer.clear()
        busy = [await site.connect(GET) for _ in range(MOST - 1)]
        refused = await site.connect(GET)
        assert (await refused[0].readuntil(b"\r\n")).startswith(b"HTTP/1.1 503 ")
        site.may_answer.set()
        for client in busy:
            assert await site.is_answered(client)

    run(try_it)


def test_a_server_that_ends_cuts_what_is_half_sent_and_no_more() -> None:
    async def try_it(site: SmallSite, server: uvicorn.Server) -> None:
        site.may_answer.clear()
        half = [await site.connect(HALF_A_HEADER), await site.connect(post(100) + b"half")]
        whole = await site.connect(GET)
        ending = asyncio.create_task(server.shutdown())
        for client in half:
            assert await is_cut(client)
        site.may_answer.set()
        assert await site.is_answered(whole)
        await ending

    run(try_it)
