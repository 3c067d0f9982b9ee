"""How often a fit is right: of the hits that a person is shown as strong, how many are answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kb.evaluation.files import Qrels, SetQuery
from kb.evaluation.worlds import Answer
from kb.search.results import Fit

FIRST = 20
"""Count of hits of a query whose fits are counted: those that a person may look at."""


@dataclass(frozen=True, slots=True)
class FitCount:
    """Of `n` hits with a fit, `right` are relevant. `lang` is of the queries, empty for all."""

    encoder: str
    lang: str
    fit: Fit
    right: int
    n: int


def count_fits(
    answers: Mapping[str, Sequence[Answer]],
    queries: Sequence[SetQuery],
    qrels: Qrels,
    encoder: str,
) -> Iterator[FitCount]:
    """Yields the counts of each fit among the `FIRST` of each query, by language and then for all.

    `answers` are the rankings by query id, best first. A fit that no hit has is counted too.
    """
    langs = sorted({query.lang for query in queries})
    for lang in [*langs, ""] if len(langs) > 1 else [""]:
        shown = [
            (answer.fit, qrels[query.id].get(answer.actor_id, 0) > 0)
            for query in queries
            if lang in {"", query.lang}
            for answer in answers[query.id][:FIRST]
        ]
        for fit in Fit:
            right = [is_right for of_hit, is_right in shown if of_hit is fit]
            yield FitCount(encoder, lang, fit, sum(right), len(right))
