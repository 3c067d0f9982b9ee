"""The texts on which a compiled graph is tried: trades in French and English, short and long.

The texts that a graph is calibrated with are of other trades than those that it is judged by.
"""

import re
from collections.abc import Sequence

from kb.reference.trades import Trade, trades

CALIBRATING, JUDGING = 64, 500
"""Count of the texts that int8 is calibrated with, and of those by which it is accepted."""

_SHAPES = (0, 0, 1, 1, 1, 1, 3, 10)
"""Count of the trades in a text, by turns; 0 is a single product or service of a trade."""

_AFTER_A_PRODUCT = re.compile(r"[,:;] .*")


def calibrating_texts() -> list[str]:
    return _texts(trades()[::2], CALIBRATING)


def judging_texts() -> list[str]:
    return _texts(trades()[1::2], JUDGING)


def _texts(of: Sequence[Trade], count: int) -> list[str]:
    """Texts by turns in French and in English, spread over all the trades."""
    texts = []
    for number in range(count):
        first, shape = number * len(of) // count, _SHAPES[number // 2 % len(_SHAPES)]
        together = [of[(first + more) % len(of)] for more in range(max(shape, 1))]
        words = [trade.en if number % 2 else trade.fr for trade in together]
        texts.append(". ".join(words) if shape else _AFTER_A_PRODUCT.sub("", words[0]))
    return texts
