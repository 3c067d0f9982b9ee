"""A segment of an index: passages and their embeddings, which never change.

The rows are in the order of the ids, so that a passage is found by halving, and in half precision,
as the store has them. FAISS compares each of them with a query, which is exact. From so many rows
on that this takes long, the segment has a code of each row besides: one bit for a dimension, and
what corrects it (RaBitQ, arXiv:2405.12497). The codes are in lists of rows that are near to each
other. Those in the lists nearest to a query tell which rows could be near, and these are compared.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import PassageIds, places_in

Halves = NDArray[np.float16]
"""`(n, dimension)` float16, unit rows."""

Places = NDArray[np.int64]
"""`(n,)` numbers of rows in a segment."""

Found = tuple[Places, NDArray[np.float32]]
"""Places and cosines, `(n,)` each."""

EXACT_MOST = 50_000
"""Most rows that are compared without asking their codes.

So many are compared in 2 to 5 ms; a million take 70 ms, and their codes 4 (docs/benchmarks.md).
"""

LISTED, LISTS_READ = 2_000, 96
"""Rows to a list, as a mean, and lists that are read: all of them up to 192,000 rows."""

LEARNT = 50
"""Rows to a list from which the lists are learnt."""

LOOKED_AT, LOOKED_AT_LEAST = 4, 400
"""Rows that are compared for each that is asked for, the nearest by their codes; so many more.

