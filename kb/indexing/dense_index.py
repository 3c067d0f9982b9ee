"""The dense index: what a search asks of the embeddings of passages, wherever they are kept."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings

PassageIds = NDArray[np.int64]  # `(n,)` ids of passages


class Neighbours(NamedTuple):
    """The `(n,)` ids and cosines of near passages, best first, equals in the order of ids."""

    ids: PassageIds
    cosines: NDArray[np.float32]


class EmbeddedPassages(NamedTuple):
    """Passages with what the encoder made of them: `(n,)` ids and `(n, dimension)` embeddings."""

    ids: PassageIds
    embeddings: Embeddings

    def at(self, places: slice | Sequence[int] | NDArray[Any]) -> "EmbeddedPassages":
        return EmbeddedPassages(self.ids[places], self.embeddings[places])


class DenseIndex(Protocol):
    """The embeddings of the passages in one state of the base (`generation`); never changes."""

    generation: str
    dimension: int

    def __len__(self) -> int: ...

    def __contains__(self, id_: int) -> bool: ...

    def neighbours(
        self, query: Embeddings, k: int, among: PassageIds | Collection[int] | None = None
    ) -> Neighbours:
        """The `k` passages nearest to a `(dimension,)` embedding."""
        ...

    def embedded(self, ids: PassageIds | Collection[int]) -> EmbeddedPassages:
        """The embeddings of these passages, in the order given; ids not here left out."""
        ...

    def search(
        self, query: Embeddings, k: int, among: PassageIds | Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """As `neighbours`, each passage with its cosine."""
        found = self.neighbours(query, k, among)
        return list(zip(found.ids.tolist(), found.cosines.tolist(), strict=True))

    def cosines(self, query: Embeddings, ids: PassageIds | Collection[int]) -> dict[int, float]:
        """The cosines of a `(dimension,)` embedding to these passages; ids not here left out."""
        return dict(self.search(query, len(ids), among=ids))

    def nearest(self, rows: Embeddings, k: int) -> list[dict[int, float]]:
        """The `k` passages nearest to each of `(n, dimension)` embeddings, id to cosine."""
        return [dict(self.search(row, k)) for row in rows]

    def embeddings(self, ids: PassageIds | Collection[int]) -> dict[int, Embeddings]:
        """As `embedded`, id to `(dimension,)` embedding."""
        found = self.embedded(ids)
        return dict(zip(found.ids.tolist(), found.embeddings, strict=True))


def id_array(ids: PassageIds | Collection[int]) -> PassageIds:
    if isinstance(ids, np.ndarray):
        return np.asarray(ids, np.int64)
    return np.fromiter(ids, np.int64, len(ids))


def ascending(ids: PassageIds) -> PassageIds:
    """These ids in ascending order, each once; `np.unique` takes a hundred times as long."""
    in_order = np.sort(ids)
    return np.asarray(in_order[np.diff(in_order, prepend=-1) != 0])


def places_in(ids: PassageIds, looked_for: PassageIds) -> NDArray[np.int64]:
    """The place of each of the passages looked for among ascending ids; -1 for those not there."""
    if not len(ids):
        return np.full(len(looked_for), -1, np.int64)
    places = np.minimum(np.searchsorted(ids, looked_for), len(ids) - 1)
    return np.where(ids[places] == looked_for, places, -1)


def nearest_first(ids: PassageIds, cosines: NDArray[np.float32], k: int) -> Neighbours:
    order = np.lexsort((ids, -cosines))[:k]
    return Neighbours(ids[order], cosines[order])
