"""An encoder whose embeddings can be computed by hand, for tests that need no model."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from kb.encoder.encoder import Embeddings, TextKind, WordEmbeddings
from kb.text.analysis import FUNCTION_WORDS, words


class WordCountEncoder:
    """Counts words into buckets: texts are alike as they share words that carry meaning.

    A word counts as its weight in `weights` says, any other as `usual`. Remembers what it was asked
    to embed, so that tests can count it.
    """

    engine = "test"

    def __init__(
        self,
        fingerprint: str = "words-1",
        dimension: int = 2048,
        *,
        weights: Mapping[str, float] | None = None,
        usual: float = 1.0,
    ) -> None:
        self.name = "word-count"
        self.fingerprint = fingerprint
        self.dimension = dimension
        self.embedded: list[str] = []
        self._weights = weights or {}
        self._usual = usual
        # What all texts share, far less than a word.
        self._common = 1e-3 if not weights else 1e-6

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        if kind is TextKind.DOCUMENT:
            self.embedded += texts
        rows = np.full((len(texts), self.dimension), self._common, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in words(text):
                if word.forms[-1] not in FUNCTION_WORDS:
                    row[self.bucket(word.forms[-1])] += self._weight(word.forms[-1])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings:
        """A token for each word, and one of the model's own that is the same in every text."""
        found = list(words(text))
        tokens = np.zeros((len(found) + 1, self.dimension), np.float32)
        tokens[0] = self._common
        for row, word in zip(tokens[1:], found, strict=True):
            if word.forms[-1] not in FUNCTION_WORDS:
                row[self.bucket(word.forms[-1])] = self._weight(word.forms[-1])
        return WordEmbeddings(tokens, ((0, 0), *((word.start, word.end) for word in found)))

    def _weight(self, word: str) -> float:
        return self._weights.get(word, self._usual)

    def bucket(self, word: str) -> int:
        return int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % self.dimension
