"""The background: all trades of the economy, which show whether a closeness is chance.

Cosines of a query crowd in a narrow band that moves with the query: a cosine means nothing by
itself. It is therefore compared with the cosines to the trades of the whole economy
(`kb.reference.trades`), each in French and in English:

- how many standard deviations a passage lies above the mean trade of its language: a query prefers
  text in its own language, whatever its content, and this takes it out;
- how close the closest trades of all are: to a need that no firm here meets, some trade elsewhere
  is closer than any firm here.

Unlike the passages of a base, the background neither grows nor leans to one sector, so that a
score says the same in a base of fifty firms and in one of fifty thousand.
"""

import contextlib
import hashlib
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.reference.trades import trades
from kb.search.weights import ExpansionWeights
from kb.text.analysis import STEMMERS
from kb.whole_file import replacing

logger = logging.getLogger(__name__)

PASSAGES_REMEMBERED, COMPUTED_AT_ONCE = 50_000, 1_000
"""Count of passages whose shares of trades are remembered (1.2 kB each), and computed at
once."""


@dataclass(frozen=True, slots=True)
class NullDistribution:
    """The distribution of the cosines of an embedding to all trades: what chance gives.

    `mean` and `deviation` are those of the cosines to the trades in a language; `ceiling`
    is how many deviations above the mean the closest trades are, in whichever language. `need_odds`
    are the log odds that a query is a need at all, and `doubt` what fits require more where they
    are low (`kb.search.need.probe`).
    """

    mean: Mapping[str, float]
    deviation: Mapping[str, float]
    ceiling: float
    need_odds: float = 0.0
    doubt: float = 0.0

    def standardised(self, cosine: float, lang: str = "") -> float:
        """A cosine to a passage of this language, as deviations above a chance trade's.

        For a language without trades, the mean over the languages that have them.
        """
        if lang in self.mean:
            return (cosine - self.mean[lang]) / self.deviation[lang]
        of_each = [self.standardised(cosine, known) for known in self.mean]
        return sum(of_each) / len(of_each)


@dataclass(frozen=True, slots=True)
class ExpandedQuery:
    """A query with the trades that it points to.

    `rows` are its embedding moved towards the closest trades in a language, to be compared with
    passages in that language: an English query knows by them how French puts it. `null` is that
    of these rows, by language, but for its `ceiling`, which is of the query itself. `shares`
    are the square roots of how much of the query each trade has, `(trades,)`; `trades` the
    indices of the closest in `kb.reference.trades`, with their weights.
    """

    embedding: Embeddings
    rows: Mapping[str, Embeddings]
    null: NullDistribution
    shares: Embeddings
    trades: tuple[tuple[int, float], ...]

    @property
    def mean_row(self) -> Embeddings:
        """The mean of the rows: what passages are retrieved by, whatever their language."""
        mean: Embeddings = np.mean(list(self.rows.values()), axis=0)
        return mean


