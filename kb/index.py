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
from collections.abc import Collection, Mapping, Sequence
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
PRIOR_PASSAGES = 10
"""How many passages of the overall mean a group's own mean is mixed with."""


class Index:
    """An index in memory. It never changes, so that threads share it; `refreshed` makes another."""

    def __init__(self, encoder: str, dimension: int) -> None:
        self.encoder = encoder
        self.dimension = dimension
        self.generation = ""
        self._faiss: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self._groups: dict[int, str] = {}
        self._means: dict[str, Embeddings] = {}
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
            selector = faiss.IDSelectorBatch(chosen)
            # The keyword keeps the selector alive; the stubs do not know of it.
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, ids = self._faiss.search(query.reshape(1, -1), k, params=parameters)
        # FAISS pads what it cannot find with the id -1.
        return [
            (int(id_), float(score))
            for id_, score in zip(ids[0], scores[0], strict=True)
            if id_ >= 0
        ]

    def cosines(self, query: Embeddings, ids: Sequence[int]) -> dict[int, float]:
        """The cosines of a `(dimension,)` embedding to these passages; ids not here left out."""
        here = [id_ for id_ in ids if id_ in self._groups]
        if not here:
            return {}
        vectors = self._faiss.reconstruct_batch(np.asarray(here, np.int64))
        return dict(zip(here, (vectors @ query).tolist(), strict=True))

    def standardised(self, query: Embeddings, cosines: Mapping[int, float]) -> dict[int, float]:
        """Cosines to a `(dimension,)` embedding as deviations from a chance passage's.

        Each is compared with the passages of its own group, those of its kind and language: a
        query prefers text in its own language, and short texts, whatever they say. With μ the
        mean embedding of a group, drawn towards the mean of all where its passages are few, and
        Σ the covariance within groups, the cosines to a group have mean q·μ and variance qᵀΣq.
        """
        deviation = max(float(query @ self._covariance @ query), 1e-12) ** 0.5
        means = {group: float(query @ mean) for group, mean in self._means.items()}
        return {
            id_: (cosine - means[self._groups[id_]]) / deviation for id_, cosine in cosines.items()
        }

    def refreshed(self, store: Store) -> "Index":
        """An index at the store's generation: this one, less what is gone, plus what is new."""
        result = Index(self.encoder, self.dimension)
        result.generation = store.generation
        wanted = store.embedded_passages(self.encoder)
        result._faiss = faiss.clone_index(self._faiss)
        gone = np.fromiter(self._groups.keys() - wanted.keys(), np.int64)
        if len(gone):
            result._faiss.remove_ids(faiss.IDSelectorBatch(gone))
        missing = sorted(wanted.keys() - self._groups.keys())
        for first in range(0, len(missing), REFRESH_BATCH):
            ids = missing[first : first + REFRESH_BATCH]
            vectors = store.embeddings(self.encoder, ids)
            result._faiss.add_with_ids(vectors, np.asarray(ids, np.int64))
        result._measure(wanted)
        return result

    def _measure(self, groups: dict[int, str]) -> None:
        """Takes the means and the covariance that `standardised` compares with."""
        self._groups = groups
        if not groups:
            return
        vectors = self._faiss.index.reconstruct_n(0, len(self))
        ids = _ids(self._faiss)
        group_of = np.array([groups[id_] for id_ in ids])
        overall = vectors.mean(axis=0)
        for group in np.unique(group_of):
            rows = group_of == group
            share = rows.sum() / (rows.sum() + PRIOR_PASSAGES)
            mean = share * vectors[rows].mean(axis=0) + (1 - share) * overall
            self._means[str(group)] = mean.astype(np.float32)
            vectors[rows] -= mean
        self._covariance = (vectors.T @ vectors / len(self)).astype(np.float32)

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
    def load(cls, folder: Path, encoder: str, dimension: int, store: Store) -> "Index":
        """The index saved in `folder`, or an empty one if there is none for this store's state."""
        index = cls(encoder, dimension)
        # Whatever is wrong with a cache, the answer is the same: do without it.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RuntimeError):
            card: dict[str, Any] = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
            size = (folder / INDEX_FILE).stat().st_size
            if card == {**index._card(), "generation": store.generation, "bytes": size}:
                saved = faiss.read_index(str(folder / INDEX_FILE))
                groups = store.embedded_passages(encoder)
                if set(_ids(saved)) == groups.keys():
                    index._faiss = saved
                    index.generation = card["generation"]
                    index._measure(groups)
        return index

    def _card(self) -> dict[str, Any]:
        return {"format": INDEX_FORMAT, "encoder": self.encoder, "dimension": self.dimension}


def _ids(index: Any) -> list[int]:
    """The passage ids that a FAISS index holds, in the order of its rows."""
    ids: list[int] = faiss.vector_to_array(index.id_map).tolist()
    return ids
