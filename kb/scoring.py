"""Scoring: how close the passages of a base are to something asked, in words and in meaning."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kb import fusion
from kb.background import Background, Chance
from kb.candidates import ScoredPassage
from kb.embedding import Embeddings, Encoder, TextKind
from kb.fusion import Fusion
from kb.index import Index
from kb.store import Store
from kb.store_passages import Passage

PHRASES_REMEMBERED = 1000

LEXICAL_CANDIDATES = 400
DENSE_CANDIDATES = 400


class Phrases:
    """Embeds phrases that come again from search to search, like what a container maker is asked.

    The latest are remembered. Threads share it.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: OrderedDict[str, Embeddings] = OrderedDict()
        self._lock = threading.Lock()

    def embedded(self, phrases: Sequence[str]) -> Embeddings:
        """The `(n, dimension)` embeddings of phrases, as queries."""
        with self._lock:
            missing = [one for one in dict.fromkeys(phrases) if one not in self._known]
            found = {one: self._known[one] for one in phrases if one in self._known}
        if missing:
            rows = self._encoder.encode(missing, TextKind.QUERY)
            found.update(zip(missing, rows, strict=True))
        with self._lock:
            self._known.update(found)
            while len(self._known) > PHRASES_REMEMBERED:
                self._known.popitem(last=False)
        return np.array([found[one] for one in phrases], np.float32).reshape(len(phrases), -1)


@dataclass(frozen=True, slots=True)
class Measures:
    """What is made of an encoder once, for all searches."""

    background: Background
    phrases: Phrases


@dataclass(frozen=True, slots=True)
class Room:
    """What a search looks at: one state of the base, what encodes, and what measures."""

    store: Store
    index: Index
    encoder: Encoder
    measures: Measures


@dataclass(frozen=True, slots=True)
class Means:
    """By which means passages are scored; a search uses both."""

    dense: bool = True
    lexical: bool = True
    fusion: Fusion = Fusion.STANDARDISED


class Scorer:
    """Scores the passages of a room, and remembers those it has read.

    The whole base is looked at whatever the `scope`: a filter does not keep a case from vouching,
    and what it would leave is counted. The passages of the scope are looked at besides, so that
    they are found however deep they lie.
    """

    def __init__(self, room: Room, scope: Collection[int] | None, depth: int) -> None:
        self.room = room
        self.scope = scope
        self._depth = depth
        self._read: dict[int, Passage] = {}

    def chance(self, embedding: Embeddings) -> Chance:
        """What the cosines to a `(dimension,)` embedding are by chance."""
        return self.room.measures.background.chance(embedding)

    def passages(self, ids: Collection[int]) -> dict[int, Passage]:
        """The passages with these ids; ids that are gone are left out."""
        self._read.update(self.room.store.passages([id_ for id_ in ids if id_ not in self._read]))
        return {id_: self._read[id_] for id_ in ids if id_ in self._read}

    def scored(
        self,
        embedding: Embeddings,
        stems: Collection[str],
        means: Means = Means(),
        besides: Collection[int] = (),
    ) -> list[ScoredPassage]:
        """The passages that could matter to a `(dimension,)` embedding and to stems.

        Those of `besides` are scored, too, if they are among the nearest of these.
        """
        index, store = self.room.index, self.room.store
        scopes = [None] if self.scope is None else [None, self.scope]
        lexical: dict[int, float] = {}
        if means.lexical:
            for scope in scopes:
                lexical.update(store.match_words(stems, LEXICAL_CANDIDATES, among=scope))
        cosines: dict[int, float] = {}
        if means.dense:
            for scope in (*scopes, *([besides] if besides else [])):
                cosines.update(index.search(embedding, self._depth, among=scope))
            unseen = [id_ for id_ in lexical if id_ not in cosines]
            cosines.update(index.cosines(embedding, unseen))
        return self._fused(cosines, lexical, self.chance(embedding), means.fusion)

    def nearest(self, embeddings: Embeddings, k: int) -> list[dict[int, float]]:
        """The cosines of each of `(n, dimension)` embeddings to the passages nearest to it.

        With a scope, to all passages of it.
        """
        if self.scope is None:
            return self.room.index.nearest(embeddings, k)
        known = self.room.index.embeddings(self.scope)
        if not known:
            return [{} for _ in embeddings]
        cosines = embeddings @ np.stack(list(known.values())).T
        return [dict(zip(known, row.tolist(), strict=True)) for row in cosines]

    def of_cosines(
        self, embedding: Embeddings, cosines: Mapping[int, float]
    ) -> list[ScoredPassage]:
        """Passages scored by their cosines to an embedding alone."""
        return self._fused(cosines, {}, self.chance(embedding), Fusion.STANDARDISED)

    def _fused(
        self,
        cosines: Mapping[int, float],
        lexical: Mapping[int, float],
        chance: Chance,
        by: Fusion,
    ) -> list[ScoredPassage]:
        found = self.passages(cosines.keys() | lexical.keys())
        # To the encoder, a passage that it has not read is a chance one.
        dense = {
            id_: chance.standardised(cosines[id_], passage.lang) if id_ in cosines else 0.0
            for id_, passage in found.items()
        }
        if by is Fusion.RECIPROCAL_RANK:
            scores = fusion.reciprocal_rank(_ranking(dense, cosines), _ranking(lexical, lexical))
        else:
            scores = {id_: fusion.fuse(dense[id_], lexical.get(id_, 0.0)) for id_ in found}
        return [
            ScoredPassage(passage, dense[id_], lexical.get(id_, 0.0), scores[id_])
            for id_, passage in found.items()
        ]


def _ranking(scores: Mapping[int, float], ids: Collection[int]) -> Sequence[int]:
    return sorted((id_ for id_ in ids if id_ in scores), key=lambda id_: (-scores[id_], id_))
