"""The trades of passages: what an encoder and a trade index make of each, to be compared."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings

FILED_IN = 24
"""Count of the likeliest trades of a passage that are remembered: the others hardly count."""


@dataclass(slots=True)
class PassageTrades:
    """The trades of passages, a row each, in half precision.

    `shares` is `(n, trades)`. `filed` are the likeliest trades of each and `filing` the square
    roots of how likely they are, `(n, FILED_IN)`. `lines` are the slope and the origin by which a
    cosine with each is standardised over its cosines with all trades, `(n, 2)`.
    """

    shares: NDArray[np.float16]
    filed: NDArray[np.uint16]
    filing: NDArray[np.float16]
    lines: NDArray[np.float32]

    @classmethod
    def empty(cls, n: int, trades: int) -> "PassageTrades":
        filed = min(FILED_IN, trades)
        return cls(
            np.zeros((n, trades), np.float16),
            np.zeros((n, filed), np.uint16),
            np.zeros((n, filed), np.float16),
            np.zeros((n, 2), np.float32),
        )

    def __len__(self) -> int:
        return len(self.shares)

    def overlaps(self, shares: Embeddings) -> Embeddings:
        """How far each is close to the same trades as something with these shares: `(n,)`."""
        return self.shares.astype(np.float32) @ shares

    def filing_overlaps(self, filing: Embeddings) -> Embeddings:
        """How far each would be filed in the same trades as something filed so: `(n,)`."""
        of_each = filing[self.filed] * self.filing.astype(np.float32)
        return np.asarray(of_each.sum(axis=1))

    def standardised(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines with each, `(…, n)`, as their mean deviation over the languages of trades."""
        return cosines * self.lines[:, 0] - self.lines[:, 1]

    def at(self, rows: Sequence[int] | NDArray[np.int64]) -> "PassageTrades":
        return PassageTrades(*(getattr(self, field.name)[rows] for field in fields(self)))

    def put(self, rows: Sequence[int] | slice | NDArray[np.bool_], others: "PassageTrades") -> None:
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(others, field.name)
