"""The index: nearest neighbours of an embedding among the passages, by passage id.

FAISS holds the embeddings in memory and in a file beside the database; both are caches of what
the store holds. An id always means the same text and the same embedding, so that an index of any
state of the base is brought up to date by the ids that came and those that went. The store
remembers the last of them; an index older than that is compared with all that the store holds.

The search is exact (`IndexFlatIP`): cosines, since rows are unit vectors. A FAISS index cannot be
searched while it is added to, and copying one of many passages takes longer than a search. So
successive indexes share a large segment that is never changed, and what came since is in a small
one that is copied at each change; when there is too much of it, both become one.
"""

import contextlib
import copy
import hashlib
import os
import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from kb.embedding import Embeddings
from kb.store import Store

INDEX_FILE = "passages.faiss"
CARD_FILE = "passages.faiss.npz"
INDEX_FORMAT = 3
FORMER_FILES = ("passages.npz", "passages.faiss.json")
BATCH = 10_000
"""How many embeddings are read or added at once."""

RECENT_PASSAGES, RECENT_SHARE = 1_000, 0.05
"""How many passages may come, or go, before the large segment is made anew: whichever is more,
so many or this share of its own."""

PRIOR_PASSAGES = 10
"""How many passages of the overall mean a group's own mean is mixed with."""


