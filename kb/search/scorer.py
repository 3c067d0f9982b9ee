"""Scoring: which passages could matter to a query, and how close they are in words and meaning."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import PassageIds, ascending, id_array, places_in
from kb.models import Kind
from kb.search.context import RankingOptions, SearchContext
from kb.search.fusion import ScoredPassage, fuse
from kb.search.trades.background import ComparedQuery

_SCORED: Callable[[Iterable[Any]], ScoredPassage] = partial(tuple.__new__, ScoredPassage)
"""As `ScoredPassage._make`, in a third of the time: a search makes a thousand."""

NO_WORDS: Mapping[int, float] = MappingProxyType({})


class WordValues:
    """The BM25 of passages by the stems of a query."""

    def __init__(self, stems: Collection[str], context: SearchContext) -> None:
        self._matches = context.store.word_matches(stems)

    def best(self, k: int | None, among: Collection[int] | None = None) -> dict[int, float]:
        """The BM25, by id, of the `k` passages where it is highest; without `k`, of all.

        With `among`, only those passages are looked at.
        """
        ids, bm25 = self._matches
        if among is not None:
            here = _found_in(ids, among)
            ids, bm25 = ids[here], bm25[here]
        kept = _greatest(bm25, k)
        return dict(zip(ids[kept].tolist(), bm25[kept].tolist(), strict=True))


def _found_in(ids: PassageIds, looked_for: Collection[int]) -> NDArray[np.int64]:
    """The places, ascending, of the passages looked for that are among ascending ids."""
    places = places_in(ids, ascending(id_array(looked_for)))
    return places[places >= 0]


def _greatest(values: NDArray[np.float64], k: int | None) -> NDArray[np.int64]:
    """The places of the `k` greatest values, in any order; of equal ones, the first.

    All without a `k`.
    """
    if k is None or len(values) <= k:
        return np.arange(len(values))
    if k == 0:
        return np.empty(0, np.int64)
    least = np.partition(values, -k)[-k]
    greater = np.flatnonzero(values > least)
    return np.concatenate([greater, np.flatnonzero(values == least)[: k - len(greater)]])


@dataclass(frozen=True, slots=True)
class Scope:
    """The extent of a search.

    The whole base is looked at whatever the scope: a filter does not keep a case from being
    matched, and what it would leave is counted. The `passages` of the scope, by id, are looked at
    besides, so that they are found however deep they lie. With `complete`, every passage is.
    """

    passages: Collection[int] | None = None
    complete: bool = False

    @property
    def looked_at(self) -> Sequence[Collection[int] | None]:
        """The passages that are looked at in turn; None for all."""
        return [None] if self.passages is None else [None, self.passages]


def lexical_matches(
    words: WordValues, context: SearchContext, scope: Scope, besides: Collection[int] = ()
) -> dict[int, float]:
    """The BM25, by id, of the passages that say most of a query, of all and of those `besides`."""
    found: dict[int, float] = {}
    depth = None if scope.complete else context.weights.passages.lexical_candidates
    for among in (*scope.looked_at, *([besides] if besides else [])):
        found.update(words.best(depth, among))
    context.passages(found)  # they will be scored: what is read by now need not be then
    return found


def retrieve(
    compared: ComparedQuery,
    words: Mapping[int, float],
    context: SearchContext,
    options: RankingOptions,
    scope: Scope,
    besides: Collection[int] = (),
) -> dict[int, float]:
    """The value of their words, by id, of the passages that could matter to a query.

    It is 0 for those that are only near in meaning; the others are its `lexical_matches`. Those of
    `besides` are among them, too, if they are the nearest of these.
    """
    depth = len(context.index) if scope.complete else context.weights.passages.dense_candidates
    found = dict(words)
    if options.dense:
        for among in (*scope.looked_at, *([besides] if besides else [])):
            for id_ in _near(compared, depth, among, context):
                found.setdefault(id_, 0.0)
    return found


def _near(
    compared: ComparedQuery, k: int, among: Collection[int] | None, context: SearchContext
) -> Sequence[int]:
    """The ids of the `k` passages nearest to a query; with `among`, only those are looked at."""
    if among is not None and len(among) <= k:
        found = context.index.embedded(among).ids
    else:
        found = context.index.neighbours(compared.embedding, k, among).ids
    ids: list[int] = found.tolist()
    return ids


def nearest(
    embeddings: Embeddings, k: int, context: SearchContext, scope: Scope
) -> list[dict[int, float]]:
    """The cosines of each of `(n, dimension)` embeddings to the `k` passages nearest to it, by id.

    With passages in the scope, only those are looked at.
    """
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
    words: Mapping[int, float] = NO_WORDS,
) -> list[ScoredPassage]:
    """These passages, scored by their closeness to a query and by their words."""
    # In the order in which indexes have them, they are found sooner.
    passages = context.passages(sorted(ids))
    lexical = np.array([words.get(id_, 0.0) for id_ in passages])
    langs = np.array([passage.lang for passage in passages.values()], np.str_)
    close = _closeness(compared, id_array(passages.keys()), langs, context, options)
    weights = context.weights.passages
    scores = fuse(close.dense, lexical, close.filing, close.able, weights)
    known = (
        [None if math.isnan(value) else value for value in overlap.tolist()]
        for overlap in (close.filing, close.able)
    )
    features = (close.dense.tolist(), lexical.tolist(), *known)
    return [*map(_SCORED, zip(passages.values(), *features, scores.tolist(), strict=True))]


def gather(passages: Iterable[ScoredPassage]) -> dict[Kind, dict[str, list[ScoredPassage]]]:
    """Passages, best first, by the kind and the id of their record."""
    by_id = sorted(passages, key=attrgetter("passage.id"))
    actors: dict[str, list[ScoredPassage]] = {}
    cases: dict[str, list[ScoredPassage]] = {}
    for scored in sorted(by_id, key=attrgetter("score"), reverse=True):
        passage = scored.passage
        of_kind = actors if passage.kind is Kind.ACTOR else cases
        of_kind.setdefault(passage.record_id, []).append(scored)
    return {Kind.ACTOR: actors, Kind.CASE: cases}


class _Closeness(NamedTuple):
    """How close passages are to a query in meaning: `(n,)` of each.

    Where the encoder has not read a passage, like a name, `dense` is 0, the others are NaN.
    """

    dense: NDArray[np.float64]
    filing: NDArray[np.float64]
    able: NDArray[np.float64]


def _closeness(
    compared: ComparedQuery,
    ids: PassageIds,
    langs: NDArray[np.str_],
    context: SearchContext,
    options: RankingOptions,
) -> _Closeness:
    count = len(ids)
    close = _Closeness(np.zeros(count), np.full(count, np.nan), np.full(count, np.nan))
    if not options.dense:
        return close
    passages = context.index.embedded(ids)
    read = np.isin(ids, passages.ids, assume_unique=True)
    langs = langs[read]
    cosines = (passages.embeddings @ compared.embedding).astype(np.float64)
    dense = np.empty(len(langs))
    for lang in dict.fromkeys(langs.tolist()):
        of_lang = langs == lang
        dense[of_lang] = compared.null.standardised(cosines[of_lang], lang)
    close.dense[read] = dense
    overlap = context.calibration.overlaps.of(compared, passages, langs.tolist(), context.store)
    close.filing[read], close.able[read] = overlap
    return close
