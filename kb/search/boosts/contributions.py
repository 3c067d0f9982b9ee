"""Contributions: how far what each participant of a case brought is what is asked for.

A case about masks has who sewed them, who cut the cloth and who gave elastic. Whoever asks for
sewing means the first: a contribution further from the need than the nearest of its case counts
less.
"""

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from kb.search.context import SearchContext
from kb.search.results import MatchedCase
from kb.search.trades.background import ComparedQuery


def credited(
    matched: Iterable[MatchedCase], compared: ComparedQuery, context: SearchContext
) -> list[MatchedCase]:
    """Returns matched cases with the credit of each participant, by its contribution.

    Contributions to cases that are hardly the need are not compared.
    """
    return [replace(match, credits=_credits(match, compared, context)) for match in matched]


def _credits(
    match: MatchedCase, compared: ComparedQuery, context: SearchContext
) -> tuple[float, ...]:
    told = [participation.contribution for participation in match.case.participants]
    texts = [text for text in told if text]
    if len(set(texts)) < 2 or match.relevance < context.weights.parts.relevance:
        return ()
    weights = context.weights.cases
    rows = context.calibration.phrases.embedded(texts)
    close = compared.null.standardised(
        (rows @ compared.embedding).astype(np.float64), match.case.lang
    )
    best = float(close.max())
    by_text = {
        text: max(math.exp(weights.contribution * (value - best)), weights.least_contribution)
        for text, value in zip(texts, close.tolist(), strict=True)
    }
    return tuple(by_text.get(text, 1.0) for text in told)
