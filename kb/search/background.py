"""The background: all the trades there are, as the measure of what is close and what is chance.

Cosines of one query crowd in a narrow band that moves with the query: a cosine means nothing by
itself. It is therefore compared with the cosines to the trades of the whole economy
(`kb.reference.trades`), each told in French and in English:

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
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.reference.trades import trades
from kb.text.analysis import STEMMERS

logger = logging.getLogger(__name__)

CLOSEST = 3
"""How many of the closest trades tell how close a trade can be."""

DRAWN_TO, DRAWN_SHARE = 5, 0.5
"""How many of the closest trades a query is drawn to, and how far."""

PASSAGES_REMEMBERED, MADE_AT_ONCE = 50_000, 1_000
"""Of how many passages the shares of the trades are remembered (1.2 kB each), and made at once."""

SHARPNESS = 1.5
"""How much more a trade counts that is one deviation closer, as the logarithm of a factor."""


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


@dataclass(frozen=True, slots=True)
class Aim:
    """What a query aims at.

    `rows` are its embedding drawn towards the closest trades as they are told in a language, to
    be compared with passages in that language: an English query knows by them how French puts it.
    `chance` tells of these rows, by language, but for `closest`, which is of the query itself.
    `shares` are the square roots of how much of the query each trade has, `(trades,)`; `trades`
    the places of the closest in `kb.reference.trades`, with their weights.
    """

    embedding: Embeddings
    rows: Mapping[str, Embeddings]
    chance: Chance
    shares: Embeddings
    trades: tuple[tuple[int, float], ...]

    @property
    def mean_row(self) -> Embeddings:
        """The mean of the rows: what is looked for first, whatever the language."""
        mean: Embeddings = np.mean(list(self.rows.values()), axis=0)
        return mean


class Background:
    """The embeddings of all trades by one encoder: language to `(trades, dimension)`."""

    def __init__(self, embeddings: Mapping[str, Embeddings]) -> None:
        self.embeddings = embeddings
        self._stacked = np.concatenate(list(embeddings.values()))

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

    @property
    def count(self) -> int:
        """How many trades there are."""
        return len(next(iter(self.embeddings.values())))

    def mean(self, lang: str) -> Embeddings:
        """The `(dimension,)` mean of the trades' embeddings in a language."""
        mean: Embeddings = self.embeddings[lang].mean(axis=0)
        return mean

    def chance(self, embedding: Embeddings) -> Chance:
        """What the cosines to a `(dimension,)` embedding are by chance."""
        (chance,) = self.chances(embedding[np.newaxis])
        return chance

    def aim(self, embedding: Embeddings, *, drawn: bool = True) -> Aim:
        """What a query with this `(dimension,)` unit embedding aims at.

        Unless it is `drawn` to the closest trades, its rows are all the embedding itself.
        """
        of_each = self._standardised(embedding[np.newaxis])[0][0]
        best = of_each.max(axis=0)
        closest = np.argsort(-best, kind="stable")[:DRAWN_TO]
        weights = np.exp(best[closest] - best[closest[0]])
        weights /= weights.sum()
        rows = {
            lang: embedding + (DRAWN_SHARE if drawn else 0) * (weights @ told[closest])
            for lang, told in self.embeddings.items()
        }
        of_rows = dict(zip(rows, self.chances(np.stack(list(rows.values()))), strict=True))
        chance = Chance(
            {lang: one.mean[lang] for lang, one in of_rows.items()},
            {lang: one.deviation[lang] for lang, one in of_rows.items()},
            float(np.sort(best)[-CLOSEST:].mean()),
        )
        trades_drawn_to = zip(closest.tolist(), weights.tolist(), strict=True)
        return Aim(embedding, rows, chance, _root_shares(best), tuple(trades_drawn_to))

    def shares(self, rows: Embeddings, lang: str) -> Embeddings:
        """The square roots of how much each trade has of passages, `(n, trades)`.

        `rows` are `(n, dimension)` embeddings of passages in a language.
        """
        told = self.embeddings.get(lang, next(iter(self.embeddings.values())))
        cosines = rows @ told.T
        standardised = cosines - cosines.mean(axis=1, keepdims=True)
        standardised /= np.maximum(cosines.std(axis=1, keepdims=True), 1e-6)
        return _root_shares(standardised)

    def _standardised(self, rows: Embeddings) -> tuple[Embeddings, Embeddings, Embeddings]:
        """Cosines to the trades, standardised by language `(n, languages, trades)`, and by what."""
        of_each = (rows @ self._stacked.T).reshape(len(rows), len(self.embeddings), -1)
        means = of_each.mean(axis=2)
        deviations = np.maximum(of_each.std(axis=2), 1e-6)
        standardised = (of_each - means[:, :, np.newaxis]) / deviations[:, :, np.newaxis]
        return standardised, means, deviations

    def chances(self, rows: Embeddings) -> list[Chance]:
        """What the cosines to each of `(n, dimension)` embeddings are by chance."""
        standardised, means, deviations = self._standardised(rows)
        closest = np.partition(standardised.max(axis=1), -CLOSEST, axis=1)[:, -CLOSEST:]
        return [
            Chance(
                dict(zip(self.embeddings, mean.tolist(), strict=True)),
                dict(zip(self.embeddings, deviation.tolist(), strict=True)),
                float(best.mean()),
            )
            for mean, deviation, best in zip(means, deviations, closest, strict=True)
        ]


