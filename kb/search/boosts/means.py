"""Means: why an actor could do what is asked, by what firms of its trade have and could make."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from kb.reference.lexicon import LexiconKind, lexicon, means_of
from kb.reference.trades import trades
from kb.search.context import SearchContext
from kb.search.results import MeansMatch
from kb.search.trades.background import ComparedQuery
from kb.store.passages import Passage
from kb.text.analysis import query_stems
from kb.trade_index.trade_index import Votes

MOST, LEAST_OVERLAP = 3, 0.25
"""Most means that are named, and the least overlap with the trades that have them."""


class MeansFinder:
    """Finds the means of actors for a query."""

    def __init__(
        self, compared: ComparedQuery, lang: str, context: SearchContext, *, offered: bool
    ) -> None:
        """`lang` is the reader's; without, means are told in that of the passage."""
        self._compared = compared
        self._lang = lang
        self._context = context
        self._kind = Votes.TAKES if offered else Votes.COULD

    def of(self, passage: Passage) -> MeansMatch | None:
        """The means of the trade of a passage; None if nothing speaks for them."""
        lang = self._lang or passage.lang
        able = self._compared.able
        embedded = self._context.index.embedded([passage.id])
        if able is None or not len(embedded.ids):
            return None
        read = self._context.calibration.overlaps.read(embedded, [passage.lang])
        shares = able[read.filed[0]] * read.filing[0]
        if float(shares.sum()) < LEAST_OVERLAP:
            return None
        trade = trades()[int(read.filed[0][int(np.argmax(shares))])]
        phrase = self._phrase(trade.code, lang)
        if not phrase:
            return None
        said = query_stems(passage.text)
        means = sorted(means_of(trade.code, lang), key=lambda text: -len(query_stems(text) & said))
        return MeansMatch(trade, phrase, tuple(means[:MOST]))

    def _phrase(self, code: str, lang: str) -> str:
        """The phrase of a class that is nearest to the query, rather in a language."""
        index = self._context.calibration.background.index
        if index is None:
            return ""
        near = index.nearest(self._compared.embedding, self._kind)
        known = _phrases(self._kind)
        of_class = [known[row] for row in near if row < len(known) and known[row][0] == code]
        in_lang = [text for _, of_lang, text in of_class if of_lang == lang]
        return (in_lang or [text for *_, text in of_class] or [""])[0]


@cache
def _phrases(kind: Votes) -> Sequence[tuple[str, str, str]]:
    """The code, the language and the text of each phrase of a kind, as the index has them."""
    of_kind = LexiconKind.COULD if kind is Votes.COULD else LexiconKind.TAKES
    return [(of.code, of.lang, of.text) for of in lexicon() if of.kind is of_kind]