class Index:
    """An index in memory. It never changes, so that threads share it; `refreshed` makes another."""

    def __init__(self, encoder: str, dimension: int) -> None:
        self.encoder = encoder
        self.dimension = dimension
        self.generation = ""
        self._base = _Segment(dimension)
        self._recent = _Segment(dimension)
        # Those of the base segment that are not of this index.
        self._gone: frozenset[int] = frozenset()
        self._sums = Sums.none(dimension)

    def __len__(self) -> int:
        return len(self._base) - len(self._gone) + len(self._recent)

    def search(
        self, query: Embeddings, k: int, among: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` nearest passages to a `(dimension,)` embedding: id and cosine, best first.

        With `among`, only those passages are looked at. Fewer than `k` come back if there are
        fewer. Of passages as near as each other, the one with the lower id comes first.
        """
        row = np.ascontiguousarray(query, np.float32).reshape(1, self.dimension)
        if among is None:
            in_base = faiss.IDSelectorNot(_selector(self._gone))
            in_recent = faiss.IDSelectorAll()
        else:
            in_base = _selector(set(among) - self._gone)
            in_recent = _selector(among)
        found = self._base.search(row, k, in_base) + self._recent.search(row, k, in_recent)
        return sorted(found, key=lambda one: (-one[1], one[0]))[:k]

    def cosines(self, query: Embeddings, ids: Sequence[int]) -> dict[int, float]:
        """The cosines of a `(dimension,)` embedding to these passages; ids not here left out."""
        return dict(self.search(query, len(ids), among=ids))

    def standardised(self, query: Embeddings, cosines: Mapping[int, float]) -> dict[int, float]:
        """Cosines to a `(dimension,)` embedding as deviations from a chance passage's.

        Each is compared with the passages of its own group, those of its kind and language: a
        query prefers text in its own language, and short texts, whatever they say. With μ the
        mean embedding of a group, drawn towards the mean of all where its passages are few, and
        Σ the covariance within groups, the cosines to a group have mean q·μ and variance qᵀΣq.
        """
        means, deviation = self._sums.chance(query)
        base, recent = self._base.groups, self._recent.groups
        return {
            id_: (cosine - means[recent.get(id_) or base[id_]]) / deviation
            for id_, cosine in cosines.items()
        }

    def refreshed(self, store: Store) -> "Index":
        """An index at the store's generation: this one, less what is gone, plus what is new."""
        with store.reading():
            touched = store.passages_touched_since(self.generation)
            wanted = store.embedded_passages(self.encoder, touched)
            if touched is None:
                touched = self._base.groups.keys() | self._recent.groups.keys()
            here = self._here(touched | wanted.keys())
            back = wanted.keys() & self._gone
            missing = sorted(wanted.keys() - here - back)
            result = copy.copy(self)
            result._remove(here - wanted.keys())
            result._take_back(back)
            target = result._with_room(len(missing))
            for first in range(0, len(missing), BATCH):
                ids = missing[first : first + BATCH]
                embeddings = store.embeddings(self.encoder, ids)
                groups = [wanted[id_] for id_ in ids]
                target.add(ids, groups, embeddings)
                result._sums = result._sums.changed(+1, groups, embeddings)
            result.generation = store.generation
        return result

    def _here(self, ids: Iterable[int]) -> set[int]:
        """Those of these passages that are of this index."""
        base, recent, gone = self._base.groups, self._recent.groups, self._gone
        return {id_ for id_ in ids if id_ in recent or (id_ in base and id_ not in gone)}

    # What follows changes an index: only for one that nobody else has yet.

    def _remove(self, ids: set[int]) -> None:
        recent = ids & self._recent.groups.keys()
        for segment, part in (self._recent, recent), (self._base, ids - recent):
            for groups, embeddings in segment.batches(part):
                self._sums = self._sums.changed(-1, groups, embeddings)
        self._gone |= ids - recent
        self._recent = self._recent.without(recent)

    def _take_back(self, ids: Collection[int]) -> None:
        """Takes passages of the base segment that were gone."""
        for groups, embeddings in self._base.batches(ids):
            self._sums = self._sums.changed(+1, groups, embeddings)
        self._gone -= frozenset(ids)

    def _with_room(self, count: int) -> "_Segment":
        """A segment that so many passages may be added to, of this index and no other."""
        enough = max(RECENT_PASSAGES, int(RECENT_SHARE * len(self._base)))
        if max(len(self._gone), len(self._recent) + count) > enough:
            self._base, self._recent = self._whole(), _Segment(self.dimension)
            self._gone = frozenset()
            return self._base
        return self._recent

    def _whole(self) -> "_Segment":
        """All the passages of this index in one new segment."""
        whole = self._base.without(self._gone)
        ids = list(self._recent.groups)
        if ids:
            whole.add(ids, list(self._recent.groups.values()), self._recent.embeddings(ids))
        return whole

    def save(self, folder: Path) -> None:
        """Writes the index beside the database.

        It is a file that FAISS reads, and a card that says what FAISS does not know. The card
        goes last, and has the digest of the file it speaks of: it is worth nothing with another.
        """
        whole = self._whole() if self._gone or self._recent.groups else self._base
        pending = folder / f".{INDEX_FILE}.{os.getpid()}"
        try:
            faiss.write_index(whole.faiss, str(pending))
            with pending.open("rb") as file:
                digest = _digest(file)
            pending.replace(folder / INDEX_FILE)
            names = list(self._sums.counts)
            number = {name: i for i, name in enumerate(names)}
            card: dict[str, Any] = {
                "made_by": self._made_by(),
                "digest": digest,
                "generation": self.generation,
                "ids": np.fromiter(whole.groups, np.int64, len(whole)),
                "groups": np.array([number[name] for name in whole.groups.values()], np.int32),
                "second": self._sums.second,
                "group_names": np.array(names, np.str_),
                "group_counts": np.array(list(self._sums.counts.values()), np.int64),
                "group_sums": np.array(list(self._sums.sums.values())),
            }
            with pending.open("wb") as file:
                np.savez(file, **card)
            pending.replace(folder / CARD_FILE)
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
                OSError,
                EOFError,
                ValueError,
                TypeError,
                KeyError,
                RuntimeError,
                zipfile.BadZipFile,
            ),
            (folder / CARD_FILE).open("rb") as card_file,
            (folder / INDEX_FILE).open("rb") as file,
            np.load(card_file) as card,
        ):
            # FAISS is given nothing that it has not written itself: it would believe it.
            if (str(card["made_by"]), str(card["digest"])) == (index._made_by(), _digest(file)):
                names = card["group_names"].tolist()
                groups = [names[number] for number in card["groups"].tolist()]
                sums = Sums(
                    card["second"],
                    dict(zip(names, card["group_counts"].tolist(), strict=True)),
                    dict(zip(names, card["group_sums"], strict=True)),
                )
                groups_of = dict(zip(card["ids"].tolist(), groups, strict=True))
                generation = str(card["generation"])
                # From the file that was looked at, whatever may be there by that name by now.
                file.seek(0)
                index._base.faiss = _read(file)
                index._base.groups, index._sums = groups_of, sums
                index.generation = generation
        return index

    def _made_by(self) -> str:
        return f"format {INDEX_FORMAT}, {self.dimension} dimensions, encoder {self.encoder}"


def _selector(ids: Collection[int]) -> Any:
    return faiss.IDSelectorBatch(np.fromiter(ids, np.int64, len(ids)))


def _digest(file: BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()


def _read(file: BufferedReader) -> Any:
    # The stubs do not know of this class.
    return faiss.read_index(faiss.PyCallbackIOReader(file.read))  # type: ignore[attr-defined]


class _Segment:
    """A FAISS index of some passages, and their groups by id.

    Once it is part of an index that others have, it is never changed.
    """

    def __init__(self, dimension: int) -> None:
        self.faiss: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self.groups: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.groups)

    def search(self, query: Embeddings, k: int, chosen: Any) -> list[tuple[int, float]]:
        """The `k` nearest of the chosen passages to a `(1, dimension)` embedding, in any order.

        More than `k` where others are as near as the last.
        """
        if not self.groups or k < 1:
            return []
        # With a selector, whichever, FAISS takes each row by itself: the same embedding has the
        # same cosine wherever it stands. It does not say which of equals it leaves out.
        parameters = faiss.SearchParameters(sel=chosen)  # type: ignore[call-arg]
        at_once = k + 1
        while True:
            found = self.faiss.search(query, min(at_once, len(self)), params=parameters)
            cosines, ids = (row[0].tolist() for row in found)
            # FAISS pads what it cannot find with the id -1.
            if at_once >= len(self) or ids[-1] < 0 or cosines[-1] < cosines[k - 1]:
                return [one for one in zip(ids, cosines, strict=True) if one[0] >= 0]
            at_once *= 2

    def embeddings(self, ids: Sequence[int]) -> Embeddings:
        rows: Embeddings = self.faiss.reconstruct_batch(np.array(ids, np.int64))
        return rows

    def batches(self, ids: Iterable[int]) -> Iterator[tuple[list[str], Embeddings]]:
        """The groups and the embeddings of these passages, some at once."""
        ids = list(ids)
        for first in range(0, len(ids), BATCH):
            batch = ids[first : first + BATCH]
            yield [self.groups[id_] for id_ in batch], self.embeddings(batch)

    def without(self, ids: Collection[int]) -> "_Segment":
        """A copy less these passages."""
        result = copy.copy(self)
        result.faiss = faiss.clone_index(self.faiss)
        if ids:
            result.faiss.remove_ids(_selector(ids))
        result.groups = {id_: group for id_, group in self.groups.items() if id_ not in ids}
        return result

    def add(self, ids: Sequence[int], groups: Sequence[str], embeddings: Embeddings) -> None:
        self.faiss.add_with_ids(embeddings, np.array(ids, np.int64))
        self.groups.update(zip(ids, groups, strict=True))


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
