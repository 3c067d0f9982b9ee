"""The judge: how likely a candidate takes part, and in which role, by its features.

It is a logistic regression for "takes part" and one for each role of those that do, learnt from
labelled articles (`judge.md` tells which), and a last one that makes the product of both as
likely as it says.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Self

from kb.reference.roles import Role
from kb.regression import Regression

LIKELY_TOO = 0.5
"""Least probability of a further role of a candidate that takes part."""

_LEAST = 1e-4
"""Probabilities are kept this far from 0 and 1 before their logarithm is taken."""


@dataclass(frozen=True, slots=True)
class Judge:
    takes_part: Regression
    roles: Mapping[Role, Regression]
    calibration: Regression

    def likely_roles(self, features: Mapping[str, float]) -> dict[Role, float]:
        """The likely roles of a candidate, the likeliest first, and how likely it has each.

        There is always a likeliest; others are more likely than not if the candidate takes part.
        """
        taking, of_roles = self.probabilities(features)
        best, *others = sorted(of_roles, key=lambda role: -of_roles[role])
        likely = [best, *(role for role in others if of_roles[role] >= LIKELY_TOO)]
        return {
            role: self.calibration.probability(doubts(taking, of_roles[role])) for role in likely
        }

    def probabilities(self, features: Mapping[str, float]) -> tuple[float, dict[Role, float]]:
        """How likely a candidate takes part, and has each role if it does, before calibration."""
        of_roles = {role: each.probability(features) for role, each in self.roles.items()}
        return self.takes_part.probability(features), of_roles

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Self:
        """The judge that a table tells: a row of weights for each name of a feature."""
        columns = ["takes part", *map(str, Role)]

        def regression(column: int) -> Regression:
            rows = told["weights"].items()
            return Regression(
                told["intercepts"][column],
                {name: row[column] for name, row in rows if row[column]},
            )

        fitted = [regression(column) for column in range(len(columns))]
        return cls(
            fitted[0],
            dict(zip(Role, fitted[1:], strict=True)),
            Regression(told["calibration"]["intercept"], told["calibration"]["weights"]),
        )


def doubts(taking: float, role: float) -> dict[str, float]:
    """The features of the last regression: log odds of taking part, log probability of a role."""
    taking, role = (min(max(each, _LEAST), 1 - _LEAST) for each in (taking, role))
    return {"takes part": math.log(taking / (1 - taking)), "role": math.log(role)}


@cache
def bundled_judge() -> Judge:
    text = (files("ingest.extraction.proposals") / "judge.json").read_text(encoding="utf-8")
    return Judge.of_json(json.loads(text))
