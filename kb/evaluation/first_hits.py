"""The first hits: how many of each fit are right, how often none fits, what wordings share."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from kb.evaluation.files import Qrels, SetQuery
from kb.evaluation.worlds import Answer
from kb.search.results import Fit

FIRST = (3, 10)
"""Counts of hits of a query whose fits are counted; the lesser is what wordings share of."""


@dataclass(frozen=True, slots=True)
class FitCount:
    """Of `n` hits with a fit among the `first`, `right` are relevant.

    `lang` is of the queries, empty for all.
    """

    first: int
    lang: str
    fit: Fit
    right: int
    n: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Of `n` queries of a kind, `silent` have no hit that fits, `strong` have a strong one.

    `lang` is empty for all.
    """

    kind: str
    lang: str
    silent: int
    strong: int
    n: int


def count_fits(
    answers: Mapping[str, Sequence[Answer]], queries: Sequence[SetQuery], qrels: Qrels
) -> Iterator[FitCount]:
    """Yields the counts of each fit among the first of each query, by language and then for all.

    `answers` are the rankings by query id, best first. A fit that no hit has is counted too.
    """
    for first in FIRST:
        for lang in _langs(queries):
            shown = [
                (answer.fit, qrels[query.id].get(answer.actor_id, 0) > 0)
                for query in queries
                if lang in {"", query.lang}
                for answer in answers[query.id][:first]
            ]
            for fit in Fit:
                right = [is_right for of_hit, is_right in shown if of_hit is fit]
                yield FitCount(first, lang, fit, sum(right), len(right))


def count_silences(fits: Sequence[tuple[str, SetQuery, Set[Fit]]]) -> Iterator[Silence]:
    """Yields the counts of each kind of query, by language and then for all.

    `fits` are those of the hits of each query, without NONE, with the kind of query.
    """
    for kind in dict.fromkeys(kind for kind, _, _ in fits):
        of_kind = [(query, found) for of_query, query, found in fits if of_query == kind]
        for lang in _langs([query for query, _ in of_kind]):
            shown = [found for query, found in of_kind if lang in {"", query.lang}]
            silent = sum(not found for found in shown)
            strong = sum(Fit.STRONG in found for found in shown)
            yield Silence(kind, lang, silent, strong, len(shown))


def overlaps(wordings: Iterable[SetQuery], run: Mapping[str, Collection[str]]) -> dict[str, float]:
    """The mean size of the overlap of two wordings' first hits, by their group.

    `run` has the first hits of each wording by its id. A group of one wording is left out.
    """
    groups: dict[str, list[set[str]]] = defaultdict(list)
    for wording in wordings:
        groups[wording.about["group"]].append(set(run[wording.id]))
    return {
        group: fmean(len(one & other) for one, other in combinations(hits, 2))
        for group, hits in groups.items()
        if len(hits) > 1
    }


def _langs(queries: Sequence[SetQuery]) -> list[str]:
    langs = sorted({query.lang for query in queries})
    return [*langs, ""] if len(langs) > 1 else [""]
