"""The texts on which a prepared model is tried: trades in French and English, short and long."""

import re
from collections.abc import Sequence

from kb.reference.trades import Trade, trades

JUDGING = 500
"""Count of the texts on which the tokens of a prepared model are compared."""

ODD_LENGTH = 32
"""Count of neighbours in Unicode that are a text."""

_SHAPES = (0, 0, 1, 1, 1, 1, 3, 10)
"""Count of the trades in a text, by turns; 0 is a single product or service of a trade."""

_AFTER_A_PRODUCT = re.compile(r"[,:;] .*")


def judging_texts() -> list[str]:
    return _texts(trades()[1::2], JUDGING)


def odd_texts() -> list[str]:
    """Texts of neighbours in Unicode, all over it, with and without spaces between them."""
    blocks = [[chr(first + n) for n in range(ODD_LENGTH)] for first in range(0, 0xD800, 256)]
    blocks += [[chr(first + n) for n in range(ODD_LENGTH)] for first in range(0xF900, 0x20000, 256)]
    return [between.join(block) for between in ("", " ", "a") for block in blocks]


def _texts(of: Sequence[Trade], count: int) -> list[str]:
    """Texts by turns in French and in English, spread over all the trades."""
    texts = []
    for number in range(count):
        first, shape = number * len(of) // count, _SHAPES[number // 2 % len(_SHAPES)]
        together = [of[(first + more) % len(of)] for more in range(max(shape, 1))]
        words = [trade.en if number % 2 else trade.fr for trade in together]
        texts.append(". ".join(words) if shape else _AFTER_A_PRODUCT.sub("", words[0]))
    return texts
