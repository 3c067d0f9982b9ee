"""Overlaps: how far a query and passages are about the same trades, and what is kept of these."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import EmbeddedPassages
from kb.search.trades.background import Background, ComparedQuery
from kb.store.store import Store

PASSAGES_REMEMBERED, COMPUTED_AT_ONCE = 100_000, 1_000  # the trades of each take 0.2 kB
TRADES_VERSION = 1  # raised whenever trades of passages are made, or kept, in another way
FILED_IN = 24  # count of the likeliest trades of a passage that are kept: the others hardly count

TradeRows = NDArray[np.void]
"""`(n,)`: of each passage its likeliest trades, `filed`, the square roots of how likely they are,
`filing`, and the slope and the origin by which a cosine with it is standardised, `lines`."""


def overlap(rows: TradeRows, filing: Embeddings) -> NDArray[np.float32]:
    """How far passages would be filed in the same trades as something filed so, 0 to 1: `(n,)`."""
    return np.asarray((filing[rows["filed"]] * rows["filing"].astype(np.float32)).sum(axis=1))


def standardised(rows: TradeRows, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosines with passages, `(…, n)`, as their mean deviation over the languages of trades."""
    slope, origin = rows["lines"].T
    return np.asarray(cosines * slope - origin)


class Overlaps:
    """The overlaps of passages with queries, for threads; trades, a millisecond each, are kept."""

    def __init__(self, background: Background, encoder: str = "") -> None:
        self._background, self._encoder = background, encoder
        filed = min(FILED_IN, background.count)
        self._row_type = np.dtype(
            [("lines", "<f4", (2,)), ("filed", "<u2", (filed,)), ("filing", "<f2", (filed,))]
        )
        # What is not filed, or hardly, is soon computed.
        self._are_kept = background.index is not None and background.count >= FILED_IN
        made_by = background.fingerprint if self._are_kept else ""
        self._made_by = f"{TRADES_VERSION} {made_by[:16]}"
        self._known: dict[int, bytes] = {}

    def of(
        self,
        query: ComparedQuery,
        passages: EmbeddedPassages,
        langs: Sequence[str],
        store: Store | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """How far passages are filed as a query, and have the means: 0 to 1, or NaN."""
        rows = self.read(passages, langs, store)
        unknown = np.full(len(rows), np.nan, np.float32)
        filing = unknown if query.filing is None else overlap(rows, query.filing)
        return filing, unknown if query.able is None else overlap(rows, query.able)

    def read(
        self, passages: EmbeddedPassages, langs: Sequence[str], store: Store | None = None
    ) -> TradeRows:
        """The trades of passages; `langs` are their languages, in their order."""
        ids, known = passages.ids.tolist(), self._known
        found = {id_: row for id_ in ids if (row := known.get(id_)) is not None}
        missing = [place for place, id_ in enumerate(ids) if id_ not in found]
        new: dict[int, bytes] = {}
        for lang in dict.fromkeys(langs[place] for place in missing):
            of_lang = passages.at([place for place in missing if langs[place] == lang])
            of_ids = of_lang.ids.tolist()
            kept = self._kept(store, lang, of_ids) if store and self._are_kept else {}
            others = [place for place, id_ in enumerate(of_ids) if id_ not in kept]
            new |= kept | self._computed(of_lang.at(others), lang)
        if len(known) + len(new) > PASSAGES_REMEMBERED:
            # Another thread may be reading the former ones.
            known = self._known = {}
        known.update(new)
        found |= new
        return np.frombuffer(b"".join(found[id_] for id_ in ids), self._row_type)

    def keep(self, store: Store, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Keeps the trades of all embedded passages in the base while it `goes_on`."""
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

    def _computed(self, passages: EmbeddedPassages, lang: str) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for first in range(0, len(passages.ids), COMPUTED_AT_ONCE):
            ids, embeddings = passages.at(slice(first, first + COMPUTED_AT_ONCE))
            rows = np.zeros(len(ids), self._row_type)
            rows["lines"] = self._background.lines(embeddings)
            filing = self._background.filing(embeddings, lang)
            if filing is not None:
                count = rows["filed"].shape[1]
                filed = np.argpartition(-filing, count - 1, axis=1)[:, :count]
                rows["filed"], rows["filing"] = filed, np.take_along_axis(filing, filed, axis=1)
            found |= {id_: row.tobytes() for id_, row in zip(ids.tolist(), rows, strict=True)}
        return found
