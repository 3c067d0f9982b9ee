"""Overlaps: how far a query and passages are about the same trades, and what is kept of these."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import EmbeddedPassages
from kb.search.trades.background import Background, ComparedQuery
from kb.store.store import Store

PASSAGES_REMEMBERED, COMPUTED_AT_ONCE = 100_000, 1_000
"""Count of passages whose trades are remembered (0.2 kB each), and computed at once."""

TRADES_VERSION = 1
"""Raised whenever the trades of a passage are worked out, or kept, in another way."""


FILED_IN = 24
"""Count of the likeliest trades of a passage that are kept: the others hardly count."""

TradeRows = NDArray[np.void]
"""`(n,)` rows of `row_type`."""


def row_type(trades: int) -> np.dtype[np.void]:
    """What is kept of a passage where there are so many trades.

    - `filed`: its likeliest trades, and `filing`: the square roots of how likely they are.
    - `lines`: the slope and the origin by which a cosine with it is standardised over its cosines
      with all trades.
    """
    filed = min(FILED_IN, trades)
    return np.dtype(
        [("lines", "<f4", (2,)), ("filed", "<u2", (filed,)), ("filing", "<f2", (filed,))]
    )


def trade_rows(trades: int, filing: Embeddings | None, lines: Embeddings) -> TradeRows:
    """The rows of passages, where there are so many trades.

    `filing` are square roots, `(n, trades)`; without, none is filed.
    """
    rows = np.zeros(len(lines), row_type(trades))
    rows["lines"] = lines
    if filing is not None:
        count = rows["filed"].shape[1]
        filed = np.argpartition(-filing, count - 1, axis=1)[:, :count]
        rows["filed"], rows["filing"] = filed, np.take_along_axis(filing, filed, axis=1)
    return rows


class PassageTrades:
    """The trades of passages, by their rows."""

    __slots__ = ("rows",)

    def __init__(self, rows: TradeRows) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def filed(self) -> NDArray[np.uint16]:
        """The likeliest trades of each: `(n, FILED_IN)`, or all if they are fewer."""
        return np.asarray(self.rows["filed"])

    @property
    def filing(self) -> Embeddings:
        """The square roots of how likely each would be filed in these."""
        return np.asarray(self.rows["filing"].astype(np.float32))

    def overlaps(self, filing: Embeddings) -> Embeddings:
        """How far each would be filed in the same trades as something filed so: `(n,)`."""
        return np.asarray((filing[self.filed] * self.filing).sum(axis=1))

    def standardised(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines with each, `(…, n)`, as their mean deviation over the languages of trades."""
        slope, origin = self.rows["lines"].T
        return np.asarray(cosines * slope - origin)


class Overlap(NamedTuple):
    """How far passages and a query are about the same trades: `(n,)` of each.

    `filing` and `able` are Bhattacharyya coefficients of where passages would be filed and of where
    the query would be, or of who has the means for it: 0 where they have no trade in common, 1
    where they are the same; NaN where that is not known.
    """

    filing: NDArray[np.float32]
    able: NDArray[np.float32]


class Overlaps:
    """The overlaps of passages, embedded by an `encoder`, with queries. Threads share it.

    The trades of passages are kept in the base beside their embeddings, and remembered: to compute
    them takes a millisecond each, much longer than to compare them.
    """

    def __init__(
        self, background: Background, encoder: str = "", remembered: int = PASSAGES_REMEMBERED
    ) -> None:
        self._background = background
        self._encoder = encoder
        self._row_type = row_type(background.count)
        # What is not filed, or hardly, is soon computed.
        self._are_kept = background.index is not None and background.count >= FILED_IN
        made_by = background.fingerprint if self._are_kept else ""
        self._made_by = f"{TRADES_VERSION} {made_by[:16]}"
        self._most = remembered
        self._known: dict[int, bytes] = {}

    def of(
        self,
        query: ComparedQuery,
        passages: EmbeddedPassages,
        langs: Sequence[str],
        store: Store | None = None,
    ) -> Overlap:
        """The overlaps of a query with passages; `langs` are their languages, in their order."""
        found = Overlap(*np.full((2, len(passages.ids)), np.nan, np.float32))
        for first in range(0, len(passages.ids), COMPUTED_AT_ONCE):
            batch = slice(first, first + COMPUTED_AT_ONCE)
            read = self.read(passages.at(batch), langs[batch], store)
            if query.able is not None:
                found.able[batch] = read.overlaps(query.able)
            if query.filing is not None:
                found.filing[batch] = read.overlaps(query.filing)
        return found

    def read(
        self, passages: EmbeddedPassages, langs: Sequence[str], store: Store | None = None
    ) -> PassageTrades:
        """The trades of passages; `langs` are their languages, in their order."""
        ids, known = passages.ids.tolist(), self._known
        found = {id_: row for id_ in ids if (row := known.get(id_)) is not None}
        missing = [place for place, id_ in enumerate(ids) if id_ not in found]
        if missing:
            new = self._kept_or_computed(
                passages.at(missing), [langs[place] for place in missing], store
            )
            if len(known) + len(new) > self._most:
                # Another thread may be reading the former ones.
                known = self._known = {}
            known.update(new)
            found |= new
        rows = np.frombuffer(b"".join(found[id_] for id_ in ids), self._row_type)
        return PassageTrades(rows)

    def keep(self, store: Store, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Keeps the trades of all embedded passages in the base, where they are not yet.

        Ends once it does not `goes_on`.

        Raises:
            KnowledgeBaseError: the base cannot be written.
        """
        if not self._are_kept:
            return
        ids = sorted(store.embedded_passages(self._encoder))
        for first in range(0, len(ids), COMPUTED_AT_ONCE):
            langs = store.langs_of(ids[first : first + COMPUTED_AT_ONCE])
            for lang in sorted(set(langs.values())):
                if not goes_on():
                    return
                of_lang = [id_ for id_ in langs if langs[id_] == lang]
                missing = set(of_lang) - self._kept(store, lang, of_lang).keys()
                passages = EmbeddedPassages(*store.known_embeddings(self._encoder, missing))
                if len(passages.ids):
                    rows = self._computed(passages, lang)
                    with store.writing():
                        store.keep_trades(self._encoder, f"{self._made_by} {lang}", rows)

    def _kept(self, store: Store, lang: str, ids: Sequence[int]) -> dict[int, bytes]:
        kept = store.kept_trades(self._encoder, f"{self._made_by} {lang}", ids)
        size = self._row_type.itemsize
        return {id_: row for id_, row in kept.items() if len(row) == size}

    def _kept_or_computed(
        self, passages: EmbeddedPassages, langs: Sequence[str], store: Store | None
    ) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for lang in dict.fromkeys(langs):
            at = [place for place, of_passage in enumerate(langs) if of_passage == lang]
            of_lang = passages.at(at)
            ids = of_lang.ids.tolist()
            kept = self._kept(store, lang, ids) if store and self._are_kept else {}
            missing = [place for place, id_ in enumerate(ids) if id_ not in kept]
            found |= kept
            if missing:
                found |= self._computed(of_lang.at(missing), lang)
        return found

    def _computed(self, passages: EmbeddedPassages, lang: str) -> dict[int, bytes]:
        rows: Embeddings = passages.embeddings
        filing, lines = self._background.filing(rows, lang), self._background.lines(rows)
        made = trade_rows(self._background.count, filing, lines)
        return {id_: row.tobytes() for id_, row in zip(passages.ids.tolist(), made, strict=True)}
