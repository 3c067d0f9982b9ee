"""Matched cases: cases that tell of a need like that of the query.

A case is matched by its need, its title or a passage of its article, whichever is nearest. How far
the need is the same is its *relevance*: a gate, between 0 for a need that is another and 1 for the
same, so that an unrelated case adds nothing.
"""

from collections.abc import Iterable, Mapping, Sequence

from kb.indexing.derivation import NEED, TEXT, TITLE
from kb.models import Case
from kb.search.fusion import ScoredPassage
from kb.search.need.probe import LEAST_ODDS, probability
from kb.search.results import MatchedCase
from kb.search.trades.null_distribution import NullDistribution
from kb.search.weights import RankingWeights
from kb.text.analysis import word_coverage


def closeness(scored: ScoredPassage, asked: str, weights: RankingWeights) -> float:
    """Returns the closeness of what a passage tells to the need of the query.

    That is its standardised cosine, and its BM25 times the square of the share of the words asked
    for that it has (`kb.text.analysis.word_coverage`). The encoder may know nothing of a rare word;
    but a single word of many, like the bottles that something is to be closed with, makes no need
    the same.
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
    """The cases whose need is near enough to what is asked, best first.

    Args:
        cases: those that may be matched, by id.
        passages: of these cases, scored, by case id.
        asked: the text of the query.
        null: of the query.
        lang: of the reader, or empty.
        weights: of the ranking.
    """
    scores = {}
    for id_ in cases:
        told = (scored for scored in passages[id_] if tells(scored, asked, weights))
        close = (closeness(passage, asked, weights) for passage in told)
        scores[id_] = max(close, default=float("-inf"))
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
