"""Scoring: how close the passages of a base are to something asked, in words and in meaning."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from kb import fusion
from kb.background import Aim, Background
from kb.candidates import ScoredPassage
from kb.embedding import Embeddings, Encoder, TextKind
from kb.fusion import Fusion
from kb.index import Index
from kb.models import Kind
from kb.store import Store
from kb.store_passages import Passage

PHRASES_REMEMBERED = 1000

LEXICAL_CANDIDATES = 400
DENSE_CANDIDATES = 400
OVERLAPPING = 150
"""Of how many of the best passages of each kind the overlap in trades is looked at."""

ALL_PASSAGES = -1
"""As many as there are, to SQLite."""

NO_SCORES: Mapping[int, float] = MappingProxyType({})


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
        """With `complete`, every passage is looked at as closely as the best."""
        self.room = room
        self.scope = scope
        self._depth = len(room.index) if complete else DENSE_CANDIDATES
        self._words_depth = ALL_PASSAGES if complete else LEXICAL_CANDIDATES
        self._overlapping = len(room.index) if complete else OVERLAPPING
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

        With a scope, to all passages of it.
        """
        if self.scope is None:
            return self.room.index.nearest(embeddings, k)
        known = self.room.index.embeddings(self.scope)
        if not known:
            return [{} for _ in embeddings]
        cosines = embeddings @ np.stack(list(known.values())).T
        return [dict(zip(known, row.tolist(), strict=True)) for row in cosines]

    def fused(
        self,
        aim: Aim,
        ids: Collection[int],
        lexical: Mapping[int, float] = NO_SCORES,
        means: Means = Means(),
    ) -> list[ScoredPassage]:
        """These passages, scored by what is aimed at and by their BM25."""
        passages = self.passages(ids)
        dense, overlaps = self._dense(aim, passages, lexical) if means.dense else ({}, {})
        if not means.overlap:
            overlaps = {}
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
                overlaps.get(id_, 0.0),
                scores.get(id_, 0.0),
            )
            for id_, passage in passages.items()
        ]

    def _dense(
        self, aim: Aim, passages: Mapping[int, Passage], lexical: Mapping[int, float]
    ) -> tuple[dict[int, float], dict[int, float]]:
        """The standardised cosines of passages, and the overlaps of the best of them in trades.

        Below the best, overlaps are not worth their time.
        """
        known = self.room.index.embeddings(passages)
        by_lang: dict[str, list[int]] = {}
        for id_ in known:
            by_lang.setdefault(passages[id_].lang, []).append(id_)
        dense: dict[int, float] = {}
        for lang, ids in by_lang.items():
            row = aim.rows.get(lang, aim.mean_row)
            cosines = np.stack([known[id_] for id_ in ids]) @ row
            for id_, cosine in zip(ids, cosines.tolist(), strict=True):
                dense[id_] = aim.chance.standardised(cosine, lang)
        first = {id_: fusion.fuse(score, lexical.get(id_, 0.0)) for id_, score in dense.items()}
        best: set[int] = set()
        for kind in Kind:
            of_kind = [id_ for id_ in _ranking(first) if passages[id_].kind is kind]
            best.update(of_kind[: self._overlapping])
        overlaps = dict.fromkeys(dense, 0.0)
        for lang, ids in by_lang.items():
            chosen = [id_ for id_ in ids if id_ in best]
            if chosen:
                rows = np.stack([known[id_] for id_ in chosen])
                found = self.room.measures.background.overlaps(aim, rows, lang)
                overlaps.update(zip(chosen, found.tolist(), strict=True))
        return dense, overlaps


def _ranking(scores: Mapping[int, float]) -> Sequence[int]:
    return sorted(scores, key=lambda id_: (-scores[id_], id_))
