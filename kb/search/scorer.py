"""Scoring: how close the passages of a base are to something asked, in words and in meaning."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.indexing.faiss_index import Index
from kb.search import fusion
from kb.search.background import Aim, Background, Overlaps
from kb.search.candidates import ScoredPassage
from kb.search.fusion import Fusion
from kb.store.passages import Passage
from kb.store.store import Store

PHRASES_REMEMBERED = 1000

LEXICAL_CANDIDATES = 400
DENSE_CANDIDATES = 400
ALL_PASSAGES = -1
"""As many as there are, to SQLite."""

NO_SCORES: Mapping[int, float] = MappingProxyType({})


class Phrases:
    """What phrases aim at that come again from search to search, like what bottlers are asked.

    The latest are remembered. Threads share it.
    """

    def __init__(self, encoder: Encoder, background: Background) -> None:
        self._encoder = encoder
        self._background = background
        self._known: OrderedDict[str, Aim] = OrderedDict()
        self._lock = threading.Lock()

    def aims(self, phrases: Sequence[str]) -> list[Aim]:
        """What each phrase aims at as a query."""
        with self._lock:
            missing = [one for one in dict.fromkeys(phrases) if one not in self._known]
            found = {one: self._known[one] for one in phrases if one in self._known}
        if missing:
            rows = self._encoder.encode(missing, TextKind.QUERY)
            made = [self._background.aim(row) for row in rows]
            found.update(zip(missing, made, strict=True))
        with self._lock:
            self._known.update(found)
            while len(self._known) > PHRASES_REMEMBERED:
                self._known.popitem(last=False)
        return [found[one] for one in phrases]


@dataclass(frozen=True, slots=True)
class Measures:
    """What is made of an encoder once, for all searches."""

    background: Background
    overlaps: Overlaps
    phrases: Phrases

    @classmethod
    def of(cls, encoder: Encoder, cache: Path | None = None) -> "Measures":
        """What is made of this encoder; its background is kept in the folder `cache`."""
        background = Background.of(encoder, cache)
        return cls(background, Overlaps(background), Phrases(encoder, background))


@dataclass(frozen=True, slots=True)
class Room:
    """What a search looks at: one state of the base, what encodes, and what measures."""

    store: Store
    index: Index
    encoder: Encoder
    measures: Measures


@dataclass(frozen=True, slots=True)
class Means:
    """By which means passages are scored; a search uses all of them."""

    dense: bool = True
    lexical: bool = True
    drawn: bool = True
    overlap: bool = True
    fusion: Fusion = Fusion.STANDARDISED


class Scorer:
    """Scores the passages of a room, and remembers those it has read.

    The whole base is looked at whatever the `scope`: a filter does not keep a case from vouching,
    and what it would leave is counted. The passages of the scope are looked at besides, so that
    they are found however deep they lie.
    """

    def __init__(
        self, room: Room, scope: Collection[int] | None, *, complete: bool = False
    ) -> None:
        """With `complete`, every passage is looked at."""
        self.room = room
        self.scope = scope
        self._depth = len(room.index) if complete else DENSE_CANDIDATES
        self._words_depth = ALL_PASSAGES if complete else LEXICAL_CANDIDATES
        self._read: dict[int, Passage] = {}

    def aim(self, embedding: Embeddings, means: Means = Means()) -> Aim:
        """What a query with this `(dimension,)` embedding aims at."""
        return self.room.measures.background.aim(embedding, drawn=means.drawn)

    def passages(self, ids: Collection[int]) -> dict[int, Passage]:
        """The passages with these ids; ids that are gone are left out."""
        self._read.update(self.room.store.passages([id_ for id_ in ids if id_ not in self._read]))
        return {id_: self._read[id_] for id_ in ids if id_ in self._read}

    def scored(
        self,
        aim: Aim,
        stems: Collection[str],
        means: Means = Means(),
        besides: Collection[int] = (),
    ) -> list[ScoredPassage]:
        """The passages that could matter to what is aimed at and to stems.

        Those of `besides` are scored, too, if they are among the nearest of these.
        """
        scopes = [None] if self.scope is None else [None, self.scope]
        lexical: dict[int, float] = {}
        if means.lexical:
            for scope in scopes:
                lexical.update(self.room.store.match_words(stems, self._words_depth, among=scope))
        ids = set(lexical)
        if means.dense:
            for scope in (*scopes, *([besides] if besides else [])):
                found = self.room.index.search(aim.mean_row, self._depth, among=scope)
                ids.update(id_ for id_, _ in found)
        return self.fused(aim, ids, lexical, means)

    def nearest(self, embeddings: Embeddings, k: int) -> list[dict[int, float]]:
        """The cosines of each of `(n, dimension)` embeddings to the passages nearest to it.

        With a scope, only those of it are looked at.
        """
        if self.scope is None:
            return self.room.index.nearest(embeddings, k)
        known = self.room.index.embeddings(self.scope)
        if not known:
            return [{} for _ in embeddings]
        ids = np.array(list(known))
        cosines = embeddings @ np.stack(list(known.values())).T
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
        return [
            dict(zip(ids[first].tolist(), row[first].tolist(), strict=True))
            for row, first in zip(cosines, order, strict=True)
        ]

    def fused(
        self,
        aim: Aim,
        ids: Collection[int],
        lexical: Mapping[int, float] = NO_SCORES,
        means: Means = Means(),
    ) -> list[ScoredPassage]:
        """These passages, scored by what is aimed at and by their BM25."""
        passages = self.passages(ids)
        dense, overlaps = self._dense(aim, passages, means) if means.dense else ({}, {})
        if means.fusion is Fusion.RECIPROCAL_RANK:
            scores = fusion.reciprocal_rank(_ranking(dense), _ranking(lexical))
        else:
            scores = {
                id_: fusion.fuse(dense.get(id_, 0.0), lexical.get(id_, 0.0), overlaps.get(id_))
                for id_ in passages
            }
        return [
            # To the encoder, a passage that it has not read is a chance one.
            ScoredPassage(
                passage,
                dense.get(id_, 0.0),
                lexical.get(id_, 0.0),
                overlaps.get(id_, fusion.UNKNOWN_OVERLAP),
                scores.get(id_, 0.0),
            )
            for id_, passage in passages.items()
        ]

    def _dense(
        self, aim: Aim, passages: Mapping[int, Passage], means: Means
    ) -> tuple[dict[int, float], dict[int, float]]:
        """The standardised cosines of passages, and their overlaps in trades."""
        known = self.room.index.embeddings(passages)
        by_lang: dict[str, dict[int, Embeddings]] = {}
        for id_, embedding in known.items():
            by_lang.setdefault(passages[id_].lang, {})[id_] = embedding
        dense: dict[int, float] = {}
        overlaps: dict[int, float] = {}
        for lang, embeddings in by_lang.items():
            row = aim.rows.get(lang, aim.mean_row)
            cosines = np.stack(list(embeddings.values())) @ row
            for id_, cosine in zip(embeddings, cosines.tolist(), strict=True):
                dense[id_] = aim.chance.standardised(cosine, lang)
            if means.overlap:
                overlaps.update(self.room.measures.overlaps.of(aim, embeddings, lang))
        return dense, overlaps


def _ranking(scores: Mapping[int, float]) -> Sequence[int]:
    return sorted(scores, key=lambda id_: (-scores[id_], id_))
