"""Matched cases: those whose need, title or article is like the query; *relevance* is 0 to 1."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from kb.indexing.derivation import NEED, TEXT, TITLE
from kb.models import Case
from kb.search.context import SearchContext
from kb.search.need.probe import LEAST_ODDS, probability
from kb.search.results import MatchedCase
from kb.search.scorer import ScoredPassage
from kb.search.trades.background import ComparedQuery, NullDistribution
from kb.search.weights import RankingWeights
from kb.text.analysis import word_coverage


def closeness(scored: ScoredPassage, asked: str, weights: RankingWeights) -> float:
    """Returns the closeness of a passage to the need; BM25 counts by coverage squared."""
    share = word_coverage(asked, scored.passage.text) if scored.lexical else 0.0
    return scored.dense + weights.cases.lexical * scored.lexical * share**2


def relevance(score: float, null: NullDistribution, weights: RankingWeights) -> float:
    """Returns the relevance of a closeness, 0 to 1: a logistic gate, stricter for no needs."""
    share = score / max(null.ceiling, 1e-6) + min(null.need_odds - LEAST_ODDS, 0.0)
    return probability((share - weights.cases.gate_middle) / weights.cases.gate_width)


TOLD = (NEED, TITLE, TEXT)  # the parts of a case that tell what it is about


def tells(scored: ScoredPassage, asked: str, weights: RankingWeights) -> bool:
    """Returns whether a passage may match its case: an article only by the words asked for."""
    if scored.passage.part != TEXT:
        return scored.passage.part in TOLD
    return bool(scored.lexical) and (
        word_coverage(asked, scored.passage.text) >= weights.cases.asked_words
    )


def match_cases(
    cases: Mapping[str, Case],
    passages: Mapping[str, Sequence[ScoredPassage]],
    asked: str,
    null: NullDistribution,
    lang: str,
    weights: RankingWeights,
) -> list[MatchedCase]:
    """The cases whose passages are near enough to the text `asked`, best first."""
    scores = {
        id_: max(
            (closeness(of, asked, weights) for of in passages[id_] if tells(of, asked, weights)),
            default=-math.inf,
        )
        for id_ in cases
    }
    return match_stories(scores, cases, null, lang, weights)


def match_stories(
    scores: Mapping[str, float],
    cases: Mapping[str, Case],
    null: NullDistribution,
    lang: str,
    weights: RankingWeights,
) -> list[MatchedCase]:
    """The matched cases by scores of each id, best first; a story once, in `lang` if it can be."""
    best_first = sorted(scores, key=lambda id_: (-scores[id_], id_))
    best: dict[str, float] = {}
    for id_ in best_first:
        best.setdefault(cases[id_].story, scores[id_])
    found = [
        MatchedCase(case, best[case.story], relevance(best[case.story], null, weights))
        for case in one_edition_each((cases[id_] for id_ in best_first), lang)
    ]
    return [match for match in found if match.relevance >= weights.cases.least_relevance]


def one_edition_each(cases: Iterable[Case], lang: str) -> list[Case]:
    """Returns each story once, in the order given: its case in `lang`, or else its first case."""
    chosen: dict[str, Case] = {}
    for case in cases:
        if case.story not in chosen or (case.lang == lang != chosen[case.story].lang):
            chosen[case.story] = case
    return list(chosen.values())


def credited(
    matched: Iterable[MatchedCase], compared: ComparedQuery, context: SearchContext
) -> list[MatchedCase]:
    """Returns matched cases with participants' credits, by how near their contributions are."""
    return [replace(match, credits=_credits(match, compared, context)) for match in matched]


def _credits(
    match: MatchedCase, compared: ComparedQuery, context: SearchContext
) -> tuple[float, ...]:
    told = [participation.contribution for participation in match.case.participants]
    texts = [text for text in told if text]
    if len(set(texts)) < 2 or match.relevance < context.weights.parts.relevance:
        return ()
    weights = context.weights.cases
    cosines = (context.calibration.embedded(texts) @ compared.embedding).astype(np.float64)
    close = compared.null.standardised(cosines, match.case.lang)
    by_text = {
        text: max(math.exp(weights.contribution * loss), weights.least_contribution)
        for text, loss in zip(texts, (close - close.max()).tolist(), strict=True)
    }
    return tuple(by_text.get(text, 1.0) for text in told)
