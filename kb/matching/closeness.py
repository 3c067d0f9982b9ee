"""How close two notices of the board are, the same both ways: as a share of the closest trades."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.search.trades.background import Background, NullDistribution

TEXTS_REMEMBERED = 5000

TEXTS_AT_ONCE = 16
"""Texts that are embedded at once: for more, the encoder would compile its graph a second time."""

FITTING = 0.81
"""The closeness from which a need and an offer are proposed to a moderator.

Chosen on pairs that were not written for it: docs/desk.md says which, and how it fares on others.
"""

_LEAST_CEILING = 1e-6


@dataclass(frozen=True, slots=True)
class _Measured:
    """The embedding of a text, and what chance gives it."""

    embedding: Embeddings
    null: NullDistribution

    def share(self, other: "_Measured") -> float:
        """How far a text lies above a chance trade, as a share of the closest trades."""
        cosine = float(self.embedding @ other.embedding)
        return float(self.null.standardised(cosine)) / max(self.null.ceiling, _LEAST_CEILING)


def _closeness(one: _Measured, another: _Measured) -> float:
    return (one.share(another) + another.share(one)) / 2


class NoticeCloseness:
    """Measures how close texts are; remembers the texts read last. Threads share it."""

    def __init__(self, encoder: Encoder, background: Background) -> None:
        self._encoder = encoder
        self._background = background
        self._known: OrderedDict[str, _Measured] = OrderedDict()
        self._lock = threading.Lock()

    def to_each(self, wordings: Sequence[str], others: Sequence[Sequence[str]]) -> list[float]:
        """Returns the closeness of a notice to each other; 1 is as close as the closest trades."""
        measured = self._measured([*wordings, *chain.from_iterable(others)])
        return [
            max(
                _closeness(measured[one], measured[another])
                for one in wordings
                for another in other
            )
            for other in others
        ]

    def _measured(self, texts: Sequence[str]) -> dict[str, _Measured]:
        with self._lock:
            known = {text: self._known[text] for text in texts if text in self._known}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            rows = np.concatenate(
                [
                    self._encoder.encode(missing[at : at + TEXTS_AT_ONCE], TextKind.QUERY)
                    for at in range(0, len(missing), TEXTS_AT_ONCE)
                ]
            )
            nulls = self._background.null_distributions(rows)
            known |= {
                text: _Measured(row, null)
                for text, row, null in zip(missing, rows, nulls, strict=True)
            }
        with self._lock:
            self._known.update(known)
            while len(self._known) > TEXTS_REMEMBERED:
                self._known.popitem(last=False)
        return known
