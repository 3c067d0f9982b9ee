"""Embeddings on their way to and from pgvector, as the bytes of its type `halfvec`.

A vector is its dimension, nothing, and its numbers as float16, each of two bytes, the most
significant first: https://github.com/pgvector/pgvector/blob/v0.8.0/src/halfvec.c (`halfvec_send`).
psycopg sends a `Halfvec` where a statement says `?::halfvec`.
"""

from collections.abc import Sequence

import numpy as np
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

from kb.encoder.encoder import Embeddings
from kb.store.passages import VECTOR

_HEAD = 4


class Halfvec:
    """An embedding `(dimension,)` as a value of a statement."""

    __slots__ = ("sent",)

    def __init__(self, embedding: Embeddings) -> None:
        self.sent = len(embedding).to_bytes(2) + bytes(2) + embedding.astype(">f2").tobytes()


class _HalfvecDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Halfvec) -> bytes:
        return obj.sent


def register(context: AdaptContext) -> None:
    """Lets a connection take `Halfvec`s."""
    context.adapters.register_dumper(Halfvec, _HalfvecDumper)


def embeddings_of(received: Sequence[bytes]) -> Embeddings:
    """The `(n, dimension)` embeddings that a result in binary has."""
    sizes = set(map(len, received))
    if len(sizes) > 1:
        raise ValueError("embeddings of several dimensions")
    rows = np.frombuffer(b"".join(received), np.uint8).reshape(-1, max(sizes, default=_HEAD))
    return rows[:, _HEAD:].copy().view(">f2").astype(np.float32)


def sent(stored: bytes) -> bytes:
    """The bytes that pgvector takes of an embedding as SQLite stores it."""
    return Halfvec(np.frombuffer(stored, VECTOR)).sent


def received(given: bytes) -> bytes:
    """An embedding as SQLite stores it, of the bytes that pgvector gives."""
    return np.frombuffer(given, ">f2", offset=_HEAD).astype(VECTOR).tobytes()
