"""The background: all trades of the economy, which show whether a closeness is chance.

Cosines of a query crowd in a narrow band that moves with the query: a cosine means nothing by
itself. It is therefore compared with the cosines to the trades of the whole economy
(`kb.reference.trades`), each in French and in English:

- how many standard deviations a passage lies above the mean trade of its language: a query prefers
  text in its own language, whatever its content, and this takes it out;
- how close the closest trades of all are: to a need that no firm here meets, some trade elsewhere
  is closer than any firm here;
- in which trades a text would be filed, by its closeness to each trade and by the phrases of a
  trade index (`kb.trade_index`), and which trades could meet a need with their means.

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
from kb.search.weights import FilingWeights
from kb.text.analysis import STEMMERS
from kb.trade_index.filed_words import FiledWords
from kb.trade_index.trade_index import TradeIndex, Votes

logger = logging.getLogger(__name__)

CEILING_TRADES = 3
"""Count of the closest trades whose mean closeness is the ceiling."""


@dataclass(frozen=True, slots=True)
class ComparedQuery:
    """A query compared with all trades.

    Attributes:
        embedding: `(dimension,)`, unit.
        null: its null distribution.
        filing: the square roots of how likely it would be filed in each trade, `(trades,)`; None
            where that is not known, and for what is offered.
        able: the square roots of how likely each trade has the means for it, or takes in what is
            offered (half of it: the trades of recovery that it would be filed in), `(trades,)`;
            None without a trade index.
    """

    embedding: Embeddings
    null: NullDistribution
    filing: Embeddings | None = None
    able: Embeddings | None = None


class Background:
    """The embeddings of all trades by an encoder: language to `(trades, dimension)`.

    `index` is the trade index of the encoder, or None.
    """

    def __init__(
        self,
        embeddings: Mapping[str, Embeddings],
        index: TradeIndex | None = None,
        filing: FilingWeights = FilingWeights(),
    ) -> None:
        self.embeddings = embeddings
        self.index = index
        self._filing = filing
        self._stacked = np.concatenate(list(embeddings.values()))
        recovers = [float(trade.recovers) for trade in trades()][: self.count]
        self._recovers = np.array(recovers, np.float32)

    @classmethod
    def of(
        cls,
        encoder: Encoder,
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
        return cls(dict(zip(STEMMERS, embeddings, strict=True)), index, filing)

    @property
    def count(self) -> int:
        return len(next(iter(self.embeddings.values())))

    @property
    def fingerprint(self) -> str:
        """A digest of all that the trades of a passage are made of, beside its embedding."""
        digest = hashlib.sha256(f"{list(self.embeddings)} {self._filing}".encode())
        digest.update(self._stacked.tobytes())
        if self.index:
            digest.update(self.index.fingerprint.encode())
        return digest.hexdigest()[:32]

    def compared(
        self,
        embedding: Embeddings,
        stems: Collection[str] = (),
        *,
        filed: bool = True,
        able: bool = True,
        offered: bool = False,
    ) -> ComparedQuery:
        """The comparison of a `(dimension,)` unit embedding, with the stems of its words.

        It is not filed without `filed`, nor if it is `offered`; without `able`, nobody's means are
        looked for.
        """
        if self.index is not None:
            embedding = self._drawn(embedding, self.index, stems)
        (null,) = self.null_distributions(embedding[np.newaxis])
        if self.index is None:
            return ComparedQuery(embedding, null)
        filing = self._filing_of_query(self.index, embedding, stems)
        kind = Votes.TAKES if offered else Votes.COULD
        votes = self._votes(self.index, embedding[np.newaxis], kind)[0]
        if not offered:
            votes = self._with_words(votes, self.index.able_words, stems)
        if offered:
            recovery = np.square(filing) * self._recovers
            votes = (votes + recovery / max(float(recovery.sum()), 1e-12)) / 2
        return ComparedQuery(
            embedding,
            null,
            filing if filed and not offered else None,
            np.sqrt(votes) if able else None,
        )

    def filing(self, rows: Embeddings, lang: str) -> Embeddings | None:
        """The square roots of how likely passages would be filed in each trade, `(n, trades)`.

        `rows` are `(n, dimension)` embeddings of passages in a language. None without an index.
        """
        if self.index is None:
            return None
        votes = self._votes(self.index, rows)
        return self._root_filing(votes, self._standardised_in(rows, lang))

    def null_distributions(self, rows: Embeddings) -> list[NullDistribution]:
        """The null distribution of each of `(n, dimension)` embeddings."""
        standardised, means, deviations = self._standardised(rows)
        count = CEILING_TRADES
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

    def _drawn(
        self, embedding: Embeddings, index: TradeIndex, stems: Collection[str]
    ) -> Embeddings:
        """An embedding moved towards the trades whose phrases have its rare words.

        The encoder may not know such a word; the lexicon does.
        """
        (filed, of_filed), (able, of_able) = (
            words.votes(stems) for words in (index.words, index.able_words)
        )
        said, votes = max(of_filed, of_able), filed + able
        if not said:
            return embedding
        towards = votes @ np.mean(list(self.embeddings.values()), axis=0)
        towards /= max(float(np.linalg.norm(towards)), 1e-12)
        moved = embedding + self._filing.drawn * said * towards
        return np.asarray(moved / np.linalg.norm(moved), np.float32)

    def _filing_of_query(
        self, index: TradeIndex, embedding: Embeddings, stems: Collection[str]
    ) -> Embeddings:
        """The phrases nearest to a query vote, and those with its rare words: `(trades,)`."""
        (votes,) = self._votes(index, embedding[np.newaxis])
        votes = self._with_words(votes, index.words, stems)
        return self._root_filing(votes, self._standardised(embedding[np.newaxis])[0][0].max(axis=0))

    def _with_words(
        self, votes: Embeddings, words: FiledWords, stems: Collection[str]
    ) -> Embeddings:
        """Votes of which the phrases with rare words have a share: half, if all words are rare."""
        of_words, said = words.votes(stems)
        share = self._filing.words
        return np.asarray((1 - share * said) * votes + share * of_words)

    def _votes(self, index: TradeIndex, rows: Embeddings, kind: Votes = Votes.FILED) -> Embeddings:
        return index.votes(rows, self._filing.nearest, self._filing.temperature, kind)[0]

    def _root_filing(self, votes: Embeddings, standardised: Embeddings) -> Embeddings:
        """√P with P(t) ∝ exp(a z_t) (v_t + f)^b, over the last axis."""
        weights = self._filing
        logs = weights.votes * np.log(votes + weights.floor)
        return _root_softmax(weights.closeness * standardised + logs)


def _root_softmax(logits: Embeddings) -> Embeddings:
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    roots: Embeddings = np.sqrt(shares / shares.sum(axis=-1, keepdims=True)).astype(np.float32)
    return roots
