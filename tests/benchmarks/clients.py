"""Clients that ask a server at once over connections that stay open, as little as clients can do.

A client asks again as soon as it has its answer. They share the machine with the server.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Answers:
    """The milliseconds of each answer, and what was refused (429 or 503) or failed."""

    ms: list[float] = field(default_factory=list)
    refused: int = 0
    failed: int = 0
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.ms) / self.seconds


def ask(port: int, paths: Sequence[str], clients: int) -> Answers:
    """Asks for each path once, by so many clients at a time."""
    answers = Answers()
    waiting = iter(paths)
    started = time.perf_counter()
    asyncio.run(_all(port, waiting, clients, answers))
    answers.seconds = time.perf_counter() - started
    return answers


async def _all(port: int, paths: Iterator[str], clients: int, answers: Answers) -> None:
    await asyncio.gather(*(_client(port, paths, answers) for _ in range(clients)))


async def _client(port: int, paths: Iterator[str], answers: Answers) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for path in paths:
            started = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            status, closes = await _answer(reader)
            if status == 200:
                answers.ms.append(1000 * (time.perf_counter() - started))
            elif status in {429, 503}:
                answers.refused += 1
            else:
                answers.failed += 1
            if closes:
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Reads an answer whole: its status, and whether the connection ends with it."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *lines = head.split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    if headers.get("transfer-encoding") == "chunked":
        while size := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        await reader.readexactly(int(headers.get("content-length", 0)))
    return int(status.split()[1]), headers.get("connection") == "close"
