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
from collections.abc import Collection, Iterable, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from kb.encoder.encoder import Embeddings
from kb.store.store import Store

INDEX_FILE = "passages.faiss"
CARD_FILE = "passages.faiss.npz"
INDEX_FORMAT = 4
FORMER_FILES = ("passages.npz", "passages.faiss.json")
BATCH = 10_000
"""How many embeddings are read or added at once."""

RECENT_PASSAGES, RECENT_SHARE = 1_000, 0.05
"""How many passages may come, or go, before the large segment is made anew: whichever is more,
so many or this share of its own."""


# From so many rows on, FAISS compares them as one matrix product: its own 20 is for larger bases.
faiss.cvar.distance_compute_blas_threshold = 2
# A search multiplies little: threads of its own would wait for each other more than they help, and
# for those of other searches.
faiss.omp_set_num_threads(1)


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

    def nearest(self, rows: Embeddings, k: int) -> list[dict[int, float]]:
        """The `k` nearest passages to each of `(n, dimension)` embeddings: id to cosine.

        All rows are compared in one pass over the passages, several times as fast as each by
        itself; of passages that are as near as the last, any is left out.
        """
        if not len(rows):
            return []
        wide = np.ascontiguousarray(rows, np.float32)
        in_base = self._base.nearest(wide, k + len(self._gone))
        in_recent = self._recent.nearest(wide, k)
        merged = []
        for base, recent in zip(in_base, in_recent, strict=True):
            found = [one for one in base if one[0] not in self._gone] + recent
            merged.append(dict(sorted(found, key=lambda one: (-one[1], one[0]))[:k]))
        return merged

    def embeddings(self, ids: Iterable[int]) -> dict[int, Embeddings]:
        """The `(dimension,)` embeddings of those of these passages that are here, by id."""
        found: dict[int, Embeddings] = {}
        for segment in (self._base, self._recent):
            here = [id_ for id_ in ids if id_ in segment.ids and id_ in self]
            if here:
                found.update(zip(here, segment.embeddings(here), strict=True))
        return found

    def __contains__(self, id_: int) -> bool:
        return id_ in self._recent.ids or (id_ in self._base.ids and id_ not in self._gone)

    def refreshed(self, store: Store) -> "Index":
        """An index at the store's generation: this one, less what is gone, plus what is new."""
        with store.reading():
            touched = store.passages_touched_since(self.generation)
            wanted = store.embedded_passages(self.encoder, touched)
            if touched is None:
                touched = self._base.ids | self._recent.ids
            here = {id_ for id_ in touched | wanted if id_ in self}
            back = wanted & self._gone
            missing = sorted(wanted - here - back)
            result = copy.copy(self)
            result._remove(here - wanted)
            result._gone -= back
            target = result._with_room(len(missing))
            for first in range(0, len(missing), BATCH):
                ids = missing[first : first + BATCH]
                target.add(ids, store.embeddings(self.encoder, ids))
            result.generation = store.generation
        return result

    # What follows changes an index: only for one that nobody else has yet.

    def _remove(self, ids: set[int]) -> None:
        recent = ids & self._recent.ids
        self._gone |= ids - recent
        self._recent = self._recent.without(recent)

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
        ids = sorted(self._recent.ids)
        if ids:
            whole.add(ids, self._recent.embeddings(ids))
        return whole

    def save(self, folder: Path) -> None:
        """Writes the index beside the database.

        It is a file that FAISS reads, and a card that says what FAISS does not know. The card
        goes last, and has the digest of the file it speaks of: it is worth nothing with another.
        """
        whole = self._whole() if self._gone or self._recent.ids else self._base
        pending = folder / f".{INDEX_FILE}.{os.getpid()}"
        try:
            faiss.write_index(whole.faiss, str(pending))
            with pending.open("rb") as file:
                digest = _digest(file)
            pending.replace(folder / INDEX_FILE)
            card: dict[str, Any] = {
                "made_by": self._made_by(),
                "digest": digest,
                "generation": self.generation,
                "ids": np.fromiter(whole.ids, np.int64, len(whole)),
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
                ids = set(card["ids"].tolist())
                generation = str(card["generation"])
                # From the file that was looked at, whatever may be there by that name by now.
                file.seek(0)
                index._base.faiss = _read(file)
                index._base.ids = ids
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
    """A FAISS index of some passages, and their ids.

    Once it is part of an index that others have, it is never changed.
    """

    def __init__(self, dimension: int) -> None:
        self.faiss: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self.ids: set[int] = set()

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, query: Embeddings, k: int, chosen: Any) -> list[tuple[int, float]]:
        """The `k` nearest of the chosen passages to a `(1, dimension)` embedding, in any order.

        More than `k` where others are as near as the last.
        """
        if not self.ids or k < 1:
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

    def nearest(self, rows: Embeddings, k: int) -> list[list[tuple[int, float]]]:
        """The `k` nearest passages to each row, in any order."""
        if not self.ids or k < 1:
            return [[] for _ in rows]
        cosines, ids = self.faiss.search(rows, min(k, len(self)))
        return [
            [one for one in zip(*of_row, strict=True) if one[0] >= 0]
            for of_row in zip(ids.tolist(), cosines.tolist(), strict=True)
        ]

    def embeddings(self, ids: Sequence[int]) -> Embeddings:
        rows: Embeddings = self.faiss.reconstruct_batch(np.array(ids, np.int64))
        return rows

    def without(self, ids: Collection[int]) -> "_Segment":
        """A copy less these passages."""
        result = copy.copy(self)
        result.faiss = faiss.clone_index(self.faiss)
        if ids:
            result.faiss.remove_ids(_selector(ids))
        result.ids = self.ids.difference(ids)
        return result

    def add(self, ids: Sequence[int], embeddings: Embeddings) -> None:
        self.faiss.add_with_ids(embeddings, np.array(ids, np.int64))
        self.ids.update(ids)
