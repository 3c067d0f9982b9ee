"""Metrics: a ranking and the grades of its query, as one number from 0 to 1.

They are trec_eval's (`ndcg_cut`, `map`, `recip_rank`, `recall`, `P`, `success`), of the same value
to the ninth decimal: a test compares them with `ir-measures`. A document without a grade is taken
for irrelevant, and so is one of grade 0.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from kb.evaluation.files import Qrels, Run

Metric = Callable[[Sequence[str], Mapping[str, int]], float]


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `k`, with linear gain.

    Σ grade / log₂(rank + 1), over the same sum for the ideal ranking.
    """
    gain = sum(
        max(grades.get(id_, 0), 0) / math.log2(rank + 1)
        for rank, id_ in enumerate(ranking[:k], start=1)
    )
    ideal = sorted((grade for grade in grades.values() if grade > 0), reverse=True)[:k]
    best = sum(grade / math.log2(rank + 1) for rank, grade in enumerate(ideal, start=1))
    return gain / best if best else 0.0


def average_precision(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """The mean, over the relevant, of the precision at the rank of each; 0 for those not ranked."""
    relevant = {id_ for id_, grade in grades.items() if grade > 0}
    found, total = 0, 0.0
    for rank, id_ in enumerate(ranking, start=1):
        if id_ in relevant:
            found += 1
            total += found / rank
    return total / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """One over the rank of the first relevant, 0 if there is none."""
    for rank, id_ in enumerate(ranking, start=1):
        if grades.get(id_, 0) > 0:
            return 1 / rank
    return 0.0


def recall(ranking: Sequence[str], grades: Mapping[str, int], k: int = 10) -> float:
    """The share of the relevant that is among the first `k`."""
    relevant = {id_ for id_, grade in grades.items() if grade > 0}
    return len(relevant & set(ranking[:k])) / len(relevant) if relevant else 0.0


def precision(ranking: Sequence[str], grades: Mapping[str, int], k: int = 3) -> float:
    """The share of the first `k` places that have a relevant."""
    return sum(grades.get(id_, 0) > 0 for id_ in ranking[:k]) / k


def success(ranking: Sequence[str], grades: Mapping[str, int], k: int = 1) -> float:
    """1 if any of the first `k` is relevant, else 0."""
    return float(any(grades.get(id_, 0) > 0 for id_ in ranking[:k]))


METRICS: Mapping[str, Metric] = {
    "nDCG@10": ndcg,
    "MAP": average_precision,
    "MRR": reciprocal_rank,
    "R@10": recall,
    "R@100": partial(recall, k=100),
    "P@3": precision,
    "S@1": success,
    "S@3": partial(success, k=3),
}


def measure(run: Run, qrels: Qrels) -> dict[str, dict[str, float]]:
    """Each metric for each query of the qrels; a query that the run lacks found nothing."""
    rankings = {id_: list(run.get(id_, ())) for id_ in qrels}
    return {
        name: {id_: metric(rankings[id_], grades) for id_, grades in qrels.items()}
        for name, metric in METRICS.items()
    }
