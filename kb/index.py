"""The index: nearest neighbours of an embedding among the passages, by passage id.

FAISS holds the embeddings in memory and in a file beside the database; both are caches of what
the store holds. The file says what it was made from (`fingerprint`) and which generation of the
base it has seen; one that does not say what it should is not read. `refreshed` brings an index up
to date by the ids it lacks and the ids that are gone: an id always means the same text.

The search is exact (`IndexFlatIP`): cosines, since rows are unit vectors.
"""

import contextlib
import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from kb.embedding import Embeddings
from kb.store import Store

INDEX_FILE = "passages.faiss"
CARD_FILE = "passages.faiss.json"
INDEX_FORMAT = 1
REFRESH_BATCH = 10_000


class Index:
    """An index in memory. It never changes, so that threads share it; `refreshed` makes another."""

    def __init__(self, encoder: str, dimension: int) -> None:
        self.encoder = encoder
        self.dimension = dimension
        self.generation = ""
        self._faiss: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self._known: frozenset[int] = frozenset()
        self._mean = np.zeros(dimension, np.float32)
        self._covariance = np.zeros((dimension, dimension), np.float32)

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    def search(
        self, query: Embeddings, k: int, among: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` nearest passages to a `(dimension,)` embedding: id and cosine, best first.

        With `among`, only those passages are looked at. Fewer than `k` come back if there are
        fewer.
        """
        k = min(k, len(self) if among is None else len(among))
        if k == 0:
            return []
        parameters = None
        if among is not None:
            chosen = np.fromiter(among, np.int64, len(among))
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(chosen))  # type: ignore[call-arg]
        scores, ids = self._faiss.search(query.reshape(1, -1), k, params=parameters)
        # FAISS pads what it cannot find with the id -1.
        return [
            (int(id_), float(score))
            for id_, score in zip(ids[0], scores[0], strict=True)
            if id_ >= 0
        ]

    def cosines(self, query: Embeddings, ids: Sequence[int]) -> dict[int, float]:
        """The cosines of a `(dimension,)` embedding to these passages; ids not here left out."""
        here = [id_ for id_ in ids if id_ in self._known]
        if not here:
            return {}
        vectors = self._faiss.reconstruct_batch(np.asarray(here, np.int64))
        return dict(zip(here, (vectors @ query).tolist(), strict=True))

    def spread(self, query: Embeddings) -> tuple[float, float]:
        """Mean and standard deviation of the cosines of a query to all passages.

        Exact, from the embeddings' mean μ and covariance Σ: the cosines have mean q·μ and
        variance qᵀΣq. An empty index gives (0, 1).
        """
        if len(self) < 2:
            return 0.0, 1.0
        mean = float(query @ self._mean)
        variance = float(query @ self._covariance @ query)
        return mean, max(variance, 1e-12) ** 0.5

    def refreshed(self, store: Store) -> "Index":
        """An index at the store's generation: this one, less what is gone, plus what is new."""
        result = Index(self.encoder, self.dimension)
        result.generation = store.generation
        wanted = store.embedded_passages(self.encoder)
        result._faiss = faiss.clone_index(self._faiss)
        gone = np.fromiter(self._known - wanted, np.int64)
        if len(gone):
            result._faiss.remove_ids(faiss.IDSelectorBatch(gone))
        missing = sorted(wanted - self._known)
        for first in range(0, len(missing), REFRESH_BATCH):
            ids = missing[first : first + REFRESH_BATCH]
            vectors = store.embeddings(self.encoder, ids)
            result._faiss.add_with_ids(vectors, np.asarray(ids, np.int64))
        result._measure()
        return result

    def _measure(self) -> None:
        self._known = frozenset(faiss.vector_to_array(self._faiss.id_map).tolist())
        if len(self) < 2:
            return
        vectors = self._faiss.index.reconstruct_n(0, len(self))
        self._mean = vectors.mean(axis=0)
        self._covariance = np.cov(vectors, rowvar=False).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Writes the index beside the database, whole or not at all."""
        # The card goes last, and names the size of the file it speaks of.
        pending = folder / f".{INDEX_FILE}.{os.getpid()}"
        try:
            faiss.write_index(self._faiss, str(pending))
            size = pending.stat().st_size
            (folder / CARD_FILE).unlink(missing_ok=True)
            pending.replace(folder / INDEX_FILE)
            card = {**self._card(), "generation": self.generation, "bytes": size}
            pending.write_text(json.dumps(card), encoding="utf-8")
            pending.replace(folder / CARD_FILE)
        finally:
            pending.unlink(missing_ok=True)

    @classmethod
    def load(cls, folder: Path, encoder: str, dimension: int) -> "Index":
        """The index saved in `folder`, or an empty one if there is none to be trusted."""
        index = cls(encoder, dimension)
        # Whatever is wrong with a cache, the answer is the same: do without it.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RuntimeError):
            card: dict[str, Any] = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
            generation = card.pop("generation")
            size = card.pop("bytes")
            if card == index._card() and size == (folder / INDEX_FILE).stat().st_size:
                saved = faiss.read_index(str(folder / INDEX_FILE))
                if saved.d == dimension:
                    index._faiss = saved
                    index.generation = generation
                    index._measure()
        return index

    def _card(self) -> dict[str, Any]:
        return {"format": INDEX_FORMAT, "encoder": self.encoder, "dimension": self.dimension}
