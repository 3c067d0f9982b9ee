"""The z of passages as a linear function, so that it is a sum over words."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.search.trades.background import Background, ComparedQuery


@dataclass(frozen=True, slots=True)
class LinearScore:
    """The z of passages in a language as a linear function: z = `row`·x - `less`.

    With q the query, and the mean and the deviation σ of its products with all trades in the
    language, z = (q·x - mean) / σ (`kb.search.trades.background`): a sum over what the query is
    made of, of which each part has `slope` times its product with x, less that with `origin`, μ/σ,
    where μ is the mean trade. Of a language without trades, all is the mean over the languages.
    """

    row: NDArray[np.float64]
    less: float
    slope: float
    origin: NDArray[np.float64]

    @classmethod
    def of(cls, compared: ComparedQuery, background: Background, lang: str) -> "LinearScore":
        null = compared.null
        langs = (lang,) if lang in null.mean else tuple(null.mean)
        slope = float(np.mean([1 / null.deviation[known] for known in langs]))
        less = float(np.mean([null.mean[known] / null.deviation[known] for known in langs]))
        origins = [
            background.embeddings[known].mean(axis=0).astype(np.float64) / null.deviation[known]
            for known in langs
        ]
        row = slope * np.asarray(compared.embedding, np.float64)
        return cls(row, less, slope, np.asarray(np.mean(origins, axis=0)))
