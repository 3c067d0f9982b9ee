"""Metrics of trec_eval, 0 to 1, with intervals by percentile bootstraps over queries (Efron 1979).

P-values are of Fisher's randomisation test (Smucker, Allan and Carterette 2007).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

Qrels = Mapping[str, Mapping[str, int]]
Run = Mapping[str, Mapping[str, float]]  # for each query the score of each document, best first
CONFIDENCE = 0.95
RESAMPLES = 9_999
SEED = 20_200_317
BATCH = 500  # count of resamples held in memory at once
Metric = Callable[[Sequence[str], Mapping[str, int]], float]


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], k: int = 10) -> float:
    """Normalised Σ grade / log₂(rank + 1) of the first `k`: linear gain."""
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


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over `n` queries with its confidence interval; for a single query, the mean itself."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of the second run less that of the first, over the same `n` queries."""

    value: float
    low: float
    high: float
    p: float
    n: int


def mean_of(values: Sequence[float]) -> Mean:
    mean = float(np.mean(values))
    low, high = _interval(values)
    return Mean(mean, low, high, len(values))


def difference_of(first: Mapping[str, float], second: Mapping[str, float]) -> Difference:
    """The paired difference of two runs' values by query: second less first."""
    differences = [second[id_] - first[id_] for id_ in sorted(first, key=str)]
    low, high = _interval(differences)
    return Difference(
        float(np.mean(differences)), low, high, _randomisation_p(differences), len(differences)
    )


def share_of(count: int, n: int) -> Mean:
    """A share of `n` of at least 1, with Wilson's interval (1927)."""
    from scipy.stats import binomtest

    interval: Any = binomtest(count, n).proportion_ci(CONFIDENCE, method="wilson")
    return Mean(count / n, float(interval.low), float(interval.high), n)


def _interval(values: Sequence[float]) -> tuple[float, float]:
    if min(values) == max(values):
        return values[0], values[0]
    from scipy.stats import bootstrap

    found: Any = bootstrap(
        (np.asarray(values),),
        np.mean,
        n_resamples=RESAMPLES,
        batch=BATCH,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def _randomisation_p(differences: Sequence[float]) -> float:
    # Queries that do not differ are the same whichever run is which; a single query proves nothing.
    different = np.asarray([difference for difference in differences if difference])
    if len(different) < 2:
        return 1.0
    from scipy.stats import permutation_test

    found: Any = permutation_test(
        (different,),
        np.sum,
        permutation_type="samples",
        n_resamples=RESAMPLES,
        batch=BATCH,
        vectorized=True,
        rng=np.random.default_rng(SEED),
    )
    return float(found.pvalue)
