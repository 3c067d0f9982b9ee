"""Logistic regression, fitted by Newton's method."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def fitted(rows: Floats, answers: Floats, penalty: float) -> tuple[float, Floats]:
    """The intercept and the slopes that make answers of 0 or 1 likeliest.

    The loss is the sum of -ln P over the `(n, features)` rows plus half of `penalty` times the
    squared slopes.
    """
    with_one = np.hstack([np.ones((len(rows), 1)), rows])
    ridge = np.full(with_one.shape[1], penalty)
    ridge[0] = 1e-6
    slopes = np.zeros(with_one.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-np.clip(with_one @ slopes, -30, 30)))
        gradient = with_one.T @ (likely - answers) + ridge * slopes
        if np.abs(gradient).max() < 1e-8:
            break
        curvature = (with_one.T * (likely * (1 - likely))) @ with_one + np.diag(ridge)
        slopes = slopes - np.linalg.solve(curvature, gradient)
    return float(slopes[0]), slopes[1:]
