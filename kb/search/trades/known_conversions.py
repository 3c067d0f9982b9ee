"""Known conversions: how close the needs that firms elsewhere met are to the need of a query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings, Encoder
from kb.reference.trades import Conversion, conversions
from kb.search.trades.background import ComparedQuery
from kb.search.trades.kept_embeddings import kept_embeddings
from kb.text.analysis import STEMMERS


@dataclass(frozen=True, slots=True)
class KnownConversions:
    """Conversions, embedded.

    Attributes:
        of: the conversions.
        needs: the embeddings of what they made, by language, `(conversions, dimension)`.
        trades: those of their ordinary trades: unit means over the languages.
    """

    of: Sequence[Conversion]
    needs: Mapping[str, Embeddings]
    trades: Embeddings

    @classmethod
    def by(cls, encoder: Encoder, cache: Path | None = None) -> "KnownConversions":
        """The known conversions as an encoder reads them; kept in the folder `cache`."""
        known = conversions()
        texts = [
            text[lang]
            for text in (*(of.product for of in known), *(of.trade for of in known))
            for lang in STEMMERS
        ]
        rows = kept_embeddings(texts, encoder, cache / "conversions" if cache else None)
        by_lang = rows.reshape(2, len(known), len(STEMMERS), -1)
        means = by_lang[1].mean(axis=1)
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        needs = {lang: by_lang[0, :, place] for place, lang in enumerate(STEMMERS)}
        return cls(known, needs, np.asarray(means, np.float32))

    def closeness(self, compared: ComparedQuery) -> NDArray[np.float64]:
        """The standardised cosine of each need and the query, in the closer language."""
        of_each = [
            compared.null.standardised((rows @ compared.embedding).astype(np.float64), lang)
            for lang, rows in self.needs.items()
        ]
        return np.asarray(np.max(of_each, axis=0))
