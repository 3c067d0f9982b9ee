"""Embeddings of queries that were asked lately: many people search for the same.

Kept in memory alone, of the encoder that made them, and never shown. What is remembered is what
was encoded together, not each text: an embedding depends, in its last digits, on the texts that
were padded with it, and a search made again has to give the same scores.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from kb.encoder.encoder import (
    Embeddings,
    Encoder,
    TextKind,
    WaitForEmbeddings,
    WordEmbeddings,
    begin,
)

REMEMBERED = 1_000
"""Calls that are remembered: some 2 MB."""

MOST_TEXTS = 8
"""Texts of a call that is remembered: more are no query."""


class QueryCache:
    """An encoder that remembers queries. Threads share it."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.engine = encoder.name, encoder.engine
        self.fingerprint, self.dimension = encoder.fingerprint, encoder.dimension
        self.adaptation = str(getattr(encoder, "adaptation", ""))
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, ...], Embeddings] = OrderedDict()

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        if kind is not TextKind.QUERY or len(texts) > MOST_TEXTS:
            return self._encoder.encode(texts, kind)
        found = self._remembered(texts)
        return self._remember(texts, self._encoder.encode(texts, kind)) if found is None else found

    def begin(self, texts: Sequence[str], kind: TextKind) -> WaitForEmbeddings:
        if kind is not TextKind.QUERY or len(texts) > MOST_TEXTS:
            return begin(self._encoder, texts, kind)
        found = self._remembered(texts)
        if found is not None:
            return lambda: found
        wait = begin(self._encoder, texts, kind)
        return lambda: self._remember(texts, wait())

    def _remembered(self, texts: Sequence[str]) -> Embeddings | None:
        key = tuple(texts)
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
        return None if found is None else found.copy()

    def _remember(self, texts: Sequence[str], found: Embeddings) -> Embeddings:
        with self._lock:
            self._known[tuple(texts)] = found
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found.copy()

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        return self._encoder.encode_words(text, kind)
