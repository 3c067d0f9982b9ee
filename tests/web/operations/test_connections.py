import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from web.operations.connections import (
    LONGEST_LOOK_S,
    ConnectionLimits,
    PatientProtocol,
    ServedConnections,
)

HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: kb.example\r\nX-Half: "
GET = b"GET / HTTP/1.1\r\nHost: kb.example\r\n\r\n"
LIMITS = ConnectionLimits(header_s=6, body_s=8, answer_s=8, rest_s=4, bytes_per_s=100)
LONG = b"x" * 20_000_000
"""More than the buffers of any kernel."""

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def post(length: int) -> bytes:
    return f"POST / HTTP/1.1\r\nHost: kb.example\r\nContent-Length: {length}\r\n\r\n".encode()


class SmallSite:
    """A server without a clock: a test says how much time passes."""

    def __init__(self, limits: ConnectionLimits, proxies: tuple[str, ...]) -> None:
        self.ended: list[str] = []
        self.bodies: list[int] = []
        self.connections = ServedConnections(limits, proxies, self.ended.append)
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.port = 0
        self.clients: list[Client] = []

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = PlainTextResponse(LONG if request.url.path == "/long" else b"here")
        if request.url.path != "/at-once":
            try:
                self.bodies.append(len(await request.body()))
            except ClientDisconnect:
                self.bodies.append(-1)
                return
            await self.may_answer.wait()
        await answer(scope, receive, send)

    async def connect(self, sent: bytes = b"") -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 16)
        self.clients.append((reader, writer))
        writer.write(sent)
        await settle()
        return reader, writer

    async def pass_time(self, seconds: float) -> None:
        """Time passes second by second."""
        for _ in range(int(seconds)):
            self.connections.look(1.0)
        await settle()


async def settle() -> None:
    """Lets everything that can go on do so."""
    for _ in range(8):
        await asyncio.sleep(0.001)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.005)


async def is_open(client: Client) -> bool:
    await settle()
    return not client[0].at_eof() and client[0].exception() is None


async def answer_of(client: Client) -> bytes:
    async with asyncio.timeout(30):
        head = await client[0].readuntil(b"\r\n\r\n")
        return head + await client[0].readexactly(4)


@asynccontextmanager
async def serving(
    limits: ConnectionLimits = LIMITS, proxies: tuple[str, ...] = ()
) -> AsyncIterator[SmallSite]:
    site = SmallSite(limits, proxies)
    config = uvicorn.Config(
        site.app, interface="asgi3", ws="none", lifespan="off", log_config=None, access_log=False
    )
    config.load()
    protocol = functools.partial(
        PatientProtocol, config=config, server_state=site.connections, app_state={}
    )
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        for _, writer in site.clients:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        site.connections.cut_all()
        await until(lambda: not site.connections.connections and not site.connections.tasks)


def with_a_site(
    **given: Any,
) -> Callable[[Callable[[SmallSite], Awaitable[None]]], Callable[[], None]]:
    def decorated(test: Callable[[SmallSite], Awaitable[None]]) -> Callable[[], None]:
        async def run() -> None:
            async with serving(**given) as site:
                await test(site)

        def sync() -> None:
            asyncio.run(run())

        sync.__name__ = test.__name__
        return sync

    return decorated


@with_a_site()
async def test_half_a_header_is_cut_however_it_dribbles_in(site: SmallSite) -> None:
    client = await site.connect(HALF_A_HEADER)
    silent = await site.connect()
    for _ in range(5):
        await site.pass_time(1)
        client[1].write(b"x" * 500)
        assert await is_open(client)
    await site.pass_time(1)
    assert not await is_open(client)
    assert not await is_open(silent)
    assert site.ended == ["header", "header"]


@with_a_site()
async def test_half_a_body_is_cut(site: SmallSite) -> None:
    client = await site.connect(post(1000) + b"half")
    await site.pass_time(8)
    assert await is_open(client)
    await site.pass_time(1)
    assert not await is_open(client)
    assert site.ended == ["body"]
    await until(lambda: site.bodies == [-1])


@with_a_site()
async def test_a_body_that_dribbles_in_is_cut(site: SmallSite) -> None:
    client = await site.connect(post(1000))
    for _ in range(10):
        client[1].write(b"x")
        await settle()
        await site.pass_time(1)
    assert not await is_open(client)


@with_a_site()
async def test_an_honest_upload_on_a_slow_line_goes_through(site: SmallSite) -> None:
    client = await site.connect(post(100 * 150))
    for _ in range(100):
        client[1].write(b"x" * 150)
        await settle()
        await site.pass_time(1)
    assert (await answer_of(client)).endswith(b"here")
    assert site.bodies == [15_000]
    assert site.ended == []


@with_a_site()
async def test_one_that_pauses_and_goes_on_is_waited_for(site: SmallSite) -> None:
    client = await site.connect(post(1600))
    for _ in range(2):
        await site.pass_time(7)
        client[1].write(b"x" * 800)
        await settle()
    assert (await answer_of(client)).endswith(b"here")


@with_a_site()
async def test_a_client_is_not_blamed_for_the_time_that_an_answer_takes(site: SmallSite) -> None:
    site.may_answer.clear()
    client = await site.connect(GET)
    await site.pass_time(100)
    site.may_answer.set()
    assert (await answer_of(client)).endswith(b"here")


