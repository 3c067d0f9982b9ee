"""Overlaps: how far a query and passages are about the same trades."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import EmbeddedPassages
from kb.reference.trades import trades
from kb.search.trades.background import Background, ExpandedQuery

PASSAGES_REMEMBERED, COMPUTED_AT_ONCE = 50_000, 1_000
"""Count of passages whose trades are remembered (1.4 kB each), and computed at once."""

FILED_IN = 24
"""Count of the likeliest trades of a passage that are remembered: the others hardly count."""


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


@dataclass(slots=True)
class PassageTrades:
    """The trades of passages, a row each, in half precision.

    `shares` is `(n, trades)`. `filed` are the likeliest trades of each and `filing` the square
    roots of how likely they are, `(n, FILED_IN)`. `lines` are the slope and the origin by which a
    cosine with each is standardised over its cosines with all trades, `(n, 2)`.
    """

    shares: NDArray[np.float16]
    filed: NDArray[np.uint16]
    filing: NDArray[np.float16]
    lines: NDArray[np.float32]

    @classmethod
    def empty(cls, n: int, trades: int) -> "PassageTrades":
        filed = min(FILED_IN, trades)
        return cls(
            np.zeros((n, trades), np.float16),
            np.zeros((n, filed), np.uint16),
            np.zeros((n, filed), np.float16),
            np.zeros((n, 2), np.float32),
        )

    def __len__(self) -> int:
        return len(self.shares)

    def overlaps(self, shares: Embeddings) -> Embeddings:
        """How far each is close to the same trades as something with these shares: `(n,)`."""
        return self.shares.astype(np.float32) @ shares

    def filing_overlaps(self, filing: Embeddings) -> Embeddings:
        """How far each would be filed in the same trades as something filed so: `(n,)`."""
        of_each = filing[self.filed] * self.filing.astype(np.float32)
        return np.asarray(of_each.sum(axis=1))

    def standardised(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines with each, `(…, n)`, as their mean deviation over the languages of trades."""
        return cosines * self.lines[:, 0] - self.lines[:, 1]

    def at(self, rows: Sequence[int] | NDArray[np.int64]) -> "PassageTrades":
        return PassageTrades(*(getattr(self, field.name)[rows] for field in fields(self)))

    def put(self, rows: Sequence[int] | slice, others: "PassageTrades") -> None:
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(others, field.name)


class Overlaps:
    """The overlaps of passages with queries.

    The trades of passages are remembered: to compute them takes much longer than to compare them.
    Threads share it.
    """

    def __init__(self, background: Background, remembered: int = PASSAGES_REMEMBERED) -> None:
        self._background = background
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

    def _rows_of(self, passages: EmbeddedPassages, lang: str) -> PassageTrades:
        ids = passages.ids.tolist()
        with self._lock:
            rows = np.array([self._rows.get((id_, lang), -1) for id_ in ids], np.int64)
            # What is not known has the last row, until it is computed.
            found = self._known.at(rows)
        missing = np.flatnonzero(rows < 0).tolist()
        if missing:
            computed = self._computed(passages.embeddings[missing], lang)
            found.put(missing, computed)
            with self._lock:
                self._remember([(ids[at], lang) for at in missing], computed)
        return found

    def _computed(self, embeddings: Embeddings, lang: str) -> PassageTrades:
        computed = PassageTrades.empty(len(embeddings), self._background.count)
        shares, filing = self._background.shares(embeddings, lang)
        computed.shares[:] = shares
        computed.lines[:] = self._background.lines(embeddings)
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
