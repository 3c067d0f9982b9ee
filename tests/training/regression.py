"""Logistic regression, fitted by Newton's method."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

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


def fitted_choice(
    rows: Floats, shared: Floats, right: Floats, penalty: float, shared_penalty: float
) -> tuple[Floats, Floats, Floats]:
    """The choice among k answers, of which any that is right will do.

    An answer is chosen with exp(its log odds) over the sum of all. Of `rows` `(n, features)`, each
    answer has slopes of its own; those of `shared` `(n, k, m)` are the same for all. `right` is
    `(n, k)`, 1 for each answer that is right. Returns the `(k,)` intercepts, the `(features, k)`
    slopes and the `(m,)` shared slopes that make right answers likeliest.
    """
    count, kinds = rows.shape[1], right.shape[1]
    cuts = (kinds, kinds + count * kinds)

    def parts(values: Floats) -> tuple[Floats, Floats, Floats]:
        intercepts, own, common = np.split(values, cuts)
        return intercepts, own.reshape(count, kinds), common

    def loss(values: Floats) -> tuple[float, Floats]:
        intercepts, own, common = parts(values)
        odds = intercepts + rows @ own + shared @ common
        odds = np.exp(odds - odds.max(axis=1, keepdims=True))
        chosen = odds / odds.sum(axis=1, keepdims=True)
        of_right = chosen * right
        likely = of_right.sum(axis=1, keepdims=True)
        errors = chosen - of_right / likely
        total = -float(np.log(likely).sum())
        total += 0.5 * penalty * float((own**2).sum())
        total += 0.5 * shared_penalty * float((common**2).sum())
        slopes = (rows.T @ errors + penalty * own).ravel()
        of_common = np.einsum("nk,nkm->m", errors, shared) + shared_penalty * common
        return total, np.concatenate([errors.sum(axis=0), slopes, of_common])

    start = np.zeros(kinds + count * kinds + shared.shape[2])
    options = {"maxiter": 1_000, "maxfun": 2_000, "ftol": 1e-9, "gtol": 1e-4}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    return parts(found.x)
