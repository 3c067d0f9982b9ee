"""The z of passages as a linear function, so that it is a sum over words and trades."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.search.trades.background import Background, ExpandedQuery


@dataclass(frozen=True, slots=True)
class LinearScore:
    """The z of passages in a language as a linear function: z = `row`·x - `less`.

    With r the query drawn to the trades in the language, and the mean and the deviation σ
    of its products with all trades, z = (r·x - mean) / σ (`kb.search.trades.background`). r is the
    query and the trades that it is drawn to, and the mean that of their products with μ, the mean
    trade, so that z is a sum over them: each has `slope` times its product with x, less that with
    `origin`, μ/σ. Of a language without trades, all is the mean over the languages
    `langs` that have them. `means` are μ/σ for each of these.
    """

    langs: tuple[str, ...]
    row: NDArray[np.float64]
    less: float
    slope: float
    means: tuple[NDArray[np.float64], ...]

    @property
    def origin(self) -> NDArray[np.float64]:
        return np.asarray(np.mean(self.means, axis=0))

    @classmethod
    def of(cls, expanded: ExpandedQuery, background: Background, lang: str) -> "LinearScore":
        langs = (lang,) if lang in expanded.rows else tuple(expanded.rows)
        deviations = [expanded.null.deviation[known] for known in langs]
        slope = float(np.mean([1 / deviation for deviation in deviations]))
        less = [
            expanded.null.mean[known] / deviation
            for known, deviation in zip(langs, deviations, strict=True)
        ]
        return cls(
            langs,
            slope * np.asarray(expanded.rows.get(lang, expanded.mean_row), np.float64),
            float(np.mean(less)),
            slope,
            tuple(
                background.embeddings[known].mean(axis=0).astype(np.float64) / deviation
                for known, deviation in zip(langs, deviations, strict=True)
            ),
        )
