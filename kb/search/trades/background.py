"""The background: all trades of the economy, which show whether a closeness is chance.

Cosines of a query crowd in a narrow band that moves with the query: a cosine means nothing by
itself. It is therefore compared with the cosines to the trades of the whole economy
(`kb.reference.trades`), each in French and in English:

- how many standard deviations a passage lies above the mean trade of its language: a query prefers
  text in its own language, whatever its content, and this takes it out;
- how close the closest trades of all are: to a need that no firm here meets, some trade elsewhere
  is closer than any firm here;
- in which trades a text would be filed: by its closeness to each trade, and by the phrases of a
  trade index (`kb.trade_index`), if the encoder has one.

Unlike the passages of a base, the background neither grows nor leans to one sector, so that a
score says the same in a base of fifty firms and in one of fifty thousand.
"""

import hashlib
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder
from kb.reference.trades import trades
from kb.search.trades.kept_embeddings import kept_embeddings
from kb.search.trades.null_distribution import NullDistribution
from kb.search.weights import ExpansionWeights, FilingWeights
from kb.text.analysis import STEMMERS
from kb.trade_index.trade_index import TradeIndex

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExpandedQuery:
    """A query with the trades that it points to.

    `rows` are its embedding moved towards the closest trades in a language, to be compared with
    passages in that language: an English query knows by them how French puts it. `null` is that
    of these rows, by language, but for its `ceiling`, which is of the query itself. `shares`
    are the square roots of how much of the query each trade has, `(trades,)`; `filing` those of how
    likely it would be filed in each, None where that is not known; `trades` the indices of the
    closest in `kb.reference.trades`, with their weights.
    """

    embedding: Embeddings
    rows: Mapping[str, Embeddings]
    null: NullDistribution
    shares: Embeddings
    trades: tuple[tuple[int, float], ...]
    filing: Embeddings | None = None

    @property
    def mean_row(self) -> Embeddings:
        """The mean of the rows: what passages are retrieved by, whatever their language."""
        mean: Embeddings = np.mean(list(self.rows.values()), axis=0)
        return mean


