"""The context of a search: a state of the base, its encoder, and the calibration of scores."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.indexing.dense_index import DenseIndex
from kb.models import Actor, Case, Kind
from kb.search.need.probe import NeedProbe
from kb.search.trades.background import Background, ComparedQuery, KnownConversions
from kb.search.trades.overlaps import Overlaps
from kb.search.weights import DEFAULT_WEIGHTS, RankingWeights
from kb.store.passages import Passage
from kb.store.records import FiledActor
from kb.store.store import Store
from kb.text.analysis import query_stems
from kb.trade_index.trade_index import TradeIndex

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class RankingOptions:
    """The parts of a ranking, each of which can be left out, to measure its effect."""

    dense: bool = True
    lexical: bool = True
    filing: bool = True
    means: bool = True
    places: bool = True
    cases: bool = True
    similar: bool = True
    elsewhere: bool = True  # known conversions
    near_names: bool = True
    transfer_only: bool = False  # a case raises only who took no part in it
    unmatched: frozenset[str] = frozenset()  # ids of cases that raise nobody


class GenerationCache(Generic[Key, Value]):
    """Values of one state of the base by key, `most` of them; threads share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: tuple[str, dict[Key, Value]] = ("", {})

    def of(
        self, keys: Collection[Key], state: str, read: Callable[[list[Key]], Mapping[Key, Value]]
    ) -> dict[Key, Value]:
        """Returns cached values; reads missing ones, and leaves out those that are not there."""
        known_in, known = self._known
        if known_in != state:
            known = {}
            self._known = state, known
        found = {key: known[key] for key in keys if key in known}
        if missing := [key for key in dict.fromkeys(keys) if key not in found]:
            new = read(missing)
            if len(known) + len(new) > self._most:
                # Another thread may be reading the former ones.
                known = {}
                self._known = state, known
            if len(new) <= self._most:
                known.update(new)
            found |= new
        return {key: found[key] for key in keys if key in found}


class Calibration:
    """Values computed once from an encoder and weights, for all searches, and what these read."""

    def __init__(
        self,
        encoder: Encoder,
        weights: RankingWeights = DEFAULT_WEIGHTS,
        cache: Path | None = None,
        index: TradeIndex | None = None,
    ) -> None:
        """Keeps what takes a while in the folder `cache`; ignores an `index` of another encoder."""
        self.encoder, self.weights = encoder, weights
        self.background = Background.of(encoder, cache, index, weights.filing)
        self.probe = NeedProbe.of(encoder, cache)
        self.overlaps = Overlaps(self.background, encoder.fingerprint)
        self.conversions = KnownConversions(encoder, cache)
        self.passages = GenerationCache[int, Passage](100_000)
        self.filed = GenerationCache[str, FiledActor](100_000)
        self.actors = GenerationCache[str, Actor](2_000)
        self.cases = GenerationCache[str, Case](2_000)
        self.passages_of = GenerationCache[str, Collection[int]](100_000)
        self.parts_of_cases = GenerationCache[str, Collection[int]](10)
        self._phrases = GenerationCache[str, Embeddings](10_000)

    def embedded(self, phrases: Sequence[str]) -> Embeddings:
        """The `(phrases, dimension)` embeddings of phrases that searches repeat."""

        def encode(missing: list[str]) -> dict[str, Embeddings]:
            return dict(zip(missing, self.encoder.encode(missing, TextKind.QUERY), strict=True))

        found = self._phrases.of(phrases, "", encode)
        return np.stack([found[phrase] for phrase in phrases])

    def compared(self, phrases: Sequence[str]) -> list[ComparedQuery]:
        return [
            self.background.compared(row, query_stems(phrase))
            for phrase, row in zip(phrases, self.embedded(phrases), strict=True)
        ]


@dataclass(frozen=True)
class SearchContext:
    """The state of the base that a search reads, and the calibration of its scores."""

    store: Store
    index: DenseIndex
    calibration: Calibration

    @cached_property
    def generation(self) -> str:
        return self.store.generation

    @property
    def encoder(self) -> Encoder:
        return self.calibration.encoder

    @property
    def weights(self) -> RankingWeights:
        return self.calibration.weights

    def passages(self, ids: Collection[int]) -> dict[int, Passage]:
        if self.index.generation != self.generation:
            return self.store.passages(ids)  # a cache would know passages that are gone
        # An id is made of all there is of a passage: what is known of it never changes.
        return self.calibration.passages.of(ids, "", self.store.passages)

    def filed(self, ids: Collection[str]) -> dict[str, FiledActor]:
        generation = self.store.generation_of(Kind.ACTOR)
        return self.calibration.filed.of(ids, generation, self.store.filed)

    def actors(self, ids: Collection[str]) -> dict[str, Actor]:
        return self.calibration.actors.of(ids, self.generation, self.store.actors)

    def cases(self, ids: Collection[str]) -> dict[str, Case]:
        return self.calibration.cases.of(ids, self.generation, self.store.cases)

    def passages_of_actors(self, ids: Collection[str]) -> set[int]:
        found = self.calibration.passages_of.of(ids, self.generation, self.store.passages_of_actors)
        return set().union(*found.values())

    def passages_of_cases(self, parts: Collection[str]) -> set[int]:
        def read(missing: Collection[str]) -> dict[str, set[int]]:
            return {part: self.store.passage_ids_of_parts(Kind.CASE, [part]) for part in missing}

        found = self.calibration.parts_of_cases.of(parts, self.generation, read)
        return set().union(*found.values())
