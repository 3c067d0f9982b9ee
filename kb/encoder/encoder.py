"""Embeddings and encoders: the seam between the knowledge base and any model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.float32]  # `(n, dimension)` float32, unit rows
MEAN_POOLED = 0.999  # least cosine of a text's embedding and the mean of its tokens


class TextKind(StrEnum):
    """The side of a search that a text is on; asymmetric models prefix the two differently."""

    QUERY = "query"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class WordEmbeddings:
    """The share of each token in a text's embedding, which is their mean, normalised.

    `tokens` are `(n, dimension)` float32, not unit; `spans` the characters of each token, empty
    for the model's own tokens and those of the prompt.
    """

    tokens: NDArray[np.float32]
    spans: tuple[tuple[int, int], ...]

    @property
    def embedding(self) -> Embeddings:
        """The embedding of the text: `(dimension,)`, unit."""
        mean = self.tokens.mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)

    @classmethod
    def of_pooled(
        cls,
        tokens: NDArray[np.float32],
        offsets: Sequence[tuple[int, int]],
        text: str,
        prompt: str,
        pooled: Embeddings,
    ) -> "WordEmbeddings | None":
        """The word embeddings of a text; None if their mean is not `pooled`, as the model pools."""
        spans = (
            (max(start - len(prompt), 0), min(end - len(prompt), len(text)))
            for start, end in offsets
        )
        found = cls(tokens, tuple((a, b) if a < b else (0, 0) for a, b in spans))
        cosine = float(found.embedding @ pooled) / max(float(np.linalg.norm(pooled)), 1e-12)
        return found if cosine >= MEAN_POOLED else None


@dataclass(frozen=True, slots=True)
class ModelCard:
    fingerprint: str
    dimension: int
    max_tokens: int
    prompts: Mapping[str, str]
    remark: str = ""


class Encoder(Protocol):
    """Embeds texts; those with the same `fingerprint` give interchangeable embeddings."""

    name: str
    engine: str
    fingerprint: str
    dimension: int

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        """Embeds texts: `(len(texts), dimension)`, unit rows, in the order given."""

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        """The share of each token in an embedding; None if it is not their mean. For threads."""
