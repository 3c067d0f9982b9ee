"""Likely trades: in which trades a need would be filed, to tell a person how it was understood."""

from dataclasses import dataclass

import numpy as np

from kb.reference.trades import Trade, trades
from kb.search.trades.background import ComparedQuery

MOST, LEAST_SHARE, SURE = 3, 0.15, 0.5
"""Most trades that are named, the least probability of each, and that of the likeliest."""


@dataclass(frozen=True, slots=True)
class LikelyTrade:
    """A trade in which a need would be filed, with a probability of `share`."""

    trade: Trade
    share: float


def likely_trades(compared: ComparedQuery) -> tuple[LikelyTrade, ...]:
    """The trades in which a query would most likely be filed, likeliest first.

    None where its filing is not known, or not sure.
    """
    if compared.filing is None:
        return ()
    shares = np.square(compared.filing)
    if shares.max() < SURE:
        return ()
    likeliest = np.argsort(-shares, kind="stable")[:MOST].tolist()
    return tuple(
        LikelyTrade(trades()[column], float(shares[column]))
        for column in likeliest
        if shares[column] >= LEAST_SHARE
    )