@with_a_site()
async def test_a_server_that_was_busy_takes_away_no_more_than_a_moment(site: SmallSite) -> None:
    client = await site.connect(HALF_A_HEADER)
    site.connections.look(100.0)
    assert await is_open(client)
    for _ in range(int(LIMITS.header_s / LONGEST_LOOK_S)):
        site.connections.look(100.0)
    assert not await is_open(client)


@with_a_site()
async def test_an_answer_that_nobody_reads_is_dropped(site: SmallSite) -> None:
    client = await site.connect(GET.replace(b"/ ", b"/long "))
    await until(lambda: [c.waited_for for c in site.connections._all()] == ["answer"])
    await site.pass_time(9)
    assert site.ended == ["answer"]
    await until(lambda: not site.connections.connections and not site.connections.tasks)
    client[1].close()


@with_a_site()
async def test_an_answer_that_is_read_slowly_arrives(site: SmallSite) -> None:
    reader, writer = await site.connect(GET.replace(b"/ ", b"/long "))
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"200" in head
    read = 0
    while read < len(LONG):
        read += len(await reader.read(400_000))
        if read % 7 == 0:
            await settle()
        site.connections.look(0.01)
    assert site.ended == []
    writer.close()


@with_a_site()
async def test_the_rest_of_a_body_that_is_answered_is_not_waited_for(site: SmallSite) -> None:
    client = await site.connect(post(10_000).replace(b"/ ", b"/at-once "))
    assert (await answer_of(client)).endswith(b"here")
    for _ in range(5):
        client[1].write(b"x" * 1000)
        await settle()
        await site.pass_time(1)
    assert not await is_open(client)
    assert site.ended == ["rest"]


@with_a_site()
async def test_a_connection_is_kept_between_two_requests(site: SmallSite) -> None:
    client = await site.connect()
    for _ in range(3):
        client[1].write(GET)
        await answer_of(client)
        await site.pass_time(60)
    await site.pass_time(20)
    assert not await is_open(client)
    assert site.ended == ["idle"]


@with_a_site(limits=ConnectionLimits(most=5), proxies=("127.0.0.1",))
async def test_half_sent_requests_give_way_to_others(site: SmallSite) -> None:
    flood = [await site.connect(HALF_A_HEADER) for _ in range(3)]
    flood += [await site.connect(post(100) + b"half") for _ in range(30)]
    asking = await site.connect(GET)
    assert (await answer_of(asking)).endswith(b"here")
    assert len(site.connections.connections) == 5
    assert [await is_open(client) for client in flood].count(True) == 4


@with_a_site(limits=ConnectionLimits(most=3), proxies=("127.0.0.1",))
async def test_idle_connections_give_way_before_uploads(site: SmallSite) -> None:
    upload = await site.connect(post(100) + b"half")
    idle = [await site.connect(GET) for _ in range(2)]
    for client in idle:
        await answer_of(client)
    await site.pass_time(10)
    newcomers = [await site.connect(GET) for _ in range(2)]
    for client in newcomers:
        assert (await answer_of(client)).endswith(b"here")
    assert await is_open(upload)


@with_a_site(limits=ConnectionLimits(most=3), proxies=("127.0.0.1",))
async def test_who_finds_only_requests_at_work_is_asked_to_come_back(site: SmallSite) -> None:
    site.may_answer.clear()
    busy = [await site.connect(GET) for _ in range(3)]
    refused = await site.connect()
    async with asyncio.timeout(30):
        answer = await refused[0].read()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 10\r\n" in answer.lower()
    site.may_answer.set()
    for client in busy:
        assert (await answer_of(client)).endswith(b"here")


@with_a_site(limits=ConnectionLimits(most_of_address=2))
async def test_an_address_has_so_many_connections_at_once(site: SmallSite) -> None:
    site.may_answer.clear()
    busy = [await site.connect(GET) for _ in range(2)]
    refused = await site.connect(GET)
    async with asyncio.timeout(30):
        assert (await refused[0].read()).startswith(b"HTTP/1.1 503 ")
    site.may_answer.set()
    for client in busy:
        await answer_of(client)
        client[1].close()
    await until(lambda: not site.connections.connections)
    # All are counted off again.
    assert (await answer_of(await site.connect(GET))).endswith(b"here")
    assert site.ended == ["refused"]


@with_a_site(limits=ConnectionLimits(most_of_address=2), proxies=("127.0.0.1",))
async def test_a_proxy_is_many_visitors(site: SmallSite) -> None:
    site.may_answer.clear()
    busy = [await site.connect(GET) for _ in range(5)]
    site.may_answer.set()
    for client in busy:
        assert (await answer_of(client)).endswith(b"here")


@with_a_site()
async def test_a_server_that_ends_cuts_what_is_half_sent_and_no_more(site: SmallSite) -> None:
    site.may_answer.clear()
    half = [await site.connect(HALF_A_HEADER), await site.connect(post(100) + b"half")]
    whole = await site.connect(GET)
    site.connections.cut_half_sent()
    for client in half:
        assert not await is_open(client)
    site.may_answer.set()
    assert (await answer_of(whole)).endswith(b"here")


@pytest.mark.parametrize("nonsense", [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n"])
def test_what_is_no_http_is_told_so(nonsense: bytes) -> None:
    async def run() -> None:
        async with serving() as site:
            client = await site.connect(nonsense)
            async with asyncio.timeout(30):
                assert (await client[0].read()).startswith(b"HTTP/1.1 400 ")

    asyncio.run(run())
