"""Frames: what the server and its searchers tell each other over a pair of sockets.

A frame is two lengths, a head in JSON, and a body of bytes. Nothing in it is run.
"""

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any

LENGTHS = struct.Struct("!II")


def frame_of(head: Mapping[str, object], body: bytes = b"") -> bytes:
    written = json.dumps(head, separators=(",", ":")).encode()
    return b"".join((LENGTHS.pack(len(written), len(body)), written, body))


async def next_frame(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
    """Reads a frame: its head and its body.

    Raises:
        EOFError, ConnectionError: the other side is gone.
    """
    of_head, of_body = LENGTHS.unpack(await reader.readexactly(LENGTHS.size))
    return parts_of(await reader.readexactly(of_head), await reader.readexactly(of_body))


def parts_of(head: bytes, body: bytes) -> tuple[dict[str, Any], bytes]:
    """Returns what a frame says, of its head and its body as they came."""
    said: dict[str, Any] = json.loads(head)
    return said, body
