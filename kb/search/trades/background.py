"""The background: all trades, whose cosines with a query show whether a closeness is chance."""

import contextlib
import hashlib
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.reference.trades import Trade, conversions, trades
from kb.search.weights import FilingWeights
from kb.text.analysis import STEMMERS
from kb.trade_index.trade_index import FiledWords, TradeIndex, Votes, probes_of
from kb.whole_file import replacing

logger = logging.getLogger(__name__)
CEILING_TRADES = 3  # count of the closest trades whose mean closeness is the ceiling
MOST, LEAST_SHARE, SURE = 3, 0.15, 0.5  # trades named; their least share; the likeliest's


@dataclass(frozen=True, slots=True)
class NullDistribution:
    """The cosines to all trades by language; `ceiling` is that of the closest, in deviations."""

    mean: Mapping[str, float]
    deviation: Mapping[str, float]
    ceiling: float
    need_odds: float = 0.0

    def standardised(self, cosines: Any, lang: str = "") -> Any:
        """Cosines as deviations above a chance trade's, in `lang` or the mean of all."""
        langs = (lang,) if lang in self.mean else tuple(self.mean)
        of_each = [(cosines - self.mean[known]) / self.deviation[known] for known in langs]
        return sum(of_each) / len(of_each)


@dataclass(frozen=True, slots=True)
class ComparedQuery:
    """A unit embedding with the √ of its odds by trade: to be filed there, to be done there."""

    embedding: Embeddings
    null: NullDistribution
    filing: Embeddings | None = None  # `(trades,)`
    able: Embeddings | None = None  # `(trades,)`: has the means, or takes in what is offered


class Background:
    """The embeddings of all trades by an encoder: language to `(trades, dimension)`."""

    def __init__(
        self,
        embeddings: Mapping[str, Embeddings],
        index: TradeIndex | None = None,
        filing: FilingWeights = FilingWeights(),
    ) -> None:
        self.embeddings, self.index, self._filing = embeddings, index, filing
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
        """The background of an encoder, kept in `cache`; an `index` of another is not used."""
        texts = [getattr(trade, lang) for lang in STEMMERS for trade in trades()]
        rows = kept_embeddings(texts, encoder, cache / "backgrounds" if cache else None)
        if index and not index.knows(probes_of(rows)):
            logger.info("The trade index is of another encoder than %s: not used", encoder.name)
            index = None
        return cls(dict(zip(STEMMERS, np.split(rows, len(STEMMERS)), strict=True)), index, filing)

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
        """The comparison of a `(dimension,)` unit embedding, with the stems of its words."""
        if (index := self.index) is None:
            return ComparedQuery(embedding, self.null_distributions(embedding[np.newaxis])[0])
        embedding = self._drawn(embedding, index, stems)
        row = embedding[np.newaxis]
        (null,) = self.null_distributions(row)
        votes = self._with_words(self._votes(index, row)[0], index.words, stems)
        filing = self._root_filing(votes, self._standardised(row)[0][0].max(axis=0))
        if offered:
            recovery = np.square(filing) * self._recovers
            votes = self._votes(index, row, Votes.TAKES)[0]
            votes = (votes + recovery / max(float(recovery.sum()), 1e-12)) / 2
        else:
            could = self._votes(index, row, Votes.COULD)[0]
            votes = self._with_words(could, index.able_words, stems)
        root_votes = np.sqrt(votes) if able else None
        return ComparedQuery(embedding, null, filing if filed and not offered else None, root_votes)

    def filing(self, rows: Embeddings, lang: str) -> Embeddings | None:
        """The √ of how likely passages are filed in each trade, `(n, trades)`, if known."""
        if self.index is None:
            return None
        cosines = rows @ self.embeddings.get(lang, next(iter(self.embeddings.values()))).T
        standardised = cosines - cosines.mean(axis=1, keepdims=True)
        standardised /= np.maximum(cosines.std(axis=1, keepdims=True), 1e-6)
        return self._root_filing(self._votes(self.index, rows), standardised)

    def null_distributions(self, rows: Embeddings) -> list[NullDistribution]:
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
        """The `(n, 2)` slope and origin that standardise cosines with embeddings."""
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

    def _drawn(
        self, embedding: Embeddings, index: TradeIndex, stems: Collection[str]
    ) -> Embeddings:
        """An embedding moved towards the trades whose phrases have its rare words."""
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

    def _with_words(
        self, votes: Embeddings, words: FiledWords, stems: Collection[str]
    ) -> Embeddings:
        """Votes of which the phrases with rare words have a share: half, if all words are rare."""
        of_words, said = words.votes(stems)
        share = self._filing.words
        return np.asarray((1 - share * said) * votes + share * of_words)

    def _votes(self, index: TradeIndex, rows: Embeddings, kind: Votes = Votes.FILED) -> Embeddings:
        return index.votes(rows, self._filing.nearest, self._filing.temperature, kind)

    def _root_filing(self, votes: Embeddings, standardised: Embeddings) -> Embeddings:
        """√P with P(t) ∝ exp(a z_t) (v_t + f)^b, over the last axis."""
        weights = self._filing
        logs = weights.votes * np.log(votes + weights.floor)
        logits = weights.closeness * standardised + logs
        shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
        roots: Embeddings = np.sqrt(shares / shares.sum(axis=-1, keepdims=True)).astype(np.float32)
        return roots


@dataclass(frozen=True, slots=True)
class LikelyTrade:
    trade: Trade
    share: float


def likely_trades(compared: ComparedQuery) -> tuple[LikelyTrade, ...]:
    """The trades in which a query would most likely be filed, likeliest first; none if not sure."""
    shares = np.zeros(1) if compared.filing is None else np.square(compared.filing)
    if shares.max() < SURE:
        return ()
    likeliest = np.argsort(-shares, kind="stable")[:MOST].tolist()
    return tuple(
        LikelyTrade(trades()[column], float(shares[column]))
        for column in likeliest
        if shares[column] >= LEAST_SHARE
    )


def kept_embeddings(texts: Sequence[str], encoder: Encoder, folder: Path | None) -> Embeddings:
    """The embeddings of documents, `(texts, dimension)`, kept in a `folder` if there is one."""
    shape = (len(texts), encoder.dimension)
    digest = hashlib.sha256("\n".join([encoder.fingerprint, *texts]).encode()).hexdigest()[:16]
    path = folder / f"{digest}.npy" if folder else None
    if path:
        with contextlib.suppress(OSError, ValueError, EOFError):
            rows: Embeddings = np.load(path)
            if rows.shape == shape:
                return rows
    logger.info("Embedding %d texts (once)", len(texts))
    rows = encoder.encode(texts, TextKind.DOCUMENT)
    if path:
        # What cannot be written is embedded again next time.
        with contextlib.suppress(OSError), replacing(path) as pending, pending.open("wb") as file:
            np.save(file, rows)
    return rows


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
