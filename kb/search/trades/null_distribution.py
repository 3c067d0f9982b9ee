"""The null distribution of an embedding: what its closeness to chance trades is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Cosines = TypeVar("Cosines", float, NDArray[np.float64])


@dataclass(frozen=True, slots=True)
class NullDistribution:
    """The distribution of the cosines of an embedding to all trades: what chance gives.

    `mean` and `deviation` are those of the cosines to the trades in a language; `ceiling`
    is how many deviations above the mean the closest trades are, in whichever language. `need_odds`
    are the log odds that a query is a need at all (`kb.search.need.probe`).
    """

    mean: Mapping[str, float]
    deviation: Mapping[str, float]
    ceiling: float
    need_odds: float = 0.0

    def standardised(self, cosine: Cosines, lang: str = "") -> Cosines:
        """A cosine to a passage of this language, as deviations above a chance trade's.

        For a language without trades, the mean over the languages that have them. Of an array of
        cosines, each.
        """
        if lang in self.mean:
            return (cosine - self.mean[lang]) / self.deviation[lang]
        of_each = [self.standardised(cosine, known) for known in self.mean]
        total = of_each[0]
        for other in of_each[1:]:
            total = total + other
        return total / len(of_each)

    def standardised_all(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines of any shape, each as its mean deviation over the languages."""
        of_each = [(cosines - self.mean[lang]) / self.deviation[lang] for lang in self.mean]
        return np.asarray(np.mean(of_each, axis=0), np.float32)
