"""A trade index: the embedded phrases of activity indexes, with the trades that they are filed in.

The indexes with which statistical offices file firms name fifty products and services where the
title of a class names one. Their phrases near to a text vote for its trades:

    v(t) = Σ_phrases exp((s − s_max) / τ) · share of t in the phrase,   Σ_t v(t) = 1

with s the cosine of the text and a phrase, over the phrases nearest to the text. So an English
word has its French trades, and a product that the encoder hardly knows has those of its neighbours.
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kb.encoder.encoder import Embeddings
from kb.errors import EncoderError
from kb.reference.trades import trades
from kb.trade_index.filed_words import FiledWords

INDEX_FILE, FILED_FILE, CARD_FILE = "phrases.faiss", "trades.npz", "card.json"

BUNDLED = Path(__file__).parent / "bundled"
"""The folder of the trade index that comes with the program, for the default encoder."""

AGREEMENT = 0.995
"""Least mean cosine of an encoder's embeddings of the probes and those of the index's encoder.

The same model has 0.999 and more on another engine; the same model with another adaptation, 0.98
at most.
"""

LISTS_READ = 16
"""Count of the lists of phrases that are read for a text, if FAISS keeps them in lists."""

_UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, EOFError, zipfile.BadZipFile)

PROBED = 20
"""A trade in so many is a probe: it tells whether an index is of the encoder in use."""


@dataclass(frozen=True, slots=True)
class TradeIndex:
    """Embedded phrases, and the trades of each.

    Attributes:
        phrases: the FAISS index of the phrases, by inner product; ids are rows of `filed`.
        filed: the trades of each phrase, `(phrases, trades)`, rows of sum 1.
        probes: the embeddings of the probed trades by the encoder of the index.
        words: the rare words of the phrases.
    """

    phrases: Any
    filed: sparse.csr_matrix
    probes: Embeddings
    words: FiledWords

    def __len__(self) -> int:
        return int(self.filed.shape[0])

    def votes(self, rows: Embeddings, nearest: int, temperature: float) -> NDArray[np.float32]:
        """The share of each trade in the vote of the phrases nearest to texts.

        Args:
            rows: `(n, dimension)` unit embeddings.
            nearest: count of the phrases that vote.
            temperature: τ; the lower, the more the nearest phrase of all decides.

        Returns:
            `(n, trades)`, rows of sum 1.
        """
        if not len(rows):
            return np.zeros((0, self.filed.shape[1]), np.float32)
        cosines, ids = self.phrases.search(np.ascontiguousarray(rows), min(nearest, len(self)))
        # In the lists that are read, FAISS may find fewer: the rest have no id and do not vote.
        cosines = np.where(ids < 0, -1, cosines)
        weights = np.exp((cosines - cosines[:, :1]) / temperature) * (ids >= 0)
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
        ids = np.maximum(ids, 0)
        starts = np.arange(0, ids.size + 1, ids.shape[1])
        voters = sparse.csr_matrix(
            (weights.ravel(), ids.ravel(), starts), shape=(len(rows), len(self))
        )
        return np.asarray((voters @ self.filed).toarray(), np.float32)

    def is_of(self, trade_rows: Embeddings) -> bool:
        """Returns whether an encoder is the one of this index, by its embeddings of all trades."""
        own = probes_of(trade_rows)
        if own.shape != self.probes.shape:
            return False
        return float(np.mean(np.sum(own * self.probes, axis=1))) >= AGREEMENT

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        rows: Embeddings,
        filed: Sequence[Sequence[str]],
        trade_rows: Embeddings,
        factory: str,
    ) -> "TradeIndex":
        """The trade index of embedded phrases.

        Args:
            texts: the phrases.
            rows: their embeddings, `(phrases, dimension)`, unit.
            filed: the codes of the trades of each phrase.
            trade_rows: the embeddings of all trades by the same encoder, `(trades, dimension)`.
            factory: how FAISS keeps the phrases, in its own words (`Flat`, `PQ96`…).
        """
        columns = {trade.code: column for column, trade in enumerate(trades())}
        phrases = faiss.index_factory(rows.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
        phrases.train(rows)
        phrases.add(rows)
        if isinstance(phrases, faiss.IndexIVF):
            phrases.nprobe = LISTS_READ
        counts = [len(codes) for codes in filed]
        shares = np.repeat([1 / count for count in counts], counts).astype(np.float32)
        of_each = [columns[code] for codes in filed for code in codes]
        starts = np.concatenate([[0], np.cumsum(counts)])
        matrix = sparse.csr_matrix((shares, of_each, starts), shape=(len(rows), len(columns)))
        trades_of = [[columns[code] for code in codes] for codes in filed]
        words = FiledWords.of(zip(texts, trades_of, strict=True), len(columns))
        return cls(phrases, matrix, probes_of(trade_rows), words)

    def write(self, folder: Path, card: Mapping[str, Any]) -> None:
        """Writes the index and its card into a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        faiss.write_index(self.phrases, str(folder / INDEX_FILE))
        np.savez_compressed(
            folder / FILED_FILE,
            trades=self.filed.indices.astype(np.uint16),
            starts=self.filed.indptr.astype(np.int32),
            probes=self.probes.astype(np.float16),
        )
        self.words.write(folder)
        text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
        (folder / CARD_FILE).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "TradeIndex":
        """Reads what `write` wrote.

        Raises:
            EncoderError: the folder holds no trade index that can be read.
        """
        try:
            phrases = faiss.read_index(str(folder / INDEX_FILE))
            with (folder / FILED_FILE).open("rb") as file, np.load(file) as kept:
                of_each, starts = kept["trades"].astype(np.int32), kept["starts"]
                probes = kept["probes"].astype(np.float32)
            words = FiledWords.read(folder, len(trades()))
        except _UNREADABLE as error:
            raise EncoderError(f"{folder} holds no trade index: {error}".splitlines()[0]) from None
        counts = np.diff(starts)
        shape = (len(counts), len(trades()))
        if (
            phrases.ntotal != len(counts)
            or np.any(counts < 1)
            or counts.sum() != len(of_each)
            or of_each.max(initial=0) >= shape[1]
        ):
            raise EncoderError(f"{folder}: {INDEX_FILE} and {FILED_FILE} are of two trade indexes.")
        shares = np.repeat(1 / counts, counts).astype(np.float32)
        matrix = sparse.csr_matrix((shares, of_each, starts), shape=shape)
        return cls(phrases, matrix, probes, words)


def probes_of(trade_rows: Embeddings) -> Embeddings:
    """The rows of the probed trades, of the embeddings of all trades."""
    return np.ascontiguousarray(trade_rows[::PROBED], np.float32)
