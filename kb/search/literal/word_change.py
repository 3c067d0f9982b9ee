"""What a change of some passages makes of what is known of words.

Passages that come or go change the uses of their own stems, and nothing else: a common word of a
large base need not be read anew.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.indexing.dense_index import PassageIds, id_array, places_in
from kb.store.connection import LONGEST_STEM, PassageLengths, PassageStems, StemUses, is_plain


class WordChange:
    """Some passages, which may have come or gone, and the stems of those that are there."""

    def __init__(self, touched: Collection[int], stems_of: Mapping[int, PassageStems]) -> None:
        self._touched = np.sort(id_array(touched))
        self._lengths = [(id_, said.length) for id_, said in sorted(stems_of.items())]
        self._uses: defaultdict[str, list[tuple[int, int, int]]] = defaultdict(list)
        for id_, said in sorted(stems_of.items()):
            for stem, uses in Counter(said.stems).items():
                self._uses[stem].append((id_, uses, said.length))
        self._is_plain = all(map(_is_plain, stems_of.values()))

    def of_stem(self, stem: str, former: StemUses) -> StemUses | None:
        """The uses of a stem after the change; None if only the store can tell."""
        if not self._is_plain or not is_plain(stem):
            return None
        gone = self._places(former.ids)
        come = self._uses.get(stem, [])
        if not len(gone) and not come:
            return former
        new_ids, uses, lengths = np.array(come, np.int64).reshape(-1, 3).T
        return StemUses(*_exchanged(former, gone, (new_ids, uses, lengths)))

    def of_lengths(self, former: PassageLengths) -> PassageLengths:
        """The lengths of all passages after the change."""
        new_ids, lengths = np.array(self._lengths, np.int64).reshape(-1, 2).T
        return PassageLengths(*_exchanged(former, self._places(former.ids), (new_ids, lengths)))

    def _places(self, ids: PassageIds) -> NDArray[np.int64]:
        places = places_in(ids, self._touched)
        return places[places >= 0]


def _is_plain(said: PassageStems) -> bool:
    """Whether no stem of a passage is for an engine another, or several, without other letters."""
    return len(said.stems) == said.length and all(
        stem.isalnum() and stem == stem.lower() and len(stem) < LONGEST_STEM for stem in said.stems
    )


def _exchanged(
    former: Sequence[NDArray[Any]], gone: NDArray[np.int64], come: Sequence[NDArray[np.int64]]
) -> Iterator[NDArray[Any]]:
    """Columns without the rows at some places, and with those that come, by ascending ids.

    The first column are the ids.
    """
    at = np.searchsorted(np.delete(former[0], gone), come[0])
    for column, new in zip(former, come, strict=True):
        yield np.insert(np.delete(column, gone), at, new)
