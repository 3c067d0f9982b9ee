"""The index: nearest neighbours of an embedding among the passages, by passage id.

FAISS holds the embeddings in memory and in a file beside the database; both are caches of the
store. An id always means the same text and the same embedding, so that an index of any state of
the base is brought up to date by the ids that came and went. The store remembers the last of them;
an older index is compared with all that the store holds.

The search is exact (`IndexFlatIP`): cosines, since rows are unit vectors. A FAISS index cannot be
searched while it is added to, and copying an index of many passages takes longer than a search. So
successive indexes share a large segment that never changes; later passages are in a small segment
that is copied at each change, until it is large enough to be merged into the other.
"""

import contextlib
import copy
import hashlib
import zipfile
from collections.abc import Collection, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import (
    DenseIndex,
    EmbeddedPassages,
    Neighbours,
    PassageIds,
    id_array,
    nearest_first,
)
from kb.store.store import Store
from kb.whole_file import replacing

INDEX_FILE = "passages.faiss"
CARD_FILE = "passages.faiss.npz"
INDEX_FORMAT = 4
FORMER_FILES = ("passages.npz", "passages.faiss.json")
BATCH = 10_000
"""Count of embeddings read or added at once."""

RECENT_PASSAGES, RECENT_SHARE = 1_000, 0.05
"""Most passages added, or removed, before the large segment is built anew: this count, or this
share of its passages if that is more."""


# From so many rows on, FAISS compares them as one matrix product: its own 20 is for larger bases.
faiss.cvar.distance_compute_blas_threshold = 2
# A search multiplies little: threads of its own would wait for each other more than they help, and
# for those of other searches.
faiss.omp_set_num_threads(1)
# NumPy's products of a search are as small.
threadpool_limits(1, user_api="blas")


class Index(DenseIndex):
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

    def neighbours(
        self, query: Embeddings, k: int, among: PassageIds | Collection[int] | None = None
    ) -> Neighbours:
        row = np.ascontiguousarray(query, np.float32).reshape(1, self.dimension)
        if among is None:
            in_base = faiss.IDSelectorNot(_selector(self._gone))
            in_recent = faiss.IDSelectorAll()
        else:
            in_recent = _selector(among)
            in_base = _selector(set(id_array(among).tolist()) - self._gone)
        base, recent = self._base.search(row, k, in_base), self._recent.search(row, k, in_recent)
        return nearest_first(
            np.concatenate([base[0], recent[0]]), np.concatenate([base[1], recent[1]]), k
        )

    def neighbours_of_each(self, rows: Embeddings, k: int) -> list[Neighbours]:
        """As of a dense index: one pass over the passages compares all rows."""
        if not len(rows):
            return []
        wide = np.ascontiguousarray(rows, np.float32)
        base, recent = self._base.nearest(wide, k + len(self._gone)), self._recent.nearest(wide, k)
        ids = np.concatenate([base[0], recent[0]], axis=1)
        cosines = np.concatenate([base[1], recent[1]], axis=1)
        gone = np.fromiter(self._gone, np.int64, len(self._gone))
        here = (ids >= 0) & ~np.isin(ids, gone)
        return [
            nearest_first(of_row[kept], near[kept], k)
            for of_row, near, kept in zip(ids, cosines, here, strict=True)
        ]

    def embedded(self, ids: PassageIds | Collection[int]) -> EmbeddedPassages:
        asked = id_array(ids)
        here = np.array([id_ for id_ in asked.tolist() if id_ in self], np.int64)
        rows = np.empty((len(here), self.dimension), np.float32)
        recent = np.array([id_ in self._recent.ids for id_ in here.tolist()], bool)
        for segment, of_it in ((self._base, ~recent), (self._recent, recent)):
            if of_it.any():
                rows[of_it] = segment.embeddings(here[of_it])
        return EmbeddedPassages(here, rows)

    def __contains__(self, id_: int) -> bool:
        return id_ in self._recent.ids or (id_ in self._base.ids and id_ not in self._gone)

    def refreshed(self, store: Store) -> "Index":
        """An index at the store's generation: this index, less what is gone, plus what is new."""
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

    # What follows changes an index, before any other thread has it.

    def _remove(self, ids: set[int]) -> None:
        recent = ids & self._recent.ids
        self._gone |= ids - recent
        self._recent = self._recent.without(recent)

    def _with_room(self, count: int) -> "_Segment":
        """A segment of this index alone, to add `count` passages to."""
        enough = max(RECENT_PASSAGES, int(RECENT_SHARE * len(self._base)))
        if max(len(self._gone), len(self._recent) + count) > enough:
            self._base, self._recent = self._whole(), _Segment(self.dimension)
            self._gone = frozenset()
            return self._base
        return self._recent

    def _whole(self) -> "_Segment":
        """Returns a new segment with all the passages of this index."""
        whole = self._base.without(self._gone)
        ids = sorted(self._recent.ids)
        if ids:
            whole.add(ids, self._recent.embeddings(np.array(ids, np.int64)))
        return whole

    def save(self, folder: Path) -> None:
        """Writes the index beside the database.

        A file holds what FAISS reads, and a card holds the rest. The card is written last, with
        the digest of its file: it is not read with another.
        """
        whole = self._whole() if self._gone or self._recent.ids else self._base
        with replacing(folder / INDEX_FILE) as pending:
            faiss.write_index(whole.faiss, str(pending))
            with pending.open("rb") as file:
                digest = _digest(file)
        card: dict[str, Any] = {
            "made_by": self._made_by(),
            "digest": digest,
            "generation": self.generation,
            "ids": np.fromiter(whole.ids, np.int64, len(whole)),
        }
        with replacing(folder / CARD_FILE) as pending, pending.open("wb") as file:
            np.savez(file, **card)
        for name in FORMER_FILES:
            (folder / name).unlink(missing_ok=True)

    @classmethod
    def load(cls, folder: Path, encoder: str, dimension: int) -> "Index":
        """The index saved in `folder`, of any generation.

        It is empty if none was saved for this encoder, or the saved files are not whole.
        """
        index = cls(encoder, dimension)
        # A cache that cannot be read, for any reason, is done without.
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
            # FAISS reads only what it has written itself: it checks nothing.
            if (str(card["made_by"]), str(card["digest"])) == (index._made_by(), _digest(file)):
                ids = set(card["ids"].tolist())
                generation = str(card["generation"])
                # From the file that was digested: another may have its name by now.
                file.seek(0)
                index._base.faiss = _read(file)
                index._base.ids = ids
                index.generation = generation
        return index

    def _made_by(self) -> str:
        return f"format {INDEX_FORMAT}, {self.dimension} dimensions, encoder {self.encoder}"


