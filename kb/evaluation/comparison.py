"""Means over queries and differences between two runs, each with how far it can be believed.

Queries are a sample of what people ask; another sample would have given another mean. Intervals
are percentile bootstraps over queries (Efron 1979), p-values Fisher's randomisation test on the
differences (Smucker, Allan and Carterette 2007). Chance is the same each time: what is computed
twice is the same to the last digit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 9_999
SEED = 20_200_317
BATCH = 500
"""Count of resamples held in memory at once."""

NORMAL_QUANTILE = 1.959963984540054
"""The quantile of 97.5 %, for Wilson's interval of 95 %."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over `n` queries with its confidence interval; for a single query, the mean itself."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of the second run less that of the first, over the same `n` queries.

    `p` is how often chance alone, giving the two values of each query to either run, makes a
    difference as large: two-sided, 1 where the runs do not differ.
    """

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
    """The paired difference of two runs' values by query: second less first.

    The mappings have the same keys, at least one.
    """
    differences = [second[id_] - first[id_] for id_ in sorted(first, key=str)]
    low, high = _interval(differences)
    return Difference(
        float(np.mean(differences)), low, high, _randomisation_p(differences), len(differences)
    )


def share_of(count: int, n: int) -> Mean:
    """A share of `n` of at least 1, with Wilson's interval (1927)."""
    share, squared = count / n, NORMAL_QUANTILE**2
    centre = (share + squared / (2 * n)) / (1 + squared / n)
    half = (
        NORMAL_QUANTILE
        * (share * (1 - share) / n + squared / (4 * n * n)) ** 0.5
        / (1 + squared / n)
    )
    return Mean(share, max(centre - half, 0.0), min(centre + half, 1.0), n)


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
