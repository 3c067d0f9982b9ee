"""The context of a search: a state of the base, its encoder, and the calibration of scores."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kb.encoder.encoder import Encoder, TextKind
from kb.indexing.dense_index import DenseIndex
from kb.search.fusion import Fusion
from kb.search.need.probe import NeedProbe
from kb.search.trades.background import Background, ExpandedQuery
from kb.search.trades.overlaps import Overlaps
from kb.search.weights import DEFAULT_WEIGHTS, RankingWeights
from kb.store.passages import Passage
from kb.store.store import Store
from kb.text.analysis import query_stems
from kb.trade_index.trade_index import TradeIndex

PHRASES_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class RankingOptions:
    """The parts of a ranking; each can be left out, to measure its effect.

    With `transfer_only`, a case does not raise the actors that took part in it, only others: this
    measures its effect on firms that no case names. The cases `unmatched`, by id, raise nobody.
    """

    dense: bool = True
    lexical: bool = True
    expanded: bool = True
    overlap: bool = True
    filing: bool = True
    fusion: Fusion = Fusion.STANDARDISED
    cases: bool = True
    similar: bool = True
    near_names: bool = True
    transfer_only: bool = False
    unmatched: frozenset[str] = frozenset()


class Phrases:
    """The expanded queries of phrases that searches repeat, like the queries for a part of a need.

    The latest `PHRASES_REMEMBERED` are kept. Threads share them.
    """

    def __init__(self, encoder: Encoder, background: Background) -> None:
        self._encoder = encoder
        self._background = background
        self._known: OrderedDict[str, ExpandedQuery] = OrderedDict()
        self._lock = threading.Lock()

    def expanded(self, phrases: Sequence[str]) -> list[ExpandedQuery]:
        with self._lock:
            missing = [phrase for phrase in dict.fromkeys(phrases) if phrase not in self._known]
            found = {phrase: self._known[phrase] for phrase in phrases if phrase in self._known}
        if missing:
            rows = self._encoder.encode(missing, TextKind.QUERY)
            found |= {
                phrase: self._background.expand(row, query_stems(phrase))
                for phrase, row in zip(missing, rows, strict=True)
            }
        with self._lock:
            self._known.update(found)
            while len(self._known) > PHRASES_REMEMBERED:
                self._known.popitem(last=False)
        return [found[phrase] for phrase in phrases]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Values computed once from an encoder and weights, for all searches."""

    weights: RankingWeights
    background: Background
    overlaps: Overlaps
    phrases: Phrases
    probe: NeedProbe

    @classmethod
    def of(
        cls,
        encoder: Encoder,
        weights: RankingWeights = DEFAULT_WEIGHTS,
        cache: Path | None = None,
        index: TradeIndex | None = None,
    ) -> "Calibration":
        """The calibration of an encoder; what takes a while is kept in the folder `cache`.

        A trade `index` of another encoder is not used.
        """
        background = Background.of(encoder, weights.expansion, cache, index, weights.filing)
        probe = NeedProbe.of(encoder, weights.need, cache)
        return cls(weights, background, Overlaps(background), Phrases(encoder, background), probe)


@dataclass(frozen=True, slots=True)
class SearchContext:
    """The state of the base that a search reads, its encoder, and the calibration of scores.

    A context serves a single search or report, so the passages that it keeps need no bound.
    """

    store: Store
    index: DenseIndex
    encoder: Encoder
    calibration: Calibration
    _read: dict[int, Passage] = field(default_factory=dict, init=False, repr=False)

    @property
    def weights(self) -> RankingWeights:
        return self.calibration.weights

    def passages(self, ids: Collection[int]) -> dict[int, Passage]:
        """The passages with these ids, each read once; ids that are gone are left out."""
        self._read.update(self.store.passages([id_ for id_ in ids if id_ not in self._read]))
        return {id_: self._read[id_] for id_ in ids if id_ in self._read}