class Background:
    """The embeddings of all trades by an encoder: language to `(trades, dimension)`.

    `index` is the trade index of the encoder, or None.
    """

    def __init__(
        self,
        embeddings: Mapping[str, Embeddings],
        weights: ExpansionWeights,
        index: TradeIndex | None = None,
        filing: FilingWeights = FilingWeights(),
    ) -> None:
        self.embeddings = embeddings
        self.weights = weights
        self.index = index
        self._filing = filing
        self._stacked = np.concatenate(list(embeddings.values()))

    @classmethod
    def of(
        cls,
        encoder: Encoder,
        weights: ExpansionWeights,
        cache: Path | None = None,
        index: TradeIndex | None = None,
        filing: FilingWeights = FilingWeights(),
    ) -> "Background":
        """The background of an encoder; kept in the folder `cache`, for the next time.

        A trade `index` of another encoder is left out.
        """
        by_lang = {"fr": [trade.fr for trade in trades()], "en": [trade.en for trade in trades()]}
        texts = [text for lang in STEMMERS for text in by_lang[lang]]
        rows = kept_embeddings(texts, encoder, cache / "backgrounds" if cache else None)
        if index and not index.is_of(rows):
            logger.info("The trade index is of another encoder than %s: not used", encoder.name)
            index = None
        embeddings = np.split(rows, len(STEMMERS))
        return cls(dict(zip(STEMMERS, embeddings, strict=True)), weights, index, filing)

    @property
    def count(self) -> int:
        return len(next(iter(self.embeddings.values())))

    @property
    def fingerprint(self) -> str:
        """A digest of all that the trades of a passage are made of, beside its embedding."""
        digest = hashlib.sha256(f"{list(self.embeddings)} {self.weights} {self._filing}".encode())
        digest.update(self._stacked.tobytes())
        if self.index:
            digest.update(self.index.fingerprint.encode())
        return digest.hexdigest()[:32]

    def expand(
        self,
        embedding: Embeddings,
        stems: Collection[str] = (),
        *,
        to_trades: bool = True,
        filed: bool = True,
    ) -> ExpandedQuery:
        """The expanded query of a `(dimension,)` unit embedding, with the stems of its words.

        Without `to_trades`, its rows are all the embedding itself. It has no filing without
        `filed`.
        """
        by_lang = self._standardised(embedding[np.newaxis])[0][0]
        best = by_lang.max(axis=0)
        filing = self._filing_of_query(embedding, best, stems) if filed else None
        drawn = best if filing is None else 2 * np.log(np.maximum(filing, 1e-12))
        closest = np.argsort(-drawn, kind="stable")[: self.weights.trades]
        weights = np.exp(drawn[closest] - drawn[closest[0]])
        weights /= weights.sum()
        share = self.weights.share if to_trades else 0
        rows = {
            lang: embedding + share * (weights @ trade_rows[closest])
            for lang, trade_rows in self.embeddings.items()
        }
        cosines = {lang: self.embeddings[lang] @ row for lang, row in rows.items()}
        null = NullDistribution(
            {lang: float(of_row.mean()) for lang, of_row in cosines.items()},
            {lang: max(float(of_row.std()), 1e-6) for lang, of_row in cosines.items()},
            float(np.sort(best)[-self.weights.ceiling_trades :].mean()),
        )
        weighted_trades = tuple(zip(closest.tolist(), weights.tolist(), strict=True))
        shares = self._root_shares(best)
        return ExpandedQuery(embedding, rows, null, shares, weighted_trades, filing)

    def shares(self, rows: Embeddings, lang: str) -> tuple[Embeddings, Embeddings | None]:
        """How much each trade has of passages, and how likely they would be filed in it.

        `rows` are `(n, dimension)` embeddings of passages in a language. Both are square roots,
        `(n, trades)`; the second is None without a trade index.
        """
        standardised = self._standardised_in(rows, lang)
        return self._root_shares(standardised), self._filing_of_passages(rows, standardised)

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

    def lines(self, rows: Embeddings) -> Embeddings:
        """The slope and the origin by which cosines with these embeddings are standardised.

        `(n, 2)`: a cosine c is slope × c − origin, the mean over the languages.
        """
        _, means, deviations = self._standardised(rows)
        lines = np.stack([(1 / deviations).mean(axis=1), (means / deviations).mean(axis=1)], axis=1)
        return np.asarray(lines, np.float32)

    def _standardised(self, rows: Embeddings) -> tuple[Embeddings, Embeddings, Embeddings]:
        """Cosines to the trades, standardised by language `(n, languages, trades)`, and by what."""
        cosines = (rows @ self._stacked.T).reshape(len(rows), len(self.embeddings), -1)
        means = cosines.mean(axis=2)
        deviations = np.maximum(cosines.std(axis=2), 1e-6)
        standardised = (cosines - means[:, :, np.newaxis]) / deviations[:, :, np.newaxis]
        return standardised, means, deviations

    def _standardised_in(self, rows: Embeddings, lang: str) -> Embeddings:
        """Cosines to the trades as a language tells them, standardised, `(n, trades)`."""
        trade_rows = self.embeddings.get(lang, next(iter(self.embeddings.values())))
        cosines = rows @ trade_rows.T
        standardised = cosines - cosines.mean(axis=1, keepdims=True)
        standardised /= np.maximum(cosines.std(axis=1, keepdims=True), 1e-6)
        return np.asarray(standardised)

    def _root_shares(self, standardised: Embeddings) -> Embeddings:
        """Square roots of a distribution over the last axis: the closer a trade, the more."""
        return _root_softmax(self.weights.sharpness * standardised)

    def _filing_of_query(
        self, embedding: Embeddings, standardised: Embeddings, stems: Collection[str]
    ) -> Embeddings | None:
        """Square roots of how likely a query would be filed in each trade, `(trades,)`.

        The phrases nearest to it vote, and those with its rare words. None without an index.
        """
        if self.index is None:
            return None
        weights = self._filing
        of_words, said = self.index.words.votes(stems)
        votes = self._votes(self.index, embedding[np.newaxis])[0]
        votes = (1 - weights.words * said) * votes + weights.words * of_words
        return self._root_filing(votes, standardised)

    def _filing_of_passages(self, rows: Embeddings, standardised: Embeddings) -> Embeddings | None:
        """The same of passages, `(n, trades)`."""
        if self.index is None:
            return None
        return self._root_filing(self._votes(self.index, rows), standardised)

    def _votes(self, index: TradeIndex, rows: Embeddings) -> Embeddings:
        return index.votes(rows, self._filing.nearest, self._filing.temperature)[0]

    def _root_filing(self, votes: Embeddings, standardised: Embeddings) -> Embeddings:
        """√P with P(t) ∝ exp(a z_t) (v_t + f)^b, over the last axis."""
        weights = self._filing
        logs = weights.votes * np.log(votes + weights.floor)
        return _root_softmax(weights.closeness * standardised + logs)


def _root_softmax(logits: Embeddings) -> Embeddings:
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    roots: Embeddings = np.sqrt(shares / shares.sum(axis=-1, keepdims=True)).astype(np.float32)
    return roots
