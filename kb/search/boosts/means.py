"""Means: why an actor could do what is asked, by what firms of its trade have and could make."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from kb.reference.trades import LexiconKind, TradePhrase, lexicon, lexicon_digest, means_of, trades
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
        self._able = compared.able
        self._lang = lang
        self._context = context
        self._near = _nearest(compared, Votes.TAKES if offered else Votes.COULD, context)

    def of(self, passage: Passage) -> MeansMatch | None:
        """The means of the trade of a passage; None if nothing speaks for them."""
        lang = self._lang or passage.lang
        able = self._able
        embedded = self._context.index.embedded([passage.id])
        if able is None or not len(embedded.ids):
            return None
        read = self._context.calibration.overlaps.read(
            embedded, [passage.lang], self._context.store
        )
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
        of_class = [phrase for phrase in self._near if phrase.code == code]
        in_lang = [phrase for phrase in of_class if phrase.lang == lang]
        return (in_lang or of_class)[0].text if of_class else ""


def _nearest(compared: ComparedQuery, kind: Votes, context: SearchContext) -> Sequence[TradePhrase]:
    """The phrases of a kind nearest to a query; none if the index has another lexicon."""
    index = context.calibration.background.index
    if index is None or compared.able is None or index.lexicon != lexicon_digest():
        return ()
    known = _phrases(kind)
    return [known[row] for row in index.nearest(compared.embedding, kind)]


@cache
def _phrases(kind: Votes) -> Sequence[TradePhrase]:
    """The phrases of a kind, in the order in which an index has them."""
    of_kind = LexiconKind.COULD if kind is Votes.COULD else LexiconKind.TAKES
    return [phrase for phrase in lexicon() if phrase.kind is of_kind]
