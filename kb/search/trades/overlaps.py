"""Overlaps: how far a query and passages are about the same trades."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.indexing.dense_index import EmbeddedPassages, PassageIds, ascending, id_array
from kb.search.trades import saved_trades
from kb.search.trades.background import Background, ComparedQuery
from kb.search.trades.passage_trades import (
    FILED_IN,
    PassageTrades,
    TradeRows,
    row_type,
    trade_rows,
    unknown_row,
)
from kb.search.trades.saved_trades import SavedTrades
from kb.store.store import Store

PASSAGES_REMEMBERED, COMPUTED_AT_ONCE = 50_000, 1_000
"""Count of passages whose trades are remembered (0.1 kB each), and computed at once."""

UNSAVED, UNSAVED_SHARE = 1_000, 0.05
"""New passages that wait to be saved: this count, or this share of all."""


class Overlap(NamedTuple):
    """How far passages and a query are about the same trades: `(n,)` of each.

    `filing` and `able` are Bhattacharyya coefficients of where passages would be filed and of where
    the query would be, or of who has the means for it: 0 where they have no trade in common, 1
    where they are the same; NaN where that is not known.
    """

    filing: NDArray[np.float32]
    able: NDArray[np.float32]


class Overlaps:
    """The overlaps of passages with queries.

    The trades of passages are saved in a `folder` if there is one, and remembered until they are:
    to compute them takes much longer than to compare them. Threads share it.
    """

    def __init__(
        self,
        background: Background,
        folder: Path | None = None,
        remembered: int = PASSAGES_REMEMBERED,
    ) -> None:
        self._background = background
        self._row_type = row_type(background.count)
        # What is not filed, or hardly, is soon computed.
        is_filed = background.index is not None and background.count >= FILED_IN
        self._folder = folder if is_filed else None
        self._made_by = background.fingerprint if self._folder else ""
        # With the name of its card.
        self._saved: tuple[str, SavedTrades] = ("", SavedTrades.empty(background.count))
        self._reading = threading.Lock()
        self._most = remembered
        self._places: dict[int, int] = {}
        self._remembered = unknown_row(background.count)
        self._lock = threading.Lock()

    def of(self, query: ComparedQuery, passages: EmbeddedPassages, langs: Sequence[str]) -> Overlap:
        """The overlaps of a query with passages; `langs` are their languages, in their order."""
        found = Overlap(*np.full((2, len(passages.ids)), np.nan, np.float32))
        for first in range(0, len(passages.ids), COMPUTED_AT_ONCE):
            batch = slice(first, first + COMPUTED_AT_ONCE)
            read = self.read(passages.at(batch), langs[batch])
            if query.able is not None:
                found.able[batch] = read.overlaps(query.able)
            if query.filing is not None:
                found.filing[batch] = read.overlaps(query.filing)
        return found

    def read(self, passages: EmbeddedPassages, langs: Sequence[str]) -> PassageTrades:
        """The trades of passages; `langs` are their languages, in their order."""
        read = PassageTrades(self._now_saved().rows(passages.ids))
        missing = np.flatnonzero(~read.are_of(passages)).tolist()
        if missing:
            of_missing = [langs[place] for place in missing]
            read.rows[missing] = self._remembered_or_computed(passages.at(missing), of_missing)
        return read

    def save(
        self,
        store: Store,
        encoder: str,
        alone: Callable[[], AbstractContextManager[None]],
        goes_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """Saves the trades of all that an encoder has embedded, if many are new, or any are gone.

        It takes a fifth of a millisecond for each new one, and ends without a file once it does not
        `goes_on`. Nobody else saves or deletes files of this base inside `alone`.

        Raises:
            OSError: the file cannot be written.
        """
        if self._folder is None:
            return
        generation, ids = store.generation, _embedded(store, encoder)
        former = self._now_saved()
        is_new = ~np.isin(ids, former.ids, assume_unique=True)
        new = int(np.count_nonzero(is_new))
        are_gone = len(ids) - new < len(former.ids)
        if not are_gone and new <= max(UNSAVED, UNSAVED_SHARE * len(ids)):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        # Those of a large base do not fit into memory beside those that are in use.
        with TemporaryFile(dir=self._folder) as made:
            for first in range(0, len(ids), COMPUTED_AT_ONCE):
                if not goes_on():
                    return
                batch = slice(first, first + COMPUTED_AT_ONCE)
                kept = former.rows(ids[batch][~is_new[batch]])
                added = self._to_save(store, encoder, ids[batch][is_new[batch]])
                rows = np.concatenate([kept, added])
                made.write(rows[np.argsort(rows["id"])].tobytes())
            with alone():
                # What was erased meanwhile is not saved; what is erased from now on waits.
                left = None if store.generation == generation else _embedded(store, encoder)
                saved_trades.write(self._folder, self._parts(made, left), self._made_by)

    def _parts(self, made: IO[bytes], left: PassageIds | None) -> Iterator[TradeRows]:
        """The rows of a file, in parts: those of the passages that are `left`, None if all are."""
        for rows in saved_trades.parts_of(made, self._background.count):
            yield rows if left is None else rows[np.isin(rows["id"], left, assume_unique=True)]

    def _to_save(self, store: Store, encoder: str, ids: PassageIds) -> TradeRows:
        """The rows of those of these passages that are still there."""
        with store.reading():
            left = sorted(store.embedded_passages(encoder, ids.tolist()))
            if not left:
                return np.zeros(0, self._row_type)
            passages = EmbeddedPassages(id_array(left), store.embeddings(encoder, left))
            langs = store.langs_of(left)
        return self._computed(passages, [langs[id_] for id_ in left])

    def _now_saved(self) -> SavedTrades:
        """What is saved now, by whichever process."""
        if self._folder is None:
            return self._saved[1]
        card = saved_trades.name_of_card(self._folder)
        if card != self._saved[0]:
            with self._reading:
                if card != self._saved[0]:
                    saved = saved_trades.read(self._folder, self._made_by, self._background.count)
                    self._saved = card, saved
                    with self._lock:
                        self._forget()
        return self._saved[1]

    def _remembered_or_computed(
        self, passages: EmbeddedPassages, langs: Sequence[str]
    ) -> TradeRows:
        with self._lock:
            # Of what is not known, any row, until it is computed.
            places = [self._places.get(id_, 0) for id_ in passages.ids.tolist()]
            rows = self._remembered[places]
        missing = np.flatnonzero(~PassageTrades(rows).are_of(passages)).tolist()
        if missing:
            computed = self._computed(passages.at(missing), [langs[place] for place in missing])
            rows[missing] = computed
            with self._lock:
                self._remember(computed)
        return rows

    def _computed(self, passages: EmbeddedPassages, langs: Sequence[str]) -> TradeRows:
        rows = np.zeros(len(passages.ids), self._row_type)
        for lang in dict.fromkeys(langs):
            at = [place for place, of_passage in enumerate(langs) if of_passage == lang]
            of_lang = passages.at(at)
            filing = self._background.filing(of_lang.embeddings, lang)
            lines = self._background.lines(of_lang.embeddings)
            rows[at] = trade_rows(of_lang, self._background.count, filing, lines)
        return rows

    def _remember(self, rows: TradeRows) -> None:
        ids = rows["id"].tolist()
        if len(self._places) + len(ids) > self._most:
            self._places.clear()
        places = [self._places.setdefault(id_, len(self._places)) for id_ in ids]
        if len(self._places) > len(self._remembered):
            grown = np.zeros(2 * len(self._places), self._row_type)
            grown[: len(self._remembered)] = self._remembered
            self._remembered = grown
        self._remembered[places] = rows

    def _forget(self) -> None:
        self._places = {}
        self._remembered = unknown_row(self._background.count)


def _embedded(store: Store, encoder: str) -> PassageIds:
    return ascending(id_array(store.embedded_passages(encoder)))