They have 98 % of the 400 nearest of a million, and all of the 10 nearest.
"""

FEW = 64
"""Rows of which one is compared in the time in which the codes of all are read."""


class Segment:
    """Passages by id, with their embeddings, and their codes if they are many.

    Attributes:
        ids: ascending.
        rows: FAISS's index of the embeddings, in the order of the ids.
        codes: FAISS's index of the codes, in the same order; None if all rows are compared.
    """

    def __init__(self, ids: PassageIds, rows: Any, codes: Any = None) -> None:
        self.ids = ids
        self.rows = rows
        self.codes = codes

    @classmethod
    def empty(cls, dimension: int) -> "Segment":
        return cls(np.empty(0, np.int64), new_rows(dimension))

    @classmethod
    def of(
        cls, ids: PassageIds, parts: Iterable[Halves], dimension: int, *, is_large: bool = True
    ) -> "Segment":
        """A segment in memory of ascending ids and the rows of them, part by part.

        Without codes, however many there are, unless it `is_large`.
        """
        rows = new_rows(dimension)
        rows.codes.resize(len(ids) * rows.code_size)
        rows.ntotal = len(ids)
        halves = _halves(rows)
        coder = Coder(len(ids) if is_large else 0, dimension)
        place = 0
        for part in parts:
            halves[place : place + len(part)] = part
            coder.add(part)
            place += len(part)
        return cls(ids, rows, coder.codes)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def halves(self) -> Halves:
        """The embeddings, `(n, dimension)`; they are not to be changed."""
        return _halves(self.rows)

    def embeddings(self, places: Places) -> Embeddings:
        """The embeddings at these places; FAISS widens them in a third of NumPy's time."""
        return np.asarray(self.rows.sa_decode(_codes(self.rows)[places]))

    def places(self, ids: PassageIds) -> Places:
        """The place of each of these passages; -1 for those not here."""
        return places_in(self.ids, ids)

    def search(self, query: Embeddings, k: int, kept: NDArray[np.bool_] | None) -> Found:
        """The rows nearest to a `(1, dimension)` query, of those `kept` if not all are.

        The nearest come first; with those as near as the last there may be more than `k`.
        """
        if k < 1 or not len(self):
            return _NOTHING
        if self._asks_codes(k):
            return self._search_codes(query, k, kept, LISTS_READ)
        return self._compare(query, k, kept)

    def search_among(self, query: Embeddings, k: int, places: Places) -> Found:
        """As `search`, of the rows at these ascending places."""
        if k < 1 or not len(places):
            return _NOTHING
        if len(places) <= max(LOOKED_AT_LEAST, len(self) // FEW):
            return self._compare_few(query, k, places)
        kept = np.zeros(len(self), bool)
        kept[places] = True
        if self._asks_codes(k):
            # They may be in any list.
            return self._search_codes(query, k, kept, self.codes.nlist)
        return self._compare(query, k, kept)

    def search_each(
        self, queries: Embeddings, k: int, kept: NDArray[np.bool_] | None
    ) -> list[Found]:
        """As `search`, of each of `(n, dimension)` queries; any of those as near as the last."""
        if k < 1 or not len(self):
            return [_NOTHING for _ in queries]
        if self._asks_codes(k):
            return [self.search(query[np.newaxis], k, kept) for query in queries]
        with _chosen(kept) as chosen:
            # The stubs do not know of the argument `sel`.
            parameters = faiss.SearchParameters(sel=chosen)  # type: ignore[call-arg]
            found = self.rows.search(queries, min(k, len(self)), params=parameters)
        # FAISS pads what it cannot find with the place -1.
        return [
            (of_query[of_query >= 0], cosines[of_query >= 0])
            for cosines, of_query in zip(*found, strict=True)
        ]

    def _asks_codes(self, k: int) -> bool:
        return self.codes is not None and LOOKED_AT * k <= min(EXACT_MOST, len(self))

    def _compare(self, query: Embeddings, k: int, kept: NDArray[np.bool_] | None) -> Found:
        with _chosen(kept) as chosen:
            # The stubs do not know of the argument `sel`.
            parameters = faiss.SearchParameters(sel=chosen)  # type: ignore[call-arg]
            return _with_equals(
                k, len(self), lambda most: self.rows.search(query, most, params=parameters)
            )

    def _compare_few(self, query: Embeddings, k: int, places: Places) -> Found:
        if not len(places):
            return _NOTHING
        few = new_rows(self.rows.d)
        few.add_sa_codes(_codes(self.rows)[places])
        found, cosines = _with_equals(k, len(places), lambda most: few.search(query, most))
        return places[found], cosines

    def _search_codes(
        self, query: Embeddings, k: int, kept: NDArray[np.bool_] | None, lists: int
    ) -> Found:
        most = LOOKED_AT * k + LOOKED_AT_LEAST
        with _chosen(kept) as chosen:
            parameters = faiss.SearchParametersIVF(  # type: ignore[call-arg]
                sel=chosen, nprobe=lists
            )
            while True:
                at_once = min(most, len(self))
                by_code, places = (
                    row[0] for row in self.codes.search(query, at_once, params=parameters)
                )
                found, cosines = self._compare_few(query, k, np.sort(places[places >= 0]))
                # Where one of them has the last of the codes, others with the same may be as near.
                last = places[by_code <= by_code[-1]]
                if at_once == len(self) or not np.isin(found, last).any():
                    return found, cosines
                most *= 2


class Coder:
    """Makes the codes of rows that come part by part, in the order of their places.

    There are none for a segment of `total` rows, if these are few.
    """

    def __init__(self, total: int, dimension: int) -> None:
        self.codes: Any = None
        lists = max(total // LISTED, 1)
        self._to_learn = min(LEARNT * lists, total)
        self._first: list[Embeddings] = []
        if total > EXACT_MOST:
            self.codes = faiss.index_factory(
                dimension, f"IVF{lists},RaBitQfs", faiss.METRIC_INNER_PRODUCT
            )

    def add(self, rows: Halves) -> None:
        """Codes some rows; the lists are those of the first ones: as ids are hashes, any."""
        if self.codes is None:
            return
        self._first.append(rows.astype(np.float32))
        if not self.codes.is_trained:
            if sum(map(len, self._first)) < self._to_learn:
                return
            # FAISS learns nothing of what is no number, as in a base that is damaged.
            self.codes.train(np.nan_to_num(np.concatenate(self._first)[: self._to_learn]))
        for wide in self._first:
            self.codes.add(wide)
        self._first.clear()


def new_rows(dimension: int) -> Any:
    """An empty index of embeddings in half precision, by inner product."""
    return faiss.IndexScalarQuantizer(
        dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )


_NOTHING: Found = (np.empty(0, np.int64), np.empty(0, np.float32))


@contextmanager
def _chosen(kept: NDArray[np.bool_] | None) -> Iterator[Any]:
    """What tells FAISS which rows are kept; all if it is None."""
    if kept is None:
        yield faiss.IDSelectorAll()
        return
    bits = np.packbits(kept, bitorder="little")
    yield faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))


def _codes(rows: Any) -> NDArray[np.uint8]:
    if not rows.ntotal:
        return np.empty((0, rows.code_size), np.uint8)
    flat = faiss.rev_swig_ptr(rows.codes.data(), rows.ntotal * rows.code_size)
    return np.asarray(flat).reshape(rows.ntotal, rows.code_size)


def _halves(rows: Any) -> Halves:
    return _codes(rows).view(np.float16)


def _with_equals(k: int, total: int, search: Callable[[int], Any]) -> Found:
    """The `k` nearest, and all that are as near as the last: FAISS leaves out any of equals."""
    most = k + 1
    while True:
        cosines, places = (row[0] for row in search(min(most, total)))
        # FAISS pads what it cannot find with the place -1.
        if most >= total or places[-1] < 0 or cosines[-1] < cosines[k - 1]:
            return places[places >= 0], cosines[places >= 0]
        most *= 2
