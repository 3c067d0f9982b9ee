"""The index: nearest neighbours of an embedding among the passages, by passage id.

It holds the embeddings in memory and in a file beside the database; both are caches of what the
store holds. An id always means the same text and the same embedding, so that an index of any
state of the base is brought up to date by the ids that came and those that went. The store
remembers the last of them; an index older than that is compared with all that the store holds.

The search is exact: FAISS compares the query with every row that we hold (cosines, since rows are
unit vectors). FAISS's own indexes cannot be searched while they are added to, and copying one at
each change takes longer than a search.
"""

import contextlib
import copy
import os
import zipfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from kb.embedding import Embeddings
from kb.store import Store

INDEX_FILE = "passages.npz"
INDEX_FORMAT = 2
FORMER_FILES = ("passages.faiss", "passages.faiss.json")
BATCH = 10_000
"""How many embeddings are read, added or saved at once."""

FREE_ROWS, FREE_SHARE = 1_000, 0.25
"""How many more rows than it needs an index holds at most, and that share of them besides."""

PRIOR_PASSAGES = 10
"""How many passages of the overall mean a group's own mean is mixed with."""

_Rows = NDArray[np.int64]


class Index:
    """An index in memory. It never changes, so that threads share it; `refreshed` makes another.

    One thread at a time may refresh an index, or any that was refreshed from it: they hold their
    embeddings together.
    """

    def __init__(self, encoder: str, dimension: int) -> None:
        self.encoder = encoder
        self.dimension = dimension
        self.generation = ""
        self._held = _Held(dimension, FREE_ROWS)
        # For each row held, whether it is of this index; none of those beyond the end are.
        self._is_here = np.zeros(0, np.bool_)
        self._sums = Sums.none(dimension)

    def __len__(self) -> int:
        return self._sums.count

    def search(
        self, query: Embeddings, k: int, among: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` nearest passages to a `(dimension,)` embedding: id and cosine, best first.

        With `among`, only those passages are looked at. Fewer than `k` come back if there are
        fewer. Of passages as near as each other, the one with the lower id comes first.
        """
        rows = np.flatnonzero(self._is_here) if among is None else self._rows_of(set(among))
        cosines = self._held.cosines(query, rows)
        if k < len(rows):
            near = cosines >= np.partition(cosines, -k)[-k]
            rows, cosines = rows[near], cosines[near]
        ids = self._held.ids[rows]
        best = np.lexsort((ids, -cosines))[:k]
        return list(zip(ids[best].tolist(), cosines[best].tolist(), strict=True))

    def cosines(self, query: Embeddings, ids: Sequence[int]) -> dict[int, float]:
        """The cosines of a `(dimension,)` embedding to these passages; ids not here left out."""
        rows = self._rows_of(ids)
        cosines = self._held.cosines(query, rows)
        return dict(zip(self._held.ids[rows].tolist(), cosines.tolist(), strict=True))

    def standardised(self, query: Embeddings, cosines: Mapping[int, float]) -> dict[int, float]:
        """Cosines to a `(dimension,)` embedding as deviations from a chance passage's.

        Each is compared with the passages of its own group, those of its kind and language: a
        query prefers text in its own language, and short texts, whatever they say. With μ the
        mean embedding of a group, drawn towards the mean of all where its passages are few, and
        Σ the covariance within groups, the cosines to a group have mean q·μ and variance qᵀΣq.
        """
        means, deviation = self._sums.chance(query)
        group_of = self._held.group_of
        return {id_: (cosine - means[group_of(id_)]) / deviation for id_, cosine in cosines.items()}

    def refreshed(self, store: Store) -> "Index":
        """An index at the store's generation: this one, less what is gone, plus what is new."""
        with store.reading():
            touched = store.passages_touched_since(self.generation)
            wanted = store.embedded_passages(self.encoder, touched)
            if touched is None:
                touched = self._ids(np.flatnonzero(self._is_here))
            missing = sorted(wanted.keys() - self._ids(self._rows_of(wanted)))
            result = self._without(self._rows_of(touched - wanted.keys()), room=len(missing))
            for first in range(0, len(missing), BATCH):
                ids = missing[first : first + BATCH]
                groups = [wanted[id_] for id_ in ids]
                result._add(ids, groups, store.embeddings(self.encoder, ids))
            result.generation = store.generation
        return result

    def _ids(self, rows: _Rows) -> set[int]:
        return set(self._held.ids[rows].tolist())

    def _rows_of(self, ids: Collection[int]) -> _Rows:
        """The rows of those of these passages that are here, in the order given."""
        row_of = self._held.row_of
        rows = np.fromiter((row_of.get(id_, -1) for id_ in ids), np.int64, len(ids))
        rows = rows[(rows >= 0) & (rows < len(self._is_here))]
        return rows[self._is_here[rows]]

    def _without(self, gone: _Rows, room: int) -> "Index":
        """A copy of this index less some rows, with room for so many more."""
        result = copy.copy(self)
        held = self._held
        for first in range(0, len(gone), BATCH):
            batch = gone[first : first + BATCH]
            groups = [held.groups[row] for row in batch]
            result._sums = result._sums.changed(-1, groups, held.embeddings[batch])
        here = self._is_here[: held.count]
        is_here = np.zeros(held.count + room, np.bool_)
        is_here[: len(here)] = here
        is_here[gone] = False
        rows = np.flatnonzero(is_here)
        enough = _with_room(len(rows) + room)
        if held.count + room > len(held.ids) or held.count + room > enough:
            result._held = held.copied(rows, enough)
            is_here = np.zeros(len(rows) + room, np.bool_)
            is_here[: len(rows)] = True
        result._is_here = is_here
        return result

    def _add(self, ids: Sequence[int], groups: Sequence[str], embeddings: Embeddings) -> None:
        """Adds passages that are not here; only for an index that nobody else has yet."""
        self._is_here[self._held.add(ids, groups, embeddings)] = True
        self._sums = self._sums.changed(+1, groups, embeddings)

    def save(self, folder: Path) -> None:
        """Writes the index beside the database, whole or not at all."""
        rows = np.flatnonzero(self._is_here)
        groups = [self._held.groups[row] for row in rows]
        arrays: dict[str, Any] = {
            "made_by": self._made_by(),
            "generation": self.generation,
            "ids": self._held.ids[rows],
            "groups": np.array(groups, np.str_),
            "second": self._sums.second,
            "group_names": np.array(list(self._sums.counts), np.str_),
            "group_counts": np.array(list(self._sums.counts.values()), np.int64),
            "group_sums": np.array(list(self._sums.sums.values())),
        }
        # In batches, so that `load` need not hold them twice.
        for first in range(0, len(rows), BATCH):
            arrays[f"embeddings {first}"] = self._held.embeddings[rows[first : first + BATCH]]
        pending = folder / f".{INDEX_FILE}.{os.getpid()}"
        try:
            with pending.open("wb") as file:
                np.savez(file, **arrays)
            pending.replace(folder / INDEX_FILE)
        finally:
            pending.unlink(missing_ok=True)
        for name in FORMER_FILES:
            (folder / name).unlink(missing_ok=True)

    @classmethod
    def load(cls, folder: Path, encoder: str, dimension: int) -> "Index":
        """The index saved in `folder`, of whatever generation, or an empty one.

        It is empty if none was saved for this encoder, or what was saved is not whole.
        """
        index = cls(encoder, dimension)
        # Whatever is wrong with a cache, the answer is the same: do without it.
        with (
            contextlib.suppress(
                OSError, EOFError, ValueError, TypeError, KeyError, zipfile.BadZipFile
            ),
            (folder / INDEX_FILE).open("rb") as file,
            np.load(file) as saved,
        ):
            if str(saved["made_by"]) == index._made_by():
                ids, groups = saved["ids"].tolist(), saved["groups"].tolist()
                held = _Held(dimension, _with_room(len(ids)))
                for first in range(0, len(ids), BATCH):
                    end = first + BATCH
                    held.add(ids[first:end], groups[first:end], saved[f"embeddings {first}"])
                names = saved["group_names"].tolist()
                sums = Sums(
                    saved["second"],
                    dict(zip(names, saved["group_counts"].tolist(), strict=True)),
                    dict(zip(names, saved["group_sums"], strict=True)),
                )
                index._held, index._sums = held, sums
                index._is_here = np.ones(held.count, np.bool_)
                index.generation = str(saved["generation"])
        return index

    def _made_by(self) -> str:
        return f"format {INDEX_FORMAT}, {self.dimension} dimensions, encoder {self.encoder}"


def _with_room(rows: int) -> int:
    return rows + FREE_ROWS + int(FREE_SHARE * rows)


class _Held:
    """The embeddings that successive indexes hold together, a row each. They are only added to.

    A row once added is never changed, so that whoever knows which rows to look at may look at
    them while others are added.
    """

    def __init__(self, dimension: int, room: int) -> None:
        # Memory that is not written to yet costs nothing.
        self.embeddings = np.empty((room, dimension), np.float32)
        self.ids = np.empty(room, np.int64)
        self.groups: list[str] = []
        self.row_of: dict[int, int] = {}

    @property
    def count(self) -> int:
        return len(self.groups)

    def group_of(self, passage_id: int) -> str:
        return self.groups[self.row_of[passage_id]]

    def cosines(self, query: Embeddings, rows: _Rows) -> Embeddings:
        """The cosines of a `(dimension,)` embedding to these rows, `(len(rows),)`."""
        dimension = self.embeddings.shape[1]
        query = np.ascontiguousarray(query, np.float32).reshape(dimension)
        cosines = np.empty(len(rows), np.float32)
        # Each row by itself: the same embedding has the same cosine, wherever it stands. The stubs
        # do not know of this function.
        faiss.fvec_inner_products_by_idx(  # type: ignore[attr-defined]
            faiss.swig_ptr(cosines),
            faiss.swig_ptr(query),
            faiss.swig_ptr(self.embeddings),
            faiss.swig_ptr(rows),
            dimension,
            1,
            len(rows),
        )
        return cosines

    def add(self, ids: Sequence[int], groups: Sequence[str], embeddings: Embeddings) -> _Rows:
        """Adds those of these passages that are not held; returns the rows of all.

        There must be room for them.
        """
        new = [i for i, id_ in enumerate(ids) if id_ not in self.row_of]
        added = range(self.count, self.count + len(new))
        self.embeddings[added.start : added.stop] = embeddings[new]
        self.ids[added.start : added.stop] = [ids[i] for i in new]
        self.groups += [groups[i] for i in new]
        self.row_of.update(zip((ids[i] for i in new), added, strict=True))
        return np.array([self.row_of[id_] for id_ in ids], np.int64)

    def copied(self, rows: _Rows, room: int) -> "_Held":
        """These rows alone, with room for so many in all."""
        held = _Held(self.embeddings.shape[1], room)
        for first in range(0, len(rows), BATCH):
            batch = rows[first : first + BATCH]
            groups = [self.groups[row] for row in batch.tolist()]
            held.add(self.ids[batch].tolist(), groups, self.embeddings[batch])
        return held


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over embeddings, from which follow the statistics of their cosines to any other.

    In double precision, in which what is added and taken away again leaves no trace that matters
    in single precision, however often.

    Attributes:
        second: the sum of the outer products of each embedding with itself.
        counts: how many embeddings each group has.
        sums: the sum of the embeddings of each group.
    """

    second: NDArray[np.float64]
    counts: Mapping[str, int]
    sums: Mapping[str, NDArray[np.float64]]

    @classmethod
    def none(cls, dimension: int) -> "Sums":
        return cls(np.zeros((dimension, dimension)), {}, {})

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    def changed(self, sign: int, groups: Sequence[str], embeddings: Embeddings) -> "Sums":
        """The sums with these embeddings added (+1) or taken away (-1)."""
        if not groups:
            return self
        rows = embeddings.astype(np.float64)
        of_row = np.array(groups)
        counts, sums = Counter(self.counts), dict(self.sums)
        for group in set(groups):
            chosen = rows[of_row == group]
            counts[group] += sign * len(chosen)
            sums[group] = sums.get(group, 0.0) + sign * chosen.sum(axis=0)
            if not counts[group]:
                del counts[group], sums[group]
        return Sums(self.second + sign * (rows.T @ rows), counts, sums)

    def chance(self, query: Embeddings) -> tuple[dict[str, float], float]:
        """The mean of the cosines of each group to an embedding, and their deviation within."""
        if not self.counts:
            return {}, 1.0
        wide = query.astype(np.float64)
        totals = {group: float(wide @ summed) for group, summed in self.sums.items()}
        overall = sum(totals.values()) / self.count
        means = {
            group: (total + PRIOR_PASSAGES * overall) / (self.counts[group] + PRIOR_PASSAGES)
            for group, total in totals.items()
        }
        # Σ (q·x - q·μ)² over the embeddings x, multiplied out.
        squares = float(wide @ self.second @ wide) + sum(
            means[group] * (self.counts[group] * means[group] - 2 * total)
            for group, total in totals.items()
        )
        return means, max(squares / self.count, 1e-12) ** 0.5
