"""Known words: which passages have them, remembered and brought up to date.

Needs repeat words, and the same need is searched again for each page, filter and report. Reading
a common word takes longest of a search in a large base. So what is known of words is brought up to
date with each change of the base; only what rests on counts of all is worked out anew.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.indexing.dense_index import PassageIds, id_array
from kb.search.literal.bm25 import bm25
from kb.search.literal.lately_used import LatelyUsed
from kb.search.literal.lengths import Lengths
from kb.search.literal.word_change import WordChange
from kb.store.connection import StemUses, WordTotals
from kb.store.store import Store

BYTES_REMEMBERED, BYTES_FOR_RECORD, MOST_BYTES = 32_000_000, 100, 200_000_000
"""So many, or so many for each record if that is more, up to a bound: a word takes more of a large
base.
"""

BYTES_OF_ENTRY = 500
"""What is remembered of a word takes about so much, and its arrays."""

MOST_TOUCHED, STEMS_KEPT = 1_000, 2_000
"""Counts of passages that changes touched up to which what is known is brought up to date, and of
the stems, last used, of which it is: 10 µs each, and more for those that the passages use."""


class StemMatches(NamedTuple):
    """Passages in ascending order of their ids, and their BM25: `(n,)` each."""

    ids: PassageIds
    bm25: NDArray[np.float64]


class _State:
    """What is known of the base at a generation."""

    def __init__(self, generation: str, totals: WordTotals, most_bytes: int) -> None:
        self.generation = generation
        self.totals = totals
        self.lengths = Lengths(totals.passages)
        self.uses = LatelyUsed[str, StemUses](most_bytes, _size_of_uses)


def _size_of_uses(found: StemUses) -> int:
    return BYTES_OF_ENTRY + sum(values.nbytes for values in found)


class KnownWords:
    """What searches have asked of words, in one state of the base.

    Threads share it, though one may still read the state before.
    """

    def __init__(self, most_bytes: int = BYTES_REMEMBERED) -> None:
        self._most_bytes = most_bytes
        self._known = _State("", WordTotals(0, 0), most_bytes)
        self._beginning = threading.Lock()

    @property
    def size_bytes(self) -> int:
        """The memory that it takes."""
        known = self._known
        return known.uses.size_bytes + known.lengths.size_bytes

    def of(self, store: Store) -> "WordsOfBase":
        """The words of the base in the state that this store shows."""
        generation, known = store.generation, self._known
        if known.generation != generation:
            with self._beginning:
                known = self._known
                if known.generation != generation:
                    known = self._begun(store, generation)
                    # Who still reads a state before keeps nobody from the words of the last.
                    if _number(generation) >= _number(self._known.generation):
                        self._known = known
        return WordsOfBase(store, known)

    def _begun(self, store: Store, generation: str) -> _State:
        totals, for_records = store.word_totals(), BYTES_FOR_RECORD * store.count_records()
        most_bytes = max(self._most_bytes, min(for_records, MOST_BYTES))
        begun = _State(generation, totals, most_bytes)
        touched = store.passages_touched_since(self._known.generation)
        if touched is not None and len(touched) <= MOST_TOUCHED:
            change = WordChange(touched, store.stems_of(touched))
            begun.uses.take(self._known.uses, STEMS_KEPT, change.of_stem)
            begun.lengths = self._known.lengths.changed(totals.passages, change.of_lengths)
        return begun


def _number(generation: str) -> int:
    """The number of the change that made a state of the base."""
    return int(generation.partition("-")[0] or 0)


class WordsOfBase:
    """The words of the base in one state; the store is asked once of each."""

    def __init__(self, store: Store, known: _State) -> None:
        self._store = store
        self._known = known

    def matches(self, stems: Collection[str]) -> StemMatches:
        """The passages that have any of these stems."""
        of_stems = self._uses_of(stems)
        each = np.concatenate([id_array(()), *(found.ids for found in of_stems)])
        with self._store.decoding():
            values = [np.empty(0), *(bm25(found, self._known.totals) for found in of_stems)]
        # Ascending runs are sorted soon, and sums come in the order of the stems, as FTS5's do:
        # another one changes the last digits.
        order = np.argsort(each, kind="stable")
        in_order = each[order]
        is_first = np.diff(in_order, prepend=-1) != 0
        sums = np.bincount(np.cumsum(is_first) - 1, np.concatenate(values)[order])
        return StemMatches(in_order[is_first], np.asarray(sums, np.float64))

    def _uses_of(self, stems: Collection[str]) -> Sequence[StemUses]:
        """The uses of each of these stems, in the order of the alphabet."""
        found = self._known.uses.of(stems, self._read)
        return [found[stem] for stem in sorted(stems)]

    def _read(self, stems: Collection[str]) -> Mapping[str, StemUses]:
        return self._store.uses_of(stems, self._known.lengths)
