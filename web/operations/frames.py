"""Frames: what the server and its searchers tell each other over a pair of sockets.

A frame is two lengths, a head in JSON, and a body of bytes. Nothing in it is run.
"""

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any

_LENGTHS = struct.Struct("!II")


def frame_of(head: Mapping[str, object], body: bytes = b"") -> bytes:
    written = json.dumps(head, separators=(",", ":")).encode()
    return b"".join((_LENGTHS.pack(len(written), len(body)), written, body))


async def next_frame(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
    """Reads a frame: its head and its body.

    Raises:
        EOFError, ConnectionError: the other side is gone.
    """
    of_head, of_body = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    head: dict[str, Any] = json.loads(await reader.readexactly(of_head))
    return head, await reader.readexactly(of_body)
