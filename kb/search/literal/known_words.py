"""Known words: which passages have them, remembered as long as the base stays the same.

Needs repeat words, and the same need is searched again for each page, filter and report.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.indexing.dense_index import PassageIds, ascending, id_array
from kb.models import Kind
from kb.store.store import Store
from kb.text.analysis import Word, spellings

BYTES_REMEMBERED = 32_000_000

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


@dataclass(slots=True)
class _State:
    """What is known of the base at a generation, and how much memory it takes."""

    generation: str
    size_bytes: int = 0
    records: int | None = None
    matches: dict[str, StemMatches] = field(default_factory=dict)
    having: dict[tuple[tuple[str, ...], int, bool], WordRecords | None] = field(
        default_factory=dict
    )


class KnownWords:
    """What searches have asked of words, in one state of the base.

    Threads share it, though one may still read the state before.
    """

    def __init__(self, most_bytes: int = BYTES_REMEMBERED) -> None:
        self._most_bytes = most_bytes
        self._known = _State("")

    @property
    def size_bytes(self) -> int:
        """The memory that it takes: at most what is allowed, and what one search adds."""
        return self._known.size_bytes

    def of(self, store: Store) -> "WordsOfBase":
        """The words of the base in the state that this store shows."""
        generation, known = store.generation, self._known
        if known.generation != generation or known.size_bytes > self._most_bytes:
            known = self._known = _State(generation)
        return WordsOfBase(store, known)


class WordsOfBase:
    """The words of the base in one state; the store is asked once of each."""

    def __init__(self, store: Store, known: _State) -> None:
        self._store = store
        self._known = known

    def count_records(self) -> int:
        """As `Store.count_records`."""
        if self._known.records is None:
            self._known.records = self._store.count_records()
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
        if key not in self._known.having:
            found = self._records_having(word, most, placed=placed)
            self._known.having[key] = found
            self._known.size_bytes += BYTES_OF_ENTRY + (found.passages.nbytes if found else 0)
        return self._known.having[key]

    def _records_having(self, word: Word, most: int, *, placed: bool) -> WordRecords | None:
        limit = max(most, 0) * PASSAGES_OF_RECORD + 1
        written = spellings(word)
        phrases = {spelling for spelling in written if " " in spelling}
        said = [found.ids[:limit] for found in self._of_stems(written - phrases)]
        said.append(id_array(self._store.passages_saying([phrases], limit)))
        passages = ascending(np.concatenate(said))
        if len(passages) >= limit:
            return None
        records = self._store.records_of(passages.tolist())
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
        known = self._known.matches
        found = {stem: known[stem] for stem in stems if stem in known}
        if missing := [stem for stem in stems if stem not in found]:
            for stem, rows in self._store.match_stems(missing).items():
                ids, bm25 = zip(*rows, strict=True) if rows else ((), ())
                of_stem = StemMatches(id_array(ids), np.array(bm25, np.float64))
                found[stem] = known[stem] = of_stem
                self._known.size_bytes += BYTES_OF_ENTRY + of_stem.ids.nbytes + of_stem.bm25.nbytes
        return [found[stem] for stem in sorted(stems)]