class Overlaps:
    """How far passages are of the trades that a query aims at.

    That is the Bhattacharyya coefficient of two distributions over the trades: 0 where they have no
    trade in common, 1 where they are the same. Those of passages are remembered, in half precision:
    to make them takes much longer than to compare them. Threads share it.
    """

    def __init__(self, background: Background) -> None:
        self._background = background
        self._places: dict[tuple[int, str], int] = {}
        self._shares = np.zeros((1, background.count), np.float16)
        self._lock = threading.Lock()

    def of(self, aim: Aim, embeddings: Mapping[int, Embeddings], lang: str) -> dict[int, float]:
        """The overlaps of passages in a language, by id, with what is aimed at."""
        found: dict[int, float] = {}
        ids = list(embeddings)
        for first in range(0, len(ids), MADE_AT_ONCE):
            some = {id_: embeddings[id_] for id_ in ids[first : first + MADE_AT_ONCE]}
            overlaps = self._shares_of(some, lang).astype(np.float32) @ aim.shares
            found.update(zip(some, overlaps.tolist(), strict=True))
        return found

    def _shares_of(self, embeddings: Mapping[int, Embeddings], lang: str) -> NDArray[np.float16]:
        ids = list(embeddings)
        with self._lock:
            places = [self._places.get((id_, lang), -1) for id_ in ids]
            # What is not known has the last row, until it is made.
            shares = self._shares[places]
        missing = [row for row, place in enumerate(places) if place < 0]
        if missing:
            rows = np.stack([embeddings[ids[row]] for row in missing])
            made = self._background.shares(rows, lang).astype(np.float16)
            shares[missing] = made
            with self._lock:
                self._remember([(ids[row], lang) for row in missing], made)
        return shares

    def _remember(self, keys: Sequence[tuple[int, str]], made: NDArray[np.float16]) -> None:
        """Keeps what was made, but for what another thread has kept meanwhile."""
        new = [row for row, key in enumerate(keys) if key not in self._places]
        if len(self._places) + len(new) > PASSAGES_REMEMBERED:
            self._places.clear()
            new = list(range(len(keys)))
        first, end = len(self._places), len(self._places) + len(new)
        if end > len(self._shares):
            grown = np.zeros((2 * end, made.shape[1]), np.float16)
            grown[: len(self._shares)] = self._shares
            self._shares = grown
        self._shares[first:end] = made[new]
        self._places.update((keys[row], first + place) for place, row in enumerate(new))


def _root_shares(standardised: Embeddings) -> Embeddings:
    """Square roots of a distribution over the last axis: the closer a trade, the more it has."""
    highest = standardised.max(axis=-1, keepdims=True)
    shares = np.exp(SHARPNESS * (standardised - highest))
    roots: Embeddings = np.sqrt(shares / shares.sum(axis=-1, keepdims=True))
    return roots


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
