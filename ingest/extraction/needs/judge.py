"""The judge of needs: how likely a word of an article names the need, by its features.

A logistic regression, learnt from labelled articles (`judge.md` tells which), and a second that
says how likely the phrase is right that the likeliest words lead to.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Self

from kb.regression import Regression

_LEAST = 1e-3
"""Probabilities are kept this far from 0 and 1 before their log odds are taken."""


@dataclass(frozen=True, slots=True)
class NeedJudge:
    """`names_need` judges words by the features of `NeedWord`, `calibration` those of `doubts`."""

    names_need: Regression
    calibration: Regression

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Self:
        """The judge that a table tells: an intercept and weights for each regression."""
        return cls(*(Regression(told[name]["intercept"], told[name]["weights"])
                     for name in ("words", "calibration")))  # fmt: skip


def doubts(probabilities: Sequence[float]) -> dict[str, float]:
    """The features of a phrase for the calibration: the log odds of its two likeliest words.

    Of `probabilities`, those of the phrase's words, one at least.
    """
    best, second = sorted((*probabilities, 0.0), reverse=True)[:2]
    return {"likeliest": _log_odds(best), "second": _log_odds(second)}


def _log_odds(probability: float) -> float:
    kept = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(kept / (1 - kept))


@cache
def bundled_need_judge() -> NeedJudge:
    text = (files("ingest.extraction.needs") / "judge.json").read_text(encoding="utf-8")
    return NeedJudge.of_json(json.loads(text))
