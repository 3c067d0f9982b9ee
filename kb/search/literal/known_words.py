"""Known words: which passages have them, remembered as long as the base stays the same.

Needs repeat words, and the same need is searched again for each page, filter and report.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from kb.indexing.dense_index import PassageIds, ascending, id_array
from kb.models import Kind
from kb.store.passages import Passage
from kb.store.store import Store
from kb.text.analysis import Word, spellings

BYTES_REMEMBERED, BYTES_FOR_RECORD, MOST_BYTES = 32_000_000, 100, 200_000_000
"""So many, or so many for each record if that is more, up to a bound: a word takes more of a large
base.

A quarter of them are for the records that have words.
"""

BYTES_OF_ENTRY = 500
"""What is remembered of a word takes about so much, and its arrays."""

PASSAGES_OF_RECORD = 3
"""Count of a record's passages with a word that are looked at to count its records."""


class StemMatches(NamedTuple):
    """Passages in ascending order of their ids, and their BM25: `(n,)` each."""

    ids: PassageIds
    bm25: NDArray[np.float64]


class WordRecords(NamedTuple):
    """How many records have a word, and their passages with it, by id."""

    records: int
    passages: PassageIds


ReadPassages = Callable[[Collection[int]], Mapping[int, Passage]]
"""Gives passages by id; those that are gone are left out."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class LatelyUsed(Generic[Key, Value]):
    """Values by key in so many bytes: what was used longest ago goes first. Threads share it.

    `size_of` tells the bytes of a value. One that is larger than all may be is not remembered.
    """

    def __init__(self, most_bytes: int, size_of: Callable[[Value], int]) -> None:
        self._most_bytes = most_bytes
        self._size_of = size_of
        self._known: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()
        self.size_bytes = 0

    def of(
        self, keys: Collection[Key], read: Callable[[Collection[Key]], Mapping[Key, Value]]
    ) -> dict[Key, Value]:
        """The values of keys, of which `read` gives what is not known."""
        with self._lock:
            found = {key: self._known[key] for key in keys if key in self._known}
            for key in found:
                self._known.move_to_end(key)
        if missing := [key for key in keys if key not in found]:
            new = read(missing)
            with self._lock:
                for key, value in new.items():
                    self._add(key, value)
            found |= new
        return found

    def _add(self, key: Key, value: Value) -> None:
        size_bytes = self._size_of(value)
        # Another thread may have read it, too.
        if key not in self._known and size_bytes <= self._most_bytes:
            self._known[key] = value
            self.size_bytes += size_bytes
            while self.size_bytes > self._most_bytes:
                _, oldest = self._known.popitem(last=False)
                self.size_bytes -= self._size_of(oldest)


class _State:
    """What is known of the base at a generation."""

    def __init__(self, generation: str, records: int, most_bytes: int) -> None:
        self.generation = generation
        self.records = records
        self.matches = LatelyUsed[str, StemMatches](most_bytes * 3 // 4, _size_of_matches)
        self.having = LatelyUsed[tuple[tuple[str, ...], int, bool], WordRecords | None](
            most_bytes // 4, _size_of_records
        )


def _size_of_matches(found: StemMatches) -> int:
    return BYTES_OF_ENTRY + found.ids.nbytes + found.bm25.nbytes


def _size_of_records(found: WordRecords | None) -> int:
    return BYTES_OF_ENTRY + (found.passages.nbytes if found else 0)


class KnownWords:
    """What searches have asked of words, in one state of the base.

    Threads share it, though one may still read the state before.
    """

    def __init__(self, most_bytes: int = BYTES_REMEMBERED) -> None:
        self._most_bytes = most_bytes
        self._known = _State("", 0, most_bytes)
        self._beginning = threading.Lock()

    @property
    def size_bytes(self) -> int:
        """The memory that it takes."""
        known = self._known
        return known.matches.size_bytes + known.having.size_bytes

    def of(self, store: Store, read: ReadPassages | None = None) -> "WordsOfBase":
        """The words of the base in the state that this store shows.

        Passages with rare words are got from `read`, since they are scored; or from the store.
        """
        generation, known = store.generation, self._known
        if known.generation != generation:
            begun = self._begun(store, generation)
            with self._beginning:
                if self._known.generation != generation:
                    self._known = begun
                known = self._known
        return WordsOfBase(store, read or store.passages, known)

    def _begun(self, store: Store, generation: str) -> _State:
        records = store.count_records()
        of_all = min(BYTES_FOR_RECORD * records, MOST_BYTES)
        return _State(generation, records, max(self._most_bytes, of_all))


class WordsOfBase:
    """The words of the base in one state; the store is asked once of each."""

    def __init__(self, store: Store, read: ReadPassages, known: _State) -> None:
        self._store = store
        self._read = read
        self._known = known

    def count_records(self) -> int:
        """As `Store.count_records`."""
        return self._known.records

    def matches(self, stems: Collection[str]) -> StemMatches:
        """The passages that have any of these stems."""
        of_stems = self._of_stems(stems)
        each = np.concatenate([id_array(()), *(found.ids for found in of_stems)])
        bm25 = np.concatenate([np.empty(0), *(found.bm25 for found in of_stems)])
        ids = ascending(each)
        sums = np.zeros(len(ids))
        # In the order of the stems, as FTS5 does: another one changes the last digits.
        np.add.at(sums, np.searchsorted(ids, each), bm25)
        return StemMatches(ids, sums)

    def records_having(self, word: Word, most: int, *, placed: bool) -> WordRecords | None:
        """The records that have a word in one of its spellings; None if more than `most` have it.

        That is told by a few passages of each. With `placed`, so many actors whose place has the
        word have it, too, in all their passages.
        """
        key = word.forms, most, placed
        return self._known.having.of(
            [key], lambda _: {key: self._records_having(word, most, placed=placed)}
        )[key]

    def _records_having(self, word: Word, most: int, *, placed: bool) -> WordRecords | None:
        limit = max(most, 0) * PASSAGES_OF_RECORD + 1
        written = spellings(word)
        phrases = {spelling for spelling in written if " " in spelling}
        said = [found.ids[:limit] for found in self._of_stems(written - phrases)]
        said.append(id_array(self._store.passages_saying([phrases], limit)))
        passages = ascending(np.concatenate(said))
        if len(passages) >= limit:
            return None
        records: set[tuple[Kind, str]] = set()
        at_once = max(most, 0) + 1
        for first in range(0, len(passages), at_once):
            read = self._read(passages[first : first + at_once].tolist())
            records |= {(passage.kind, passage.record_id) for passage in read.values()}
            if len(records) > most:
                return None
        if placed:
            here = self._store.actors_at(word, most)
            records |= {(Kind.ACTOR, id_) for id_ in here}
            ids = self._store.passage_ids_of(Kind.ACTOR, here)
            passages = ascending(np.concatenate([passages, id_array(ids)]))
        return WordRecords(len(records), passages)

    def _of_stems(self, stems: Collection[str]) -> Sequence[StemMatches]:
        """What each of these stems adds to the BM25 of passages, in the order of the alphabet."""
        found = self._known.matches.of(stems, self._read_stems)
        return [found[stem] for stem in sorted(stems)]

    def _read_stems(self, stems: Collection[str]) -> dict[str, StemMatches]:
        return {
            stem: StemMatches(found["id"].copy(), found["bm25"].copy())
            for stem, found in self._store.match_stems(stems).items()
        }
