"""Scoring: which passages could matter to a query, and how close they are in words and meaning."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import ascending, id_array, places_in
from kb.models import Kind
from kb.search.context import RankingOptions, SearchContext
from kb.search.trades.background import ComparedQuery
from kb.search.weights import PassageWeights
from kb.store.passages import Passage


class ScoredPassage(NamedTuple):
    """A passage and its score: `dense` is z, `lexical` BM25, `filing` and `able` overlaps."""

    passage: Passage
    dense: float
    lexical: float
    filing: float | None
    able: float | None
    score: float


def fuse(
    dense: ArrayLike,
    lexical: ArrayLike,
    filing: ArrayLike,
    able: ArrayLike,
    weights: PassageWeights,
) -> NDArray[Any]:
    """The scores a·z + b·BM25 + c·(filing - u) + d·able of passages, `(n,)`; NaN is unknown."""
    score = weights.dense * np.asarray(dense) + weights.lexical * np.asarray(lexical)
    score += weights.filing * (
        np.nan_to_num(filing, nan=weights.unknown_filing) - weights.unknown_filing
    )
    return np.asarray(score + weights.able * np.nan_to_num(able))


class WordValues:
    def __init__(self, stems: Collection[str], context: SearchContext) -> None:
        self._matches = context.store.word_matches(stems)

    def best(self, k: int | None, among: Collection[int] | None = None) -> dict[int, float]:
        """The BM25, by id, of the `k` best passages, or of all; with `among`, only of those."""
        ids, bm25 = self._matches
        if among is not None:
            places = places_in(ids, ascending(id_array(among)))
            here = places[places >= 0]
            ids, bm25 = ids[here], bm25[here]
        if k is not None and k < len(bm25):
            kept = np.argsort(-bm25, kind="stable")[:k]
            ids, bm25 = ids[kept], bm25[kept]
        return dict(zip(ids.tolist(), bm25.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Scope:
    """The passages that filters leave, None for all; with `complete`, every passage is scored."""

    passages: Collection[int] | None = None
    complete: bool = False


def retrieve(
    compared: ComparedQuery,
    words: WordValues,
    context: SearchContext,
    options: RankingOptions,
    scope: Scope,
    besides: Collection[int] = (),
) -> dict[int, float]:
    """The BM25, by id, of the best passages of all, in scope and `besides`; 0 if only near."""
    weights, index = context.weights.passages, context.index
    depth = None if scope.complete else weights.lexical_candidates
    k = len(index) if scope.complete else weights.dense_candidates
    looked_at = (None, scope.passages, besides or None)
    among = [None, *(ids for ids in looked_at if ids is not None)]
    found: dict[int, float] = {}
    for ids in among:
        found.update(words.best(depth, ids))
    for ids in among if options.dense else ():
        if ids is not None and len(ids) <= k:
            near = index.embedded(ids).ids
        else:
            near = index.neighbours(compared.embedding, k, ids).ids
        for id_ in near.tolist():
            found.setdefault(id_, 0.0)
    return found


def nearest(
    embeddings: Embeddings, k: int, context: SearchContext, scope: Scope
) -> list[dict[int, float]]:
    """The cosines of each `(n, dimension)` row to its `k` nearest passages in the scope, by id."""
    if scope.passages is None:
        return context.index.nearest(embeddings, k)
    ids, known = context.index.embedded(scope.passages)
    cosines = embeddings @ known.T
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return [
        dict(zip(ids[first].tolist(), row[first].tolist(), strict=True))
        for row, first in zip(cosines, order, strict=True)
    ]


def score(
    compared: ComparedQuery,
    ids: Collection[int],
    context: SearchContext,
    options: RankingOptions = RankingOptions(),
    words: Mapping[int, float] | None = None,
) -> list[ScoredPassage]:
    """These passages, scored by their closeness to a query and by the BM25 of their words."""
    # In the order in which indexes have them, they are found sooner.
    passages = context.passages(sorted(ids))
    lexical = np.array([(words or {}).get(id_, 0.0) for id_ in passages])
    # Where the encoder has not read a passage, like a name, meaning counts 0, trades are unknown.
    dense, filing, able = np.zeros(len(passages)), *np.full((2, len(passages)), np.nan)
    if options.dense:
        known = context.index.embedded(id_array(passages.keys()))
        read = np.isin(id_array(passages.keys()), known.ids, assume_unique=True)
        langs = np.array([passage.lang for passage in passages.values()], np.str_)[read]
        cosines = (known.embeddings @ compared.embedding).astype(np.float64)
        z = np.empty(len(langs))
        for lang in dict.fromkeys(langs.tolist()):
            z[langs == lang] = compared.null.standardised(cosines[langs == lang], lang)
        dense[read] = z
        overlaps = context.calibration.overlaps
        filing[read], able[read] = overlaps.of(compared, known, langs.tolist(), context.store)
    scores = fuse(dense, lexical, filing, able, context.weights.passages)
    features = (dense.tolist(), lexical.tolist(), _known(filing), _known(able), scores.tolist())
    return [*map(ScoredPassage._make, zip(passages.values(), *features, strict=True))]


def _known(values: NDArray[Any]) -> Sequence[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def gather(passages: Iterable[ScoredPassage]) -> dict[Kind, dict[str, list[ScoredPassage]]]:
    """Passages, best first, by the kind and the id of their record."""
    found: dict[Kind, dict[str, list[ScoredPassage]]] = {Kind.ACTOR: {}, Kind.CASE: {}}
    by_id = sorted(passages, key=attrgetter("passage.id"))
    for scored in sorted(by_id, key=attrgetter("score"), reverse=True):
        passage = scored.passage
        found[passage.kind].setdefault(passage.record_id, []).append(scored)
    return found
