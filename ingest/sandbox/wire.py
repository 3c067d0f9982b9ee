"""What goes between a reading process and the one that asked: frames of plain JSON, no objects.

A frame is its length in four bytes, a byte that says its kind, and its content. Nothing in it is
run or looked up by name: a process that a hostile file has taken over can tell lies about that
file, and no more. That is why it is not pickled, as pools of processes do.
"""

import json
import struct
from enum import Enum
from typing import BinaryIO

_LENGTH = struct.Struct(">I")


class FrameKind(Enum):
    """The kinds of frames: of whoever asks, `TASK` and `CONTENT`; the others are answers."""

    TASK = b"t"
    CONTENT = b"c"
    BEGUN = b"b"
    PART = b"p"
    END = b"e"
    REFUSED = b"r"
    FAILED = b"f"
    NO_MEMORY = b"m"


class BrokenWire(Exception):
    """The other process sent what is no frame, too much, or nothing more at all."""


class NothingMore(BrokenWire):
    """The other process ends, or has ended."""


class TooMuch(BrokenWire):
    """The other process began a frame that is larger than it may be."""


def send(stream: BinaryIO, kind: FrameKind, content: bytes = b"") -> None:
    stream.write(_LENGTH.pack(len(content)) + kind.value)
    stream.write(content)
    stream.flush()


def receive(stream: BinaryIO, most: int) -> tuple[FrameKind, bytes]:
    """Returns the next frame, of at most `most` bytes.

    Raises:
        TooMuch: it is larger; nothing of it was read.
        NothingMore: there is none.
        BrokenWire: it is none.
    """
    head = stream.read(_LENGTH.size + 1)
    if len(head) < _LENGTH.size + 1:
        raise NothingMore
    (length,) = _LENGTH.unpack(head[:-1])
    if length > most:
        raise TooMuch
    content = stream.read(length)
    if len(content) < length:
        raise NothingMore
    try:
        return FrameKind(head[-1:]), content
    except ValueError:
        raise BrokenWire from None


def packed(value: object) -> bytes:
    """Returns a value of JSON as bytes; half a surrogate pair, which UTF-8 has not, is kept."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def unpacked(content: bytes) -> object:
    """Returns what `packed` was given.

    Raises:
        BrokenWire: it is no JSON, or far too deep.
    """
    try:
        value: object = json.loads(content)
    except (ValueError, RecursionError):
        raise BrokenWire from None
    return value
