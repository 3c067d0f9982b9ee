"""The context of a search: a state of the base, its encoder, and the calibration of scores."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.indexing.dense_index import DenseIndex
from kb.models import Actor, Case, Kind
from kb.search.need.probe import NeedProbe
from kb.search.trades.background import Background, ComparedQuery
from kb.search.trades.known_conversions import KnownConversions
from kb.search.trades.overlaps import Overlaps
from kb.search.weights import DEFAULT_WEIGHTS, RankingWeights
from kb.store.names import VocabularyWord
from kb.store.passages import Passage
from kb.store.records import FiledActor
from kb.store.store import Store
from kb.text.analysis import query_stems
from kb.trade_index.trade_index import TradeIndex

PHRASES_REMEMBERED = 10_000
"""Count of phrases whose embeddings are remembered: 1.5 kB each."""

PASSAGES_REMEMBERED = 100_000
"""Count of passages that are remembered: about half a kilobyte each."""

ACTORS_REMEMBERED = 100_000
"""Count of actors whose filing is remembered: 0.3 kilobytes each."""

RECORDS_REMEMBERED = 2_000
"""Count of actors, and of cases, that are remembered as they are shown: a few kilobytes each."""

PARTS_REMEMBERED = 10
"""Count of parts of cases whose passages are remembered."""

NAME_WORDS_REMEMBERED = 100_000
"""Count of words of names that are remembered: 0.3 kilobytes each."""

ASKED_WORDS_REMEMBERED = 10_000
"""Count of words asked for whose likes among those of names are remembered: a kilobyte each."""

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class RankingOptions:
    """The parts of a ranking; each can be left out, to measure its effect.

    With `transfer_only`, a case does not raise the actors that took part in it, only others: this
    measures its effect on firms that no case names. Without `places`, a place in
    the words of a need leaves nobody out. The cases `unmatched`, by id, raise nobody.
    `elsewhere` are the known conversions (`kb.reference.trades`).
    """

    dense: bool = True
    lexical: bool = True
    filing: bool = True
    means: bool = True
    places: bool = True
    cases: bool = True
    similar: bool = True
    elsewhere: bool = True
    near_names: bool = True
    transfer_only: bool = False
    unmatched: frozenset[str] = frozenset()


class Phrases:
    """The embeddings of phrases that searches repeat: contributions, queries for parts of a need.

    The latest `PHRASES_REMEMBERED` are kept. Threads share them.
    """

    def __init__(self, encoder: Encoder, background: Background) -> None:
        self._encoder = encoder
        self._background = background
        self._known: OrderedDict[str, Embeddings] = OrderedDict()
        self._lock = threading.Lock()

    def embedded(self, phrases: Sequence[str]) -> Embeddings:
        """The `(phrases, dimension)` embeddings of needs."""
        with self._lock:
            missing = [phrase for phrase in dict.fromkeys(phrases) if phrase not in self._known]
            found = {phrase: self._known[phrase] for phrase in phrases if phrase in self._known}
        if missing:
            rows = self._encoder.encode(missing, TextKind.QUERY)
            found |= dict(zip(missing, rows, strict=True))
        with self._lock:
            self._known.update(found)
            while len(self._known) > PHRASES_REMEMBERED:
                self._known.popitem(last=False)
        return np.stack([found[phrase] for phrase in phrases])

    def compared(self, phrases: Sequence[str]) -> list[ComparedQuery]:
        """The phrases compared with all trades."""
        return [
            self._background.compared(row, query_stems(phrase))
            for phrase, row in zip(phrases, self.embedded(phrases), strict=True)
        ]


class KnownPassages:
    """The passages that searches have read: the same are near to many queries.

    An id is made of all there is of a passage (`kb.store.passages.passage_id`), so that what is
    known of it never changes. Threads share them.
    """

    def __init__(self, most: int = PASSAGES_REMEMBERED) -> None:
        self._most = most
        self._known: dict[int, Passage] = {}

    def of(self, ids: Collection[int], store: Store) -> dict[int, Passage]:
        """The passages with these ids, all of which the store has."""
        known = self._known
        missing = [id_ for id_ in ids if id_ not in known]
        read = store.passages(missing) if missing else {}
        found = {
            id_: passage for id_ in ids if (passage := known.get(id_) or read.get(id_)) is not None
        }
        if len(known) + len(read) > self._most:
            # Another thread may be reading the former ones.
            known = self._known = {}
        known.update(read)
        return found


class OfGeneration(Generic[Key, Value]):
    """What searches read of one state of the base: at most so many values, by key.

    Threads share them, though one may still read the state before.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: tuple[str, dict[Key, Value]] = ("", {})

    def of(
        self,
        keys: Collection[Key],
        state: str,
        read: Callable[[list[Key]], Mapping[Key, Value]],
    ) -> dict[Key, Value]:
        """The values of keys in a state of the base, of which what is not known is read.

        Keys for which nothing is read are left out.
        """
        known_in, known = self._known
        if known_in != state:
            known = {}
            self._known = state, known
        found = {key: known[key] for key in keys if key in known}
        if missing := [key for key in keys if key not in found]:
            new = read(missing)
            if len(known) + len(new) > self._most:
                # Another thread may be reading the former ones.
                known = {}
                self._known = state, known
            if len(new) <= self._most:
                known.update(new)
            found |= new
        return found


