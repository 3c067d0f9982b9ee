"""The judge of who takes part and in which role: regressions, learnt as `judge.md` tells."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Self

import numpy as np

from ingest.extraction.proposals.contexts import CandidateContext, Vector
from ingest.extraction.proposals.features import Features
from kb.reference.roles import Role
from kb.regression import Regression, probability

LIKELY_TOO = 0.5  # least probability of a further role of a candidate that takes part
SUREST = 0.84  # of participations that it finds surer, two in three are right
_LEAST = 1e-4  # probabilities are kept this far from 0 and 1 before their logarithm is taken


@dataclass(frozen=True, slots=True)
class Judge:
    """The fitted regressions.

    `of_names` (384) and `of_roles` (768, roles) are what the vectors of `CandidateContext` add
    to the log odds of taking part and of each role.
    """

    takes_part: Regression
    roles: Mapping[Role, Regression]
    of_names: Vector
    of_roles: Vector
    calibration: Regression

    def likely_roles(self, features: Features, context: CandidateContext) -> dict[Role, float]:
        """The likeliest role of a candidate, then those above `LIKELY_TOO`, with probabilities."""
        taking, of_roles = self.probabilities(features, context)
        best, *others = sorted(of_roles, key=lambda role: -of_roles[role])
        likely = [best, *(role for role in others if of_roles[role] >= LIKELY_TOO)]
        return {
            role: min(SUREST, self.calibration.probability(doubts(taking, of_roles[role])))
            for role in likely
        }

    def probabilities(
        self, features: Features, context: CandidateContext
    ) -> tuple[float, dict[Role, float]]:
        """How likely a candidate takes part, and has each role if it does, before calibration."""
        taking = self.takes_part.log_odds(features) + float(context.name @ self.of_names)
        odds = np.array([each.log_odds(features) for each in self.roles.values()])
        odds = np.exp(np.clip(odds + context.role @ self.of_roles, -50, 50))
        likely = (odds / odds.sum()).tolist()
        return probability(taking), dict(zip(self.roles, likely, strict=True))

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Self:
        columns = ["takes part", *map(str, Role)]

        def regression(column: int) -> Regression:
            rows = told["weights"].items()
            return Regression(
                told["intercepts"][column], {name: row[column] for name, row in rows if row[column]}
            )

        fitted = [regression(column) for column in range(len(columns))]
        return cls(
            fitted[0],
            dict(zip(Role, fitted[1:], strict=True)),
            np.array(told["of names"], np.float32),
            np.array(told["of roles"], np.float32),
            Regression(told["calibration"]["intercept"], told["calibration"]["weights"]),
        )


def doubts(taking: float, role: float) -> dict[str, float]:
    """The features of the calibration: log odds of taking part, log probability of a role."""
    taking, role = (min(max(each, _LEAST), 1 - _LEAST) for each in (taking, role))
    return {"takes part": math.log(taking / (1 - taking)), "role": math.log(role)}


@cache
def bundled_judge() -> Judge:
    text = (files("ingest.extraction.proposals") / "judge.json").read_text(encoding="utf-8")
    return Judge.of_json(json.loads(text))
