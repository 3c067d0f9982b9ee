"""The background: all the trades there are, as the measure of what is close and what is chance.

Cosines of one query crowd in a narrow band that moves with the query: a cosine means nothing by
itself. It is therefore compared with the cosines to the trades of the whole economy (`kb.trades`),
each told in French and in English:

- how many standard deviations a passage lies above the mean trade of its language: a query prefers
  text in its own language, whatever it says, and this takes it out;
- how close the closest trades of all are: of a need that no firm here meets, some trade elsewhere
  is closer than any firm here.

Unlike the passages of a base, the background neither grows nor leans to one sector, so that a
score says the same in a base of fifty firms and in one of fifty thousand.
"""

import contextlib
import hashlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kb.embedding import Embeddings, Encoder, TextKind
from kb.language import STEMMERS
from kb.trades import trades

logger = logging.getLogger(__name__)

CLOSEST = 3
"""How many of the closest trades tell how close a trade can be."""


@dataclass(frozen=True, slots=True)
class Chance:
    """What the cosines to one embedding are by chance.

    `mean` and `deviation` are those of the cosines to the trades as told in a language; `closest`
    is how many deviations above the mean the closest trades are, in whichever language.
    """

    mean: Mapping[str, float]
    deviation: Mapping[str, float]
    closest: float

    def standardised(self, cosine: float, lang: str = "") -> float:
        """A cosine to a passage of this language, as deviations above a chance trade's.

        Of a language that no trade is told in, the mean over those that they are told in.
        """
        if lang in self.mean:
            return (cosine - self.mean[lang]) / self.deviation[lang]
        of_each = [self.standardised(cosine, known) for known in self.mean]
        return sum(of_each) / len(of_each)


class Background:
    """The embeddings of all trades by one encoder: language to `(trades, dimension)`."""

    def __init__(self, embeddings: Mapping[str, Embeddings]) -> None:
        self.embeddings = embeddings

    @classmethod
    def of(cls, encoder: Encoder, cache: Path | None = None) -> "Background":
        """The background of an encoder; kept in the folder `cache`, for the next time."""
        told = {"fr": [trade.fr for trade in trades()], "en": [trade.en for trade in trades()]}
        texts = [text for lang in STEMMERS for text in told[lang]]
        shape = (len(texts), encoder.dimension)
        digest = hashlib.sha256("\n".join([encoder.fingerprint, *texts]).encode()).hexdigest()[:16]
        path = cache / "backgrounds" / f"{digest}.npy" if cache else None
        rows: Embeddings | None = None
        if path:
            with contextlib.suppress(OSError, ValueError, EOFError):
                rows = np.load(path)
        if rows is None or rows.shape != shape:
            logger.info("Embedding the trades of the background (once)")
            rows = encoder.encode(texts, TextKind.DOCUMENT)
            if path:
                _keep(path, rows)
        each = np.split(rows, len(STEMMERS))
        return cls(dict(zip(STEMMERS, each, strict=True)))

    def mean(self, lang: str) -> Embeddings:
        """The `(dimension,)` mean of the trades' embeddings in a language."""
        mean: Embeddings = self.embeddings[lang].mean(axis=0)
        return mean

    def chance(self, embedding: Embeddings) -> Chance:
        """What the cosines to a `(dimension,)` embedding are by chance."""
        cosines = {lang: rows @ embedding for lang, rows in self.embeddings.items()}
        mean = {lang: float(row.mean()) for lang, row in cosines.items()}
        deviation = {lang: max(float(row.std()), 1e-6) for lang, row in cosines.items()}
        of_each = [(row - mean[lang]) / deviation[lang] for lang, row in cosines.items()]
        best = np.sort(np.max(of_each, axis=0))[-CLOSEST:]
        return Chance(mean, deviation, float(best.mean()))


def _keep(path: Path, rows: Embeddings) -> None:
    """Writes a cache whole or not at all; one that cannot be written is made again next time."""
    pending = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pending.open("wb") as file:
            np.save(file, rows)
        pending.replace(path)
    except OSError as error:
        logger.info("The background was not kept: %s", error)
    finally:
        with contextlib.suppress(OSError):
            pending.unlink(missing_ok=True)
