"""Scoring: which passages could matter to a query, and how close they are in words and meaning."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from kb.encoder.encoder import Embeddings
from kb.models import Kind
from kb.search import fusion
from kb.search.context import RankingOptions, SearchContext
from kb.search.fusion import NO_WORDS, Fusion, ScoredPassage, WordValue
from kb.search.literal.rare_words import rare_word_points, rare_words, shares_of_rare_words
from kb.search.query import Query
from kb.search.trades.background import ExpandedQuery
from kb.search.trades.overlaps import Overlap
from kb.store.passages import Passage
from kb.text.analysis import query_stems

ALL_PASSAGES = -1
"""As many as there are, to SQLite."""

NO_VALUES: Mapping[int, WordValue] = MappingProxyType({})


class WordValues:
    """The values of passages by the words of a query: BM25, and what rare words add to it."""

    def __init__(self, asked: Query, context: SearchContext) -> None:
        self._weights = context.weights.rare_words
        self._store = context.store
        self._stems = asked.stems | query_stems(" ".join(asked.wanted))
        self._rare = shares_of_rare_words(rare_words(asked, context.store, self._weights))

    def best(self, k: int, among: Collection[int] | None = None) -> dict[int, WordValue]:
        """The values, by id, of the `k` passages with the highest BM25 and of all with a rare word.

        With `among`, only those passages are looked at.
        """
        bm25 = dict(self._store.match_words(self._stems, k, among=among))
        rare = self._rare.keys() if among is None else self._rare.keys() & set(among)
        if missed := rare - bm25.keys():
            bm25.update(self._store.match_words(self._stems, len(missed), among=missed))
        return {id_: self._value(id_, bm25.get(id_, 0.0)) for id_ in bm25.keys() | rare}

    def _value(self, id_: int, bm25: float) -> WordValue:
        if id_ not in self._rare:
            return WordValue(bm25)
        rare, share = self._rare[id_]
        return WordValue(bm25, rare_word_points(rare, self._weights), share)


@dataclass(frozen=True, slots=True)
class Scope:
    """The extent of a search.

    The whole base is looked at whatever the scope: a filter does not keep a case from being
    matched, and what it would leave is counted. The `passages` of the scope, by id, are looked at
    besides, so that they are found however deep they lie. With `complete`, every passage is.
    """

    passages: Collection[int] | None = None
    complete: bool = False


def retrieve(
    expanded: ExpandedQuery,
    asked: Query,
    context: SearchContext,
    options: RankingOptions,
    scope: Scope,
    besides: Collection[int] = (),
) -> dict[int, WordValue]:
    """The value of their words, by id, of the passages that could matter to a query.

    It is 0 for those that are only near in meaning. Those of `besides` are among them, too, if they
    are the nearest of these.
    """
    weights = context.weights.passages
    word_depth = ALL_PASSAGES if scope.complete else weights.lexical_candidates
    depth = len(context.index) if scope.complete else weights.dense_candidates
    scopes = [None] if scope.passages is None else [None, scope.passages]
    found: dict[int, WordValue] = {}
    if options.lexical:
        words = WordValues(asked, context)
        for among in scopes:
            found.update(words.best(word_depth, among))
    if options.dense:
        for among in (*scopes, *([besides] if besides else [])):
            nearest = context.index.search(expanded.mean_row, depth, among=among)
            found |= {id_: NO_WORDS for id_, _ in nearest if id_ not in found}
    return found


def nearest(
    embeddings: Embeddings, k: int, context: SearchContext, scope: Scope
) -> list[dict[int, float]]:
    """The cosines of each of `(n, dimension)` embeddings to the `k` passages nearest to it, by id.

    With passages in the scope, only those are looked at.
    """
    if scope.passages is None:
        return context.index.nearest(embeddings, k)
    known = context.index.embeddings(scope.passages)
    if not known:
        return [{} for _ in embeddings]
    ids = np.array(list(known))
    cosines = embeddings @ np.stack(list(known.values())).T
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return [
        dict(zip(ids[first].tolist(), row[first].tolist(), strict=True))
        for row, first in zip(cosines, order, strict=True)
    ]


def score(
    expanded: ExpandedQuery,
    ids: Collection[int],
    context: SearchContext,
    options: RankingOptions = RankingOptions(),
    words: Mapping[int, WordValue] = NO_VALUES,
) -> list[ScoredPassage]:
    """These passages, scored by their closeness to a query and by their words."""
    weights = context.weights.passages
    passages = context.passages(ids)
    # A passage that the encoder has not read, like a name, counts as a fair one.
    unknown = Overlap(weights.unknown_overlap, None)
    dense, overlaps = _dense(expanded, passages, context, options) if options.dense else ({}, {})
    if options.fusion is Fusion.RECIPROCAL_RANK:
        matching = {id_: of.value for id_, of in words.items() if of.value}
        scores = fusion.reciprocal_rank(
            weights.reciprocal_rank, _ranking(dense), _ranking(matching)
        )
    else:
        scores = {
            id_: fusion.fuse(
                dense.get(id_, 0.0),
                words.get(id_, NO_WORDS).value,
                *overlaps.get(id_, unknown),
                weights,
            )
            for id_ in passages
        }
    return [
        ScoredPassage(
            passage,
            dense.get(id_, 0.0),
            words.get(id_, NO_WORDS),
            *overlaps.get(id_, unknown),
            scores.get(id_, 0.0),
        )
        for id_, passage in passages.items()
    ]


def gather(passages: Iterable[ScoredPassage]) -> dict[Kind, dict[str, list[ScoredPassage]]]:
    """Passages, best first, by the kind and the id of their record."""
    found: dict[Kind, dict[str, list[ScoredPassage]]] = {Kind.ACTOR: {}, Kind.CASE: {}}
    for scored in sorted(passages, key=lambda scored: (-scored.score, scored.passage.id)):
        of_kind = found[scored.passage.kind]
        of_kind.setdefault(scored.passage.record_id, []).append(scored)
    return found


def _dense(
    expanded: ExpandedQuery,
    passages: Mapping[int, Passage],
    context: SearchContext,
    options: RankingOptions,
) -> tuple[dict[int, float], dict[int, Overlap]]:
    by_lang: dict[str, dict[int, Embeddings]] = {}
    for id_, embedding in context.index.embeddings(passages).items():
        by_lang.setdefault(passages[id_].lang, {})[id_] = embedding
    dense: dict[int, float] = {}
    overlaps: dict[int, Overlap] = {}
    for lang, embeddings in by_lang.items():
        row = expanded.rows.get(lang, expanded.mean_row)
        cosines = np.stack(list(embeddings.values())) @ row
        for id_, cosine in zip(embeddings, cosines.tolist(), strict=True):
            dense[id_] = expanded.null.standardised(cosine, lang)
        if options.overlap:
            overlaps.update(context.calibration.overlaps.of(expanded, embeddings, lang))
    return dense, overlaps


def _ranking(scores: Mapping[int, float]) -> Sequence[int]:
    return sorted(scores, key=lambda id_: (-scores[id_], id_))