def _selector(ids: PassageIds | Collection[int]) -> Any:
    return faiss.IDSelectorBatch(id_array(ids))


def _digest(file: BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()


def _read(file: BufferedReader) -> Any:
    # The stubs do not know of this class.
    return faiss.read_index(faiss.PyCallbackIOReader(file.read))  # type: ignore[attr-defined]


class _Segment:
    """A FAISS index of some passages, and their ids.

    It never changes once other threads have its index.
    """

    def __init__(self, dimension: int) -> None:
        self.faiss: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self.ids: set[int] = set()

    def __len__(self) -> int:
        return len(self.ids)

    def search(
        self, query: Embeddings, k: int, chosen: Any
    ) -> tuple[PassageIds, NDArray[np.float32]]:
        """The `k` nearest of the chosen passages to a `(1, dimension)` embedding, in any order.

        Ids and cosines; more than `k` if others are as near as the last.
        """
        if not self.ids or k < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        # With any selector, FAISS compares each row by itself: the same embedding has the same
        # cosine wherever it is. Which of several equals it leaves out is arbitrary. The stubs do
        # not know of the argument `sel`.
        parameters = faiss.SearchParameters(sel=chosen)  # type: ignore[call-arg]
        at_once = k + 1
        while True:
            found = self.faiss.search(query, min(at_once, len(self)), params=parameters)
            cosines, ids = (row[0] for row in found)
            # FAISS pads what it cannot find with the id -1.
            if at_once >= len(self) or ids[-1] < 0 or cosines[-1] < cosines[k - 1]:
                return ids[ids >= 0], cosines[ids >= 0]
            at_once *= 2

    def nearest(self, rows: Embeddings, k: int) -> tuple[PassageIds, NDArray[np.float32]]:
        """The `k` nearest passages to each row, in any order, padded with the id -1.

        `(rows, k)` ids and cosines.
        """
        if not self.ids or k < 1:
            return np.empty((len(rows), 0), np.int64), np.empty((len(rows), 0), np.float32)
        cosines, ids = self.faiss.search(rows, min(k, len(self)))
        return ids, cosines

    def embeddings(self, ids: PassageIds) -> Embeddings:
        rows: Embeddings = self.faiss.reconstruct_batch(ids)
        return rows

    def without(self, ids: Collection[int]) -> "_Segment":
        """A copy without these passages."""
        result = copy.copy(self)
        result.faiss = faiss.clone_index(self.faiss)
        if ids:
            result.faiss.remove_ids(_selector(ids))
        result.ids = self.ids.difference(ids)
        return result

    def add(self, ids: Sequence[int], embeddings: Embeddings) -> None:
        self.faiss.add_with_ids(embeddings, np.array(ids, np.int64))
        self.ids.update(ids)
