"""Known conversions: how close the needs that firms elsewhere met are to the need of a query."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Encoder
from kb.reference.trades import conversions
from kb.search.trades.background import ComparedQuery, kept_embeddings
from kb.text.analysis import STEMMERS


class KnownConversions:
    """Conversions, embedded: by language, what they made; and unit means of their usual trades."""

    def __init__(self, encoder: Encoder, cache: Path | None = None) -> None:
        """Keeps embeddings in the folder `cache`."""
        self.of = conversions()
        texts = [
            text[lang]
            for text in (*(of.product for of in self.of), *(of.trade for of in self.of))
            for lang in STEMMERS
        ]
        rows = kept_embeddings(texts, encoder, cache / "conversions" if cache else None)
        by_lang = rows.reshape(2, len(self.of), len(STEMMERS), -1)
        means = by_lang[1].mean(axis=1)
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        self.needs = {lang: by_lang[0, :, place] for place, lang in enumerate(STEMMERS)}
        self.trades = np.asarray(means, np.float32)

    def closeness(self, compared: ComparedQuery) -> NDArray[np.float64]:
        """The standardised cosine of each need and the query, in the closer language."""
        of_each = [
            compared.null.standardised((rows @ compared.embedding).astype(np.float64), lang)
            for lang, rows in self.needs.items()
        ]
        return np.asarray(np.max(of_each, axis=0))