class Background:
    """The embeddings of all trades by an encoder: language to `(trades, dimension)`."""

    def __init__(self, embeddings: Mapping[str, Embeddings], weights: ExpansionWeights) -> None:
        self.embeddings = embeddings
        self.weights = weights
        self._stacked = np.concatenate(list(embeddings.values()))

    @classmethod
    def of(
        cls, encoder: Encoder, weights: ExpansionWeights, cache: Path | None = None
    ) -> "Background":
        """The background of an encoder; kept in the folder `cache`, for the next time."""
        by_lang = {"fr": [trade.fr for trade in trades()], "en": [trade.en for trade in trades()]}
        texts = [text for lang in STEMMERS for text in by_lang[lang]]
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
        embeddings = np.split(rows, len(STEMMERS))
        return cls(dict(zip(STEMMERS, embeddings, strict=True)), weights)

    @property
    def count(self) -> int:
        return len(next(iter(self.embeddings.values())))

    def expand(self, embedding: Embeddings, *, to_trades: bool = True) -> ExpandedQuery:
        """The expanded query of a `(dimension,)` unit embedding.

        Without `to_trades`, its rows are all the embedding itself.
        """
        by_lang = self._standardised(embedding[np.newaxis])[0][0]
        best = by_lang.max(axis=0)
        closest = np.argsort(-best, kind="stable")[: self.weights.trades]
        weights = np.exp(best[closest] - best[closest[0]])
        weights /= weights.sum()
        share = self.weights.share if to_trades else 0
        rows = {
            lang: embedding + share * (weights @ trade_rows[closest])
            for lang, trade_rows in self.embeddings.items()
        }
        nulls = dict(zip(rows, self.null_distributions(np.stack(list(rows.values()))), strict=True))
        null = NullDistribution(
            {lang: of_row.mean[lang] for lang, of_row in nulls.items()},
            {lang: of_row.deviation[lang] for lang, of_row in nulls.items()},
            float(np.sort(best)[-self.weights.ceiling_trades :].mean()),
        )
        weighted_trades = tuple(zip(closest.tolist(), weights.tolist(), strict=True))
        return ExpandedQuery(embedding, rows, null, self._root_shares(best), weighted_trades)

    def shares(self, rows: Embeddings, lang: str) -> Embeddings:
        """The square roots of how much each trade has of passages, `(n, trades)`.

        `rows` are `(n, dimension)` embeddings of passages in a language.
        """
        trade_rows = self.embeddings.get(lang, next(iter(self.embeddings.values())))
        cosines = rows @ trade_rows.T
        standardised = cosines - cosines.mean(axis=1, keepdims=True)
        standardised /= np.maximum(cosines.std(axis=1, keepdims=True), 1e-6)
        return self._root_shares(standardised)

    def null_distribution(self, embedding: Embeddings) -> NullDistribution:
        (null,) = self.null_distributions(embedding[np.newaxis])
        return null

    def null_distributions(self, rows: Embeddings) -> list[NullDistribution]:
        """The null distribution of each of `(n, dimension)` embeddings."""
        standardised, means, deviations = self._standardised(rows)
        count = self.weights.ceiling_trades
        closest = np.partition(standardised.max(axis=1), -count, axis=1)[:, -count:]
        return [
            NullDistribution(
                dict(zip(self.embeddings, mean.tolist(), strict=True)),
                dict(zip(self.embeddings, deviation.tolist(), strict=True)),
                float(best.mean()),
            )
            for mean, deviation, best in zip(means, deviations, closest, strict=True)
        ]

    def _standardised(self, rows: Embeddings) -> tuple[Embeddings, Embeddings, Embeddings]:
        """Cosines to the trades, standardised by language `(n, languages, trades)`, and by what."""
        cosines = (rows @ self._stacked.T).reshape(len(rows), len(self.embeddings), -1)
        means = cosines.mean(axis=2)
        deviations = np.maximum(cosines.std(axis=2), 1e-6)
        standardised = (cosines - means[:, :, np.newaxis]) / deviations[:, :, np.newaxis]
        return standardised, means, deviations

    def _root_shares(self, standardised: Embeddings) -> Embeddings:
        """Square roots of a distribution over the last axis: the closer a trade, the more."""
        highest = standardised.max(axis=-1, keepdims=True)
        shares = np.exp(self.weights.sharpness * (standardised - highest))
        roots: Embeddings = np.sqrt(shares / shares.sum(axis=-1, keepdims=True))
        return roots


class Overlaps:
    """The overlap of passages with the trades that a query points to.

    That is the Bhattacharyya coefficient of two distributions over the trades: 0 where they have no
    trade in common, 1 where they are the same. Those of passages are remembered, in half precision:
    to compute them takes much longer than to compare them. Threads share it.
    """

    def __init__(self, background: Background, remembered: int = PASSAGES_REMEMBERED) -> None:
        self._background = background
        self._remembered = remembered
        self._rows: dict[tuple[int, str], int] = {}
        self._shares = np.zeros((1, background.count), np.float16)
        self._lock = threading.Lock()

    def of(
        self, expanded: ExpandedQuery, embeddings: Mapping[int, Embeddings], lang: str
    ) -> dict[int, float]:
        """The overlaps of a query with passages in a language, by id."""
        found: dict[int, float] = {}
        ids = list(embeddings)
        for first in range(0, len(ids), COMPUTED_AT_ONCE):
            batch = {id_: embeddings[id_] for id_ in ids[first : first + COMPUTED_AT_ONCE]}
            overlaps = self._shares_of(batch, lang).astype(np.float32) @ expanded.shares
            found.update(zip(batch, overlaps.tolist(), strict=True))
        return found

    def _shares_of(self, embeddings: Mapping[int, Embeddings], lang: str) -> NDArray[np.float16]:
        ids = list(embeddings)
        with self._lock:
            rows = [self._rows.get((id_, lang), -1) for id_ in ids]
            # What is not known has the last row, until it is computed.
            shares = self._shares[rows]
        missing = [at for at, row in enumerate(rows) if row < 0]
        if missing:
            new = np.stack([embeddings[ids[at]] for at in missing])
            computed = self._background.shares(new, lang).astype(np.float16)
            shares[missing] = computed
            with self._lock:
                self._remember([(ids[at], lang) for at in missing], computed)
        return shares

    def _remember(self, keys: Sequence[tuple[int, str]], computed: NDArray[np.float16]) -> None:
        """Keeps what was computed, but for what another thread has kept meanwhile."""
        new = [at for at, key in enumerate(keys) if key not in self._rows]
        if len(self._rows) + len(new) > self._remembered:
            self._rows.clear()
            new = list(range(len(keys)))
        first, end = len(self._rows), len(self._rows) + len(new)
        if end > len(self._shares):
            grown = np.zeros((2 * end, computed.shape[1]), np.float16)
            grown[: len(self._shares)] = self._shares
            self._shares = grown
        self._shares[first:end] = computed[new]
        self._rows.update((keys[at], first + row) for row, at in enumerate(new))


def _keep(path: Path, rows: Embeddings) -> None:
    """Writes a cache; what cannot be written is embedded again next time."""
    try:
        with replacing(path) as pending, pending.open("wb") as file:
            np.save(file, rows)
    except OSError as error:
        logger.info("The background was not kept: %s", error)
