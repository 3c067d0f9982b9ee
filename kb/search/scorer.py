"""Scoring: which passages could matter to a query, and how close they are in words and meaning."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from kb.encoder.encoder import Embeddings
from kb.models import Kind
from kb.search import fusion
from kb.search.background import ExpandedQuery
from kb.search.context import RankingOptions, SearchContext
from kb.search.fusion import Fusion, ScoredPassage
from kb.store.passages import Passage

ALL_PASSAGES = -1
"""As many as there are, to SQLite."""

NO_SCORES: Mapping[int, float] = MappingProxyType({})


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
    stems: Collection[str],
    context: SearchContext,
    options: RankingOptions,
    scope: Scope,
    besides: Collection[int] = (),
) -> dict[int, float]:
    """The BM25, by id, of the passages that could matter to a query; 0 for those near in meaning.

    Those of `besides` are among them, too, if they are the nearest of these.
    """
    weights = context.weights.passages
    word_depth = ALL_PASSAGES if scope.complete else weights.lexical_candidates
    depth = len(context.index) if scope.complete else weights.dense_candidates
    scopes = [None] if scope.passages is None else [None, scope.passages]
    found: dict[int, float] = {}
    if options.lexical:
        for among in scopes:
            found.update(context.store.match_words(stems, word_depth, among=among))
    if options.dense:
        for among in (*scopes, *([besides] if besides else [])):
            nearest = context.index.search(expanded.mean_row, depth, among=among)
            found |= {id_: 0.0 for id_, _ in nearest if id_ not in found}
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
    bm25: Mapping[int, float] = NO_SCORES,
) -> list[ScoredPassage]:
    """These passages, scored by their closeness to a query and by their BM25."""
    weights = context.weights.passages
    passages = context.passages(ids)
    dense, overlaps = _dense(expanded, passages, context, options) if options.dense else ({}, {})
    if options.fusion is Fusion.RECIPROCAL_RANK:
        matching = {id_: points for id_, points in bm25.items() if points}
        scores = fusion.reciprocal_rank(
            weights.reciprocal_rank, _ranking(dense), _ranking(matching)
        )
    else:
        scores = {
            id_: fusion.fuse(dense.get(id_, 0.0), bm25.get(id_, 0.0), overlaps.get(id_), weights)
            for id_ in passages
        }
    return [
        # A passage that the encoder has not read counts as a chance one.
        ScoredPassage(
            passage,
            dense.get(id_, 0.0),
            bm25.get(id_, 0.0),
            overlaps.get(id_, weights.unknown_overlap),
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
) -> tuple[dict[int, float], dict[int, float]]:
    by_lang: dict[str, dict[int, Embeddings]] = {}
    for id_, embedding in context.index.embeddings(passages).items():
        by_lang.setdefault(passages[id_].lang, {})[id_] = embedding
    dense: dict[int, float] = {}
    overlaps: dict[int, float] = {}
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
