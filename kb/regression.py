"""A fitted logistic regression over named features, whose weights a table holds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Regression:
    """A fitted logistic regression: the log odds of features are `intercept` + `weights` · them."""

    intercept: float
    weights: Mapping[str, float]

    def log_odds(self, features: Mapping[str, float]) -> float:
        weights = self.weights
        return self.intercept + sum(
            weights[name] * value for name, value in features.items() if name in weights
        )

    def probability(self, features: Mapping[str, float]) -> float:
        return probability(self.log_odds(features))


def probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(min(log_odds, 50.0), -50.0)))
