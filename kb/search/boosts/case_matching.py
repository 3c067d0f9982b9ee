"""Matched cases: cases that tell of a need like that of the query.

A case is matched by its need, its title or a passage of its article, whichever is nearest. How far
the need is the same is its *relevance*, 0 to 1: an unrelated case adds nothing.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from kb.indexing.derivation import NEED, TEXT, TITLE
from kb.models import Case
from kb.search.context import SearchContext
from kb.search.fusion import ScoredPassage
from kb.search.need.probe import LEAST_ODDS, probability
from kb.search.results import MatchedCase
from kb.search.trades.background import ComparedQuery, NullDistribution
from kb.search.weights import RankingWeights
from kb.text.analysis import word_coverage


def closeness(scored: ScoredPassage, asked: str, weights: RankingWeights) -> float:
    """Returns the closeness of what a passage tells to the need of the query.

    BM25 counts by the square of the share of the words asked for that it has: the encoder may know
    nothing of a rare word, but a single word of many makes no need the same.
    """
    share = word_coverage(asked, scored.passage.text) if scored.lexical else 0.0
    return scored.dense + weights.cases.lexical * scored.lexical * share**2


def relevance(score: float, null: NullDistribution, weights: RankingWeights) -> float:
    """Returns the relevance of a need by its closeness, 0 to 1: a logistic gate.

    The need has to be closer where the query may be none: no case tells the history of soap.
    """
    share = score / max(null.ceiling, 1e-6) + min(null.need_odds - LEAST_ODDS, 0.0)
    return probability((share - weights.cases.gate_middle) / weights.cases.gate_width)


TOLD = (NEED, TITLE, TEXT)
"""The parts of a case that tell what it is about."""


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
    """The cases whose need is near enough to the text `asked`, best first; `lang` is the reader's.

    `cases` are those that may be matched, by id, `passages` theirs, scored.
    """
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
    """The matched cases by how close their needs are (`scores`, by case id), best first.

    A story has the score of its best edition, and is given once: in `lang` if it has that edition.
    """
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
    """Returns matched cases with the credit of each participant, by its contribution.

    A case about masks has who sewed them and who gave elastic: a contribution further from the
    need than the nearest of its case counts less.
    """
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
