"""The trades of passages: what an encoder and a trade index make of each, to be compared."""

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import EmbeddedPassages

FILED_IN = 24
"""Count of the likeliest trades of a passage that are kept: the others hardly count."""

_LEAST_DIFFERENCE = 1e-5
"""That of the sums of two embeddings which are not the same, in half precision."""

TradeRows = NDArray[np.void]
"""`(n,)` rows of `row_type`."""


def row_type(trades: int) -> np.dtype[np.void]:
    """What is kept of a passage where there are so many trades.

    - `id` of the passage; `sum` of its embedding, by which one that was made again is told from the
      former.
    - `filed`: its likeliest trades, and `filing`: the square roots of how likely they are.
    - `lines`: the slope and the origin by which a cosine with it is standardised over its cosines
      with all trades.
    """
    filed = min(FILED_IN, trades)
    return np.dtype(
        [
            ("id", "<i8"),
            ("sum", "<f4"),
            ("lines", "<f4", (2,)),
            ("filed", "<u2", (filed,)),
            ("filing", "<f2", (filed,)),
        ]
    )


def trade_rows(
    passages: EmbeddedPassages, trades: int, filing: Embeddings | None, lines: Embeddings
) -> TradeRows:
    """The rows of passages, where there are so many trades.

    `filing` are square roots, `(n, trades)`; without, none is filed.
    """
    rows = np.zeros(len(passages.ids), row_type(trades))
    rows["id"], rows["sum"], rows["lines"] = passages.ids, _sums(passages), lines
    if filing is not None:
        count = rows["filed"].shape[1]
        filed = np.argpartition(-filing, count - 1, axis=1)[:, :count]
        rows["filed"], rows["filing"] = filed, np.take_along_axis(filing, filed, axis=1)
    return rows


def unknown_row(trades: int) -> TradeRows:
    """A row that is of no passage, `(1,)`."""
    row = np.zeros(1, row_type(trades))
    row["id"] = -1
    return row


class PassageTrades:
    """The trades of passages, by their rows."""

    __slots__ = ("rows",)

    def __init__(self, rows: TradeRows) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def are_of(self, passages: EmbeddedPassages) -> NDArray[np.bool_]:
        """Which rows are of these passages, in their order, with the same embeddings: `(n,)`."""
        # What is no number is no difference either: not the same.
        near = np.abs(self.rows["sum"] - _sums(passages)) < _LEAST_DIFFERENCE
        return np.asarray((self.rows["id"] == passages.ids) & near)

    @property
    def filed(self) -> NDArray[np.uint16]:
        """The likeliest trades of each: `(n, FILED_IN)`, or all if they are fewer."""
        return np.asarray(self.rows["filed"])

    @property
    def filing(self) -> Embeddings:
        """The square roots of how likely each would be filed in these."""
        return np.asarray(self.rows["filing"].astype(np.float32))

    def overlaps(self, filing: Embeddings) -> Embeddings:
        """How far each would be filed in the same trades as something filed so: `(n,)`."""
        return np.asarray((filing[self.filed] * self.filing).sum(axis=1))

    def standardised(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines with each, `(…, n)`, as their mean deviation over the languages of trades."""
        slope, origin = self.rows["lines"].T
        return np.asarray(cosines * slope - origin)


def _sums(passages: EmbeddedPassages) -> NDArray[np.float32]:
    dimension = passages.embeddings.shape[1]
    return np.asarray(passages.embeddings @ np.ones(dimension, np.float32))
