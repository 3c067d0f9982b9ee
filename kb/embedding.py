"""Embeddings and what makes them: the seam between the knowledge base and any model.

The engines are `kb.openvino_engine` and `kb.sentence_transformer`; `kb.prepared_model` chooses
between them. Tests stand an encoder of their own behind the same seam.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.float32]
"""`(n, dimension)` float32, unit rows."""


class TextKind(StrEnum):
    """Which side of a search a text is on; asymmetric models word the two differently."""

    QUERY = "query"
    DOCUMENT = "document"


class Encoder(Protocol):
    """Anything that embeds texts.

    Two encoders with the same `fingerprint` give interchangeable embeddings. `name` is what a
    person calls the model, `engine` what runs it.
    """

    name: str
    engine: str
    fingerprint: str
    dimension: int

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        """Embeds texts: `(len(texts), dimension)`, unit rows, in the order given.

        Threads may call this at once.
        """