Likenesses = Sequence[tuple[VocabularyWord, float]]
"""Words of names, each with its likeness to a word that was asked for."""


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The words of names that searches have read, by id, and the most alike, by what was asked."""

    words: OfGeneration[int, VocabularyWord] = field(
        default_factory=lambda: OfGeneration(NAME_WORDS_REMEMBERED)
    )
    near: OfGeneration[str, Likenesses] = field(
        default_factory=lambda: OfGeneration(ASKED_WORDS_REMEMBERED)
    )


@dataclass(frozen=True, slots=True)
class Calibration:
    """Values computed once from an encoder and weights, for all searches."""

    weights: RankingWeights
    background: Background
    overlaps: Overlaps
    phrases: Phrases
    probe: NeedProbe
    conversions: KnownConversions
    passages: KnownPassages = field(default_factory=KnownPassages)
    filed: OfGeneration[str, FiledActor] = field(
        default_factory=lambda: OfGeneration(ACTORS_REMEMBERED)
    )
    names: KnownNames = field(default_factory=KnownNames)
    actors: OfGeneration[str, Actor] = field(
        default_factory=lambda: OfGeneration(RECORDS_REMEMBERED)
    )
    cases: OfGeneration[str, Case] = field(default_factory=lambda: OfGeneration(RECORDS_REMEMBERED))
    passages_of: OfGeneration[str, Collection[int]] = field(
        default_factory=lambda: OfGeneration(ACTORS_REMEMBERED)
    )
    parts_of_cases: OfGeneration[str, Collection[int]] = field(
        default_factory=lambda: OfGeneration(PARTS_REMEMBERED)
    )

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
        background = Background.of(encoder, cache, index, weights.filing)
        probe = NeedProbe.of(encoder, cache)
        overlaps = Overlaps(background, encoder.fingerprint)
        phrases = Phrases(encoder, background)
        conversions = KnownConversions.by(encoder, cache)
        return cls(weights, background, overlaps, phrases, probe, conversions)


@dataclass(frozen=True, slots=True)
class SearchContext:
    """The state of the base that a search reads, its encoder, and the calibration of scores.

    A context serves a single search or report, so what it keeps of records needs no bound.
    """

    store: Store
    index: DenseIndex
    encoder: Encoder
    calibration: Calibration
    _read: dict[int, Passage] = field(default_factory=dict, init=False, repr=False)
    _actors: dict[str, Actor] = field(default_factory=dict, init=False, repr=False)
    _generation: str = field(init=False, repr=False)
    _is_behind: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # An index that is behind the store knows passages that are gone.
        object.__setattr__(self, "_generation", self.store.generation)
        object.__setattr__(self, "_is_behind", self.index.generation != self._generation)

    @property
    def weights(self) -> RankingWeights:
        return self.calibration.weights

    def passages(self, ids: Collection[int]) -> dict[int, Passage]:
        """The passages with these ids, each read once; ids that are gone are left out."""
        if missing := [id_ for id_ in ids if id_ not in self._read]:
            read = self.store.passages if self._is_behind else self._remembered
            self._read.update(read(missing))
        return {id_: self._read[id_] for id_ in ids if id_ in self._read}

    def _remembered(self, ids: Collection[int]) -> dict[int, Passage]:
        return self.calibration.passages.of(ids, self.store)

    def filed(self, ids: Collection[str]) -> dict[str, FiledActor]:
        """What filters ask of the actors with these ids, by id; unknown ids are left out."""
        generation = self.store.generation_of(Kind.ACTOR)
        return self.calibration.filed.of(ids, generation, self.store.filed)

    def actors(self, ids: Collection[str]) -> dict[str, Actor]:
        """The actors with these ids, each read once; unknown ids are left out."""
        if missing := [id_ for id_ in ids if id_ not in self._actors]:
            known = self.calibration.actors
            self._actors.update(known.of(missing, self._generation, self.store.actors))
        return {id_: self._actors[id_] for id_ in ids if id_ in self._actors}

    def cases(self, ids: Collection[str]) -> dict[str, Case]:
        """The cases with these ids, by id; unknown ids are left out."""
        return self.calibration.cases.of(ids, self._generation, self.store.cases)

    def passages_of_actors(self, ids: Collection[str]) -> set[int]:
        """The passages of the actors with these ids, by id."""
        read = self.store.passages_of_actors
        return set().union(*self.calibration.passages_of.of(ids, self._generation, read).values())

    def passages_of_cases(self, parts: Collection[str]) -> set[int]:
        """The passages of these parts of all cases, by id."""

        def read(missing: Collection[str]) -> dict[str, set[int]]:
            return {part: self.store.passage_ids_of_parts(Kind.CASE, [part]) for part in missing}

        found = self.calibration.parts_of_cases.of(parts, self._generation, read)
        return set().union(*found.values())
