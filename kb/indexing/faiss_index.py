"""The index: nearest neighbours of an embedding among the passages, by passage id.

FAISS holds the embeddings in memory, or reads them from a file beside the database; both are
caches of the store. An id always means the same text, and the same embedding unless a damaged one
was made again, so that an index of any state of the base is brought up to date by the ids that came
and went. The store remembers the last of them; an older index is compared with all that the store
holds.

Cosines are exact, of the embeddings as they are stored: in half precision. FAISS cannot search an
index while it is added to, and copying one of many passages takes longer than a search. So
successive indexes share a large segment that never changes; later passages are in a small segment
that is made anew at each change, until it is large enough to be merged into the other.
"""

import copy
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.indexing import saved_segment
from kb.indexing.dense_index import (
    DenseIndex,
    EmbeddedPassages,
    Neighbours,
    PassageIds,
    ascending,
    id_array,
    nearest_first,
)
from kb.indexing.segment import Found, Halves, Segment
from kb.one_thread import take_one_thread
from kb.store.store import Store

BATCH = 10_000
"""Count of embeddings read or copied at once."""

RECENT_PASSAGES, RECENT_SHARE = 1_000, 0.05
"""Passages added, or removed, that make an index crowded: this count, or this share of its large
segment if that is more."""


class Index(DenseIndex):
    """An index that never changes, so that threads share it; `refreshed` makes another."""

    def __init__(self, encoder: str, dimension: int) -> None:
        self.encoder = encoder
        self.dimension = dimension
        self.generation = ""
        self._base = Segment.empty(dimension)
        self._recent = Segment.empty(dimension)
        # Those of the large segment that are of this index; None if all are.
        self._kept: NDArray[np.bool_] | None = None
        self._gone = 0
        self._is_in_file = False

    def __len__(self) -> int:
        return len(self._base) - self._gone + len(self._recent)

    def __contains__(self, id_: int) -> bool:
        return bool(self._has(np.array([id_], np.int64))[0])

    @property
    def ids(self) -> PassageIds:
        """The ids of all passages, ascending."""
        here = self._base.ids if self._kept is None else self._base.ids[self._kept]
        return np.sort(np.concatenate([here, self._recent.ids]))

    @property
    def should_be_saved(self) -> bool:
        """Returns whether it should be saved, and read again.

        Its large segment is then in the file, where all processes share it, or its small segment
        has become so large that it is searched for long.
        """
        is_in_memory = not self._is_in_file and len(self._base) > RECENT_PASSAGES
        return is_in_memory or max(self._gone, len(self._recent)) > self._room()

    def neighbours(
        self, query: Embeddings, k: int, among: PassageIds | Collection[int] | None = None
    ) -> Neighbours:
        take_one_thread()
        row = np.ascontiguousarray(query, np.float32).reshape(1, self.dimension)
        if among is None:
            base = self._base.search(row, k, self._kept)
            recent = self._recent.search(row, k, None)
        else:
            ids = ascending(id_array(among))
            in_base, in_recent = self._base.places(ids), self._recent.places(ids)
            base = self._base.search_among(row, k, in_base[self._is_kept(in_base)])
            recent = self._recent.search_among(row, k, in_recent[in_recent >= 0])
        return self._merged(base, recent, k)

    def neighbours_of_each(self, rows: Embeddings, k: int) -> list[Neighbours]:
        if not len(rows):
            return []
        take_one_thread()
        wide = np.ascontiguousarray(rows, np.float32)
        in_base = self._base.search_each(wide, k, self._kept)
        in_recent = self._recent.search_each(wide, k, None)
        return [
            self._merged(base, recent, k) for base, recent in zip(in_base, in_recent, strict=True)
        ]

    def embedded(self, ids: PassageIds | Collection[int]) -> EmbeddedPassages:
        take_one_thread()
        asked = id_array(ids)
        base, recent = self._base.places(asked), self._recent.places(asked)
        here = self._is_kept(base) | (recent >= 0)
        base, recent = base[here], recent[here]
        rows = np.empty((len(base), self.dimension), np.float32)
        is_recent = recent >= 0
        rows[is_recent] = self._recent.embeddings(recent[is_recent])
        rows[~is_recent] = self._base.embeddings(base[~is_recent])
        return EmbeddedPassages(asked[here], rows)

    def refreshed(self, store: Store, *, patience: int = 1) -> "Index":
        """An index at the store's generation: this index, less what is gone, plus what is new.

        Where that is crowded, its segments are merged, which takes a while if they are large. With
        more `patience`, it may be so many times as crowded.
        """
        with store.reading():
            touched = store.passages_touched_since(self.generation)
            wanted = ascending(id_array(store.embedded_passages(self.encoder, touched)))
            known = self.ids if touched is None else ascending(id_array(touched))
            changed = self._changed(store, wanted, are_touched=touched is not None)
            same = np.setdiff1d(wanted, changed, assume_unique=True)
            result = copy.copy(self)
            result._keep(np.setdiff1d(np.union1d(known, changed), same, assume_unique=True), same)
            missing = wanted[~result._has(wanted)]
            crowd = max(result._gone, len(result._recent) + len(missing))
            if crowd > patience * self._room() or not len(self._base):
                result._merge(store, missing)
            elif len(missing):
                result._add(store, missing)
            result.generation = store.generation
        return result

    def save(self, folder: Path) -> None:
        """Writes the index beside the database, so that the next start need not build it.

        Raises:
            OSError: it cannot be written.
        """
        ids = self.ids
        is_whole = len(self._base) == len(ids) and not len(self._recent)
        saved_segment.write(
            folder,
            ids,
            self._parts(ids),
            codes=self._base.codes if is_whole else None,
            dimension=self.dimension,
            made_by=self.encoder,
            generation=self.generation,
        )

    @classmethod
    def load(cls, folder: Path, encoder: str, dimension: int) -> "Index":
        """The index saved in `folder`, of any generation; its file is mapped into memory.

        It is empty if none was saved for this encoder, or the saved files are not whole.
        """
        index = cls(encoder, dimension)
        saved = saved_segment.read(folder, dimension=dimension, made_by=encoder)
        if saved:
            index._base, index.generation = saved
            index._is_in_file = True
        return index

    def _changed(self, store: Store, wanted: PassageIds, *, are_touched: bool) -> PassageIds:
        """Those of these passages of which a segment has another embedding than the store.

        A damaged one was deleted, and made again. Of passages that are not known to be touched,
        only those that were left out are compared.
        """
        in_base, in_recent = self._base.places(wanted) >= 0, self._recent.places(wanted) >= 0
        compared = (
            wanted[in_base | in_recent] if are_touched else wanted[in_base & ~self._has(wanted)]
        )
        if not len(compared):
            return compared
        stored = np.concatenate([*self._stored(store, compared)])
        differs = self._halves(compared).view(np.uint16) != stored.view(np.uint16)
        changed: PassageIds = compared[differs.any(axis=1)]
        return changed

    # What follows changes an index, before any other thread has it.

    def _keep(self, gone: PassageIds, wanted: PassageIds) -> None:
        """Leaves out what is gone, and takes back what is wanted, and was left out, as it was."""
        left = self._recent.ids[~np.isin(self._recent.ids, gone)]
        if len(left) < len(self._recent):
            rows = self._recent.halves[self._recent.places(left)]
            self._recent = Segment.of(left, [rows], self.dimension, is_large=False)
        # One that was made again is in the small segment; in the large one it is damaged yet.
        elsewhere = wanted[self._recent.places(wanted) < 0]
        out, back = self._base.places(gone), self._base.places(elsewhere)
        out, back = out[out >= 0], back[back >= 0]
        kept = np.ones(len(self._base), bool) if self._kept is None else self._kept.copy()
        kept[out] = False
        kept[back] = True
        self._gone = len(kept) - int(np.count_nonzero(kept))
        self._kept = kept if self._gone else None

    def _add(self, store: Store, missing: PassageIds) -> None:
        """Adds passages to the small segment."""
        parts = [self._recent.halves, *self._stored(store, missing)]
        ids = np.concatenate([self._recent.ids, missing])
        order = np.argsort(ids)
        rows = np.concatenate(parts)[order]
        self._recent = Segment.of(ids[order], [rows], self.dimension, is_large=False)

    def _merge(self, store: Store, missing: PassageIds) -> None:
        """Makes one segment of both, with passages that are missing."""
        ids = np.sort(np.concatenate([self.ids, missing]))
        self._base = Segment.of(ids, self._parts(ids, store), self.dimension)
        self._recent = Segment.empty(self.dimension)
        self._kept, self._gone, self._is_in_file = None, 0, False

    def _parts(self, ids: PassageIds, store: Store | None = None) -> Iterator[Halves]:
        """The embeddings of these passages, some at a time; those not here are of the store."""
        for first in range(0, len(ids), BATCH):
            part = ids[first : first + BATCH]
            here = self._has(part)
            rows = np.empty((len(part), self.dimension), np.float16)
            rows[here] = self._halves(part[here])
            if store and not here.all():
                rows[~here] = np.concatenate([*self._stored(store, part[~here])])
            yield rows

    def _stored(self, store: Store, ids: PassageIds) -> Iterator[Halves]:
        for first in range(0, len(ids), BATCH):
            part = ids[first : first + BATCH].tolist()
            yield store.embeddings(self.encoder, part).astype(np.float16)

    # Parts of both segments

    def _room(self) -> int:
        return max(RECENT_PASSAGES, int(RECENT_SHARE * len(self._base)))

    def _is_kept(self, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        here = places >= 0
        return here if self._kept is None else here & self._kept[places]

    def _has(self, ids: PassageIds) -> NDArray[np.bool_]:
        in_base = self._is_kept(self._base.places(ids)) if len(self._base) else False
        return in_base | (self._recent.places(ids) >= 0)

    def _halves(self, ids: PassageIds) -> Halves:
        """The embeddings of passages that are here, in the order given."""
        rows = np.empty((len(ids), self.dimension), np.float16)
        recent = self._recent.places(ids)
        is_recent = recent >= 0
        rows[is_recent] = self._recent.halves[recent[is_recent]]
        rows[~is_recent] = self._base.halves[self._base.places(ids[~is_recent])]
        return rows

    def _merged(self, base: Found, recent: Found, k: int) -> Neighbours:
        ids = np.concatenate([self._base.ids[base[0]], self._recent.ids[recent[0]]])
        return nearest_first(ids, np.concatenate([base[1], recent[1]]), k)
