"""Overlaps: how far a query and passages are about the same trades."""

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import EmbeddedPassages, PassageIds, ascending, id_array
from kb.reference.trades import trades
from kb.search.trades import saved_trades
from kb.search.trades.background import Background, ExpandedQuery
from kb.search.trades.passage_trades import FILED_IN, PassageTrades
from kb.search.trades.saved_trades import SavedRows, SavedTrades
from kb.store.store import Store

PASSAGES_REMEMBERED, COMPUTED_AT_ONCE = 50_000, 1_000
"""Count of passages whose trades are remembered (1.4 kB each), and computed at once."""

UNSAVED, UNSAVED_SHARE = 1_000, 0.05
"""New passages that wait to be saved: this count, or this share of all."""


class Overlap(NamedTuple):
    """How far passages and a query are about the same trades: `(n,)` of each.

    Both are Bhattacharyya coefficients of two distributions over the trades: 0 where they have no
    trade in common, 1 where they are the same. `trades` is that of their closeness to each trade;
    `filing` that of where they would be filed, NaN without a trade index. `apart` is how likely
    one of the two is about things that are made, and the other about services.
    """

    trades: NDArray[np.float32]
    filing: NDArray[np.float32]
    apart: NDArray[np.float32]


class Overlaps:
    """The overlaps of passages with queries.

    The trades of passages are remembered, and saved in a `folder` if there is one: to compute them
    takes much longer than to compare them. Threads share it.
    """

    def __init__(
        self,
        background: Background,
        folder: Path | None = None,
        remembered: int = PASSAGES_REMEMBERED,
    ) -> None:
        self._background = background
        # What is not filed, or hardly, is soon computed.
        is_filed = background.index is not None and background.count >= FILED_IN
        self._folder = folder if is_filed else None
        self._made_by = background.fingerprint if self._folder else ""
        # With the name of its card.
        self._saved: tuple[str, SavedTrades] = ("", SavedTrades.empty())
        self._reading = threading.Lock()
        self._remembered = remembered
        self._rows: dict[tuple[int, str], int] = {}
        self._known = PassageTrades.empty(1, background.count)
        self._lock = threading.Lock()
        made = [trade.makes_things for trade in trades()][: background.count]
        self._makes_things = np.array(made, np.float32)

    def of(self, expanded: ExpandedQuery, passages: EmbeddedPassages, lang: str) -> Overlap:
        """The overlaps of a query with passages in a language, in their order."""
        found = Overlap(*np.full((3, len(passages.ids)), np.nan, np.float32))
        for first in range(0, len(passages.ids), COMPUTED_AT_ONCE):
            batch = slice(first, first + COMPUTED_AT_ONCE)
            rows = self._rows_of(passages.at(batch), lang)
            found.trades[batch] = rows.overlaps(expanded.shares)
            found.apart[batch] = 0
            if expanded.filing is not None:
                found.filing[batch] = rows.filing_overlaps(expanded.filing)
                asked = float(np.square(expanded.filing) @ self._makes_things)
                roots = rows.filing.astype(np.float32)
                made = (np.square(roots) * self._makes_things[rows.filed]).sum(axis=1)
                found.apart[batch] = asked * (1 - made) + (1 - asked) * made
        return found

    def filing(self, passages: EmbeddedPassages, langs: Sequence[str]) -> Embeddings:
        """How likely passages would be filed in each trade, as square roots: `(n, trades)`.

        Zeros without a trade index. `langs` are their languages, in their order.
        """
        read = self.read(passages, langs)
        found = np.zeros((len(read), self._background.count), np.float32)
        np.put_along_axis(found, read.filed.astype(int), read.filing.astype(np.float32), 1)
        return found

    def read(self, passages: EmbeddedPassages, langs: Sequence[str]) -> PassageTrades:
        """The trades of passages; `langs` are their languages, in their order."""
        if len(set(langs)) == 1:
            return self._rows_of(passages, langs[0])
        found = PassageTrades.empty(len(passages.ids), self._background.count)
        for lang in dict.fromkeys(langs):
            at = [place for place, of_passage in enumerate(langs) if of_passage == lang]
            found.put(at, self._rows_of(passages.at(at), lang))
        return found

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
        former = self._now_saved().all_rows
        kept = np.isin(former["id"], ids, assume_unique=True)
        new = ids[~np.isin(ids, former["id"], assume_unique=True)]
        if kept.all() and len(new) <= max(UNSAVED, UNSAVED_SHARE * len(ids)):
            return
        parts = [former[kept]]
        for first in range(0, len(new), COMPUTED_AT_ONCE):
            if not goes_on():
                return
            parts += self._to_save(store, encoder, new[first : first + COMPUTED_AT_ONCE])
        rows = np.concatenate(parts)
        rows = rows[np.argsort(rows["id"])]
        with alone():
            # What was erased meanwhile is not saved; what is erased from now on waits.
            if store.generation != generation:
                rows = rows[np.isin(rows["id"], _embedded(store, encoder), assume_unique=True)]
            saved_trades.write(self._folder, rows, self._made_by)

    def _to_save(self, store: Store, encoder: str, ids: PassageIds) -> list[SavedRows]:
        with store.reading():
            left = sorted(store.embedded_passages(encoder, ids.tolist()))
            passages = EmbeddedPassages(id_array(left), store.embeddings(encoder, left))
            langs = store.langs_of(left)
        of_langs: dict[str, list[int]] = {}
        for place, id_ in enumerate(left):
            of_langs.setdefault(langs[id_], []).append(place)
        return [
            saved_trades.saved_rows(passages.at(places), self._computed(passages.at(places), lang))
            for lang, places in of_langs.items()
        ]

    def _now_saved(self) -> SavedTrades:
        """What is saved now, by whichever process."""
        if self._folder is None:
            return self._saved[1]
        card = saved_trades.name_of_card(self._folder)
        if card != self._saved[0]:
            with self._reading:
                if card != self._saved[0]:
                    self._saved = card, saved_trades.read(self._folder, self._made_by)
        return self._saved[1]

    def _rows_of(self, passages: EmbeddedPassages, lang: str) -> PassageTrades:
        ids = passages.ids.tolist()
        with self._lock:
            rows = np.array([self._rows.get((id_, lang), -1) for id_ in ids], np.int64)
            # What is not known has the last row, until it is computed.
            found = self._known.at(rows)
        missing = np.flatnonzero(rows < 0).tolist()
        if missing:
            computed = self._read_or_computed(passages.at(missing), lang)
            found.put(missing, computed)
            with self._lock:
                self._remember([(ids[at], lang) for at in missing], computed)
        return found

    def _read_or_computed(self, passages: EmbeddedPassages, lang: str) -> PassageTrades:
        here, saved = self._now_saved().rows(passages)
        found = PassageTrades.empty(len(here), self._background.count)
        if here.any():
            shares = self._background.shares_alone(passages.embeddings[here], lang)
            found.put(here, saved_trades.trades_of(saved, shares))
        if not here.all():
            found.put(~here, self._computed(passages.at(~here), lang))
        return found

    def _computed(self, passages: EmbeddedPassages, lang: str) -> PassageTrades:
        computed = PassageTrades.empty(len(passages.ids), self._background.count)
        shares, filing = self._background.shares(passages.embeddings, lang)
        computed.shares[:] = shares
        computed.lines[:] = self._background.lines(passages.embeddings)
        if filing is not None:
            filed = np.argpartition(-filing, computed.filed.shape[1] - 1, axis=1)
            computed.filed[:] = filed[:, : computed.filed.shape[1]]
            computed.filing[:] = np.take_along_axis(filing, computed.filed.astype(int), axis=1)
        return computed

    def _remember(self, keys: Sequence[tuple[int, str]], computed: PassageTrades) -> None:
        """Keeps what was computed, but for what another thread has kept meanwhile."""
        new = [at for at, key in enumerate(keys) if key not in self._rows]
        if len(self._rows) + len(new) > self._remembered:
            self._rows.clear()
            new = list(range(len(keys)))
        first, end = len(self._rows), len(self._rows) + len(new)
        if end > len(self._known):
            grown = PassageTrades.empty(2 * end, self._background.count)
            grown.put(slice(0, len(self._known)), self._known)
            self._known = grown
        self._known.put(slice(first, end), computed.at(new))
        self._rows.update((keys[at], first + row) for row, at in enumerate(new))


def _embedded(store: Store, encoder: str) -> PassageIds:
    return ascending(id_array(store.embedded_passages(encoder)))
