"""Embeddings of texts that nobody wrote: mixtures of real ones."""

import faiss
import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.trade_index.trade_index import BUNDLED, TradeIndex

NEIGHBOURS = 8

Places = NDArray[np.integer]
"""`(n,)` rows of the real embeddings, or for each how near the neighbour is: 1 to `NEIGHBOURS`."""


class Mixtures:
    """Mixtures of a real embedding with a near one, and half of the difference of two others.

    They are as close to queries as real ones.
    """

    def __init__(self, real: Embeddings) -> None:
        self.real = real
        near = faiss.IndexFlatIP(real.shape[1])
        near.add(real)
        _, self._neighbours = near.search(real, NEIGHBOURS + 1)

    def of(
        self, one: Places, other: Places, ranks: tuple[Places, Places], share: NDArray[np.floating]
    ) -> Embeddings:
        """Of each `one` with its neighbour, which has 1 − `share`; and `other` and its neighbour.

        The first of `ranks` is of the neighbour of `one`, the second of that of `other`.
        """
        real, share = self.real, np.asarray(share, np.float32)[:, np.newaxis]
        moved = (real[self._neighbours[other, ranks[1]]] - real[other]) / 2
        mixed = share * real[one] + (1 - share) * real[self._neighbours[one, ranks[0]]] + moved
        return unit(np.asarray(mixed, np.float32))


def phrase_embeddings() -> Embeddings:
    """Those of the phrases of the bundled trade index, in half precision."""
    index = TradeIndex.read(BUNDLED)
    index.phrases.make_direct_map()
    return unit(index.phrases.reconstruct_n(0, len(index)))


def unit(rows: Embeddings) -> Embeddings:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
