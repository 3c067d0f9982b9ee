"""A trade index: embedded phrases of trades, each with the trades that it is of.

Three kinds (`Votes`): what firms are filed by (indexes of activities, and what firms of a class
make, with which means), what they could make with their means, and what they can take in. The
phrases of a kind near to a text vote for its trades:

    v(t) = Σ_phrases exp((s − s_max) / τ) · share of t in the phrase,   Σ_t v(t) = 1

with s the cosine of the text and a phrase, over the phrases nearest to the text. So an English
word has its French trades, and a product that the encoder hardly knows has those of its neighbours.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.errors import EncoderError
from kb.one_thread import take_one_thread
from kb.reference.trades import trades
from kb.trade_index.filed_words import ABLE_WORDS_FILE, WORDS_FILE, FiledWords

INDEX_FILE, FILED_FILE, CARD_FILE = "phrases.faiss", "trades.npz", "card.json"
_FILES = (INDEX_FILE, FILED_FILE, WORDS_FILE, ABLE_WORDS_FILE)

BUNDLED = Path(__file__).parent / "bundled"
"""The folder of the trade index that comes with the program, for the default encoder."""

AGREEMENT = 0.995
"""Least mean cosine of an encoder's embeddings of the probes and those of the index's encoder.

The same model has 0.999 and more on another engine; the same model with another adaptation, 0.98
at most.
"""

LISTS_READ = 16
"""Count of the lists of phrases that are read for a text, if FAISS keeps them in lists."""

_UNREADABLE = (
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    EOFError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What FAISS, NumPy, SciPy and JSON say of a file that they cannot read."""

PROBED = 20
"""A trade in so many is a probe: it tells whether an index is of the encoder in use."""


class Votes(IntEnum):
    """What phrases vote on: where a text is filed, who could make it, who takes it in."""

    FILED = 0
    COULD = 1
    TAKES = 2


@dataclass(frozen=True, slots=True)
class TradeIndex:
    """Embedded phrases, and the trades of each.

    Attributes:
        phrases: the FAISS index of the phrases, by inner product; ids are rows of `filed`.
        filed: the trades of each phrase, `(phrases, trades)`, rows of sum 1.
        probes: the embeddings of the probed trades by the encoder of the index.
        ends: of each kind of phrases (`Votes`), the row after its last; kinds are in order.
        words: the rare words of the phrases that texts are filed by.
        able_words: those of what firms could make.
        encoder: the name of the encoder, as the card has it.
        lexicon: the digest of the lexicon that its phrases are of, likewise.
    """

    phrases: Any
    filed: sparse.csr_matrix
    probes: Embeddings
    words: FiledWords
    able_words: FiledWords
    ends: tuple[int, ...]
    encoder: str = ""
    lexicon: str = ""

    def __len__(self) -> int:
        return int(self.filed.shape[0])

    @property
    def fingerprint(self) -> str:
        """A digest of the embedded phrases and of their trades."""
        digest = hashlib.sha256(faiss.serialize_index(self.phrases).tobytes())
        for part in (self.filed.data, self.filed.indices, self.filed.indptr):
            digest.update(part.tobytes())
        return digest.hexdigest()[:32]

    def count(self, kind: Votes) -> int:
        """The count of the phrases of a kind."""
        return self.ends[kind] - (self.ends[kind - 1] if kind else 0)

    def votes(
        self, rows: Embeddings, nearest: int, temperature: float, kind: Votes = Votes.FILED
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The share of each trade in the vote of the phrases nearest to texts.

        Args:
            rows: `(n, dimension)` unit embeddings.
            nearest: count of the phrases that vote.
            temperature: τ; the lower, the more the nearest phrase of all decides.
            kind: of the phrases that vote.

        Returns:
            `(n, trades)`, rows of sum 1, and the cosine of the nearest phrase, `(n,)`; zeros
            without phrases of this kind.
        """
        count = self.count(kind)
        if not len(rows) or not count:
            return np.zeros((len(rows), self.filed.shape[1]), np.float32), np.zeros(
                len(rows), np.float32
            )
        take_one_thread()
        cosines, ids = self.phrases.search(
            np.ascontiguousarray(rows), min(nearest, count), params=self._among(kind)
        )
        # In the lists that are read, FAISS may find fewer: the rest have no id and do not vote.
        cosines = np.where(ids < 0, -1, cosines)
        weights = np.exp((cosines - cosines[:, :1]) / temperature) * (ids >= 0)
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
        ids = np.maximum(ids, 0)
        starts = np.arange(0, ids.size + 1, ids.shape[1])
        voters = sparse.csr_matrix(
            (weights.ravel(), ids.ravel(), starts), shape=(len(rows), len(self))
        )
        return np.asarray((voters @ self.filed).toarray(), np.float32), cosines[:, 0]

    def nearest(self, row: Embeddings, kind: Votes, count: int = 60) -> list[int]:
        """The phrases of a kind nearest to a `(dimension,)` row, counted from its first."""
        count = min(count, self.count(kind))
        if not count:
            return []
        take_one_thread()
        _, ids = self.phrases.search(
            np.ascontiguousarray(row[np.newaxis]), count, params=self._among(kind)
        )
        first = self.ends[kind] - self.count(kind)
        return [id_ - first for id_ in ids[0].tolist() if id_ >= 0]

    def _among(self, kind: Votes) -> Any:
        """What has FAISS look among the phrases of a kind alone."""
        sel: Any = faiss.IDSelectorRange(self.ends[kind] - self.count(kind), self.ends[kind])
        of_faiss: Any = faiss
        if isinstance(self.phrases, faiss.IndexIVF):
            return of_faiss.SearchParametersIVF(sel=sel, nprobe=LISTS_READ)
        return of_faiss.SearchParameters(sel=sel)

    def is_of(self, trade_rows: Embeddings) -> bool:
        """Returns whether an encoder is the one of this index, by its embeddings of all trades."""
        return self.knows(probes_of(trade_rows))

    def knows(self, own: Embeddings) -> bool:
        """Returns whether an encoder is the one of this index, by its embeddings of the probes."""
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
        ends: Sequence[int] = (),
    ) -> "TradeIndex":
        """The trade index of embedded phrases.

        Args:
            texts: the phrases, empty where their words are not to be kept.
            rows: their embeddings, `(phrases, dimension)`, unit.
            filed: the codes of the trades of each phrase.
            trade_rows: the embeddings of all trades by the same encoder, `(trades, dimension)`.
            factory: how FAISS keeps the phrases, in its own words (`Flat`, `PQ96`…).
            ends: as the attribute; without, texts are filed by all phrases.
        """
        ends = tuple(ends) or (len(rows),) * len(Votes)
        columns = {trade.code: column for column, trade in enumerate(trades())}
        phrases = faiss.index_factory(rows.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
        phrases.train(rows)
        phrases.add(rows)
        counts = [len(codes) for codes in filed]
        shares = np.repeat([1 / count for count in counts], counts).astype(np.float32)
        of_each = [columns[code] for codes in filed for code in codes]
        starts = np.concatenate([[0], np.cumsum(counts)])
        matrix = sparse.csr_matrix((shares, of_each, starts), shape=(len(rows), len(columns)))
        trades_of = [[columns[code] for code in codes] for codes in filed]
        pairs = list(zip(texts, trades_of, strict=True))
        words, able_words = (
            FiledWords.of([pair for pair in of_kind if pair[0]], len(columns))
            for of_kind in (pairs[: ends[0]], pairs[ends[0] : ends[1]])
        )
        return cls(phrases, matrix, probes_of(trade_rows), words, able_words, ends)

    def write(self, folder: Path, card: Mapping[str, Any]) -> None:
        """Writes the index and its card into a folder, which is made.

        The card gets the digests of the files, by which `read` knows that they are whole.
        """
        folder.mkdir(parents=True, exist_ok=True)
        faiss.write_index(self.phrases, str(folder / INDEX_FILE))
        np.savez_compressed(
            folder / FILED_FILE,
            trades=self.filed.indices.astype(np.uint16),
            starts=self.filed.indptr.astype(np.int32),
            probes=self.probes.astype(np.float16),
            ends=np.array(self.ends, np.int32),
        )
        self.words.write(folder / WORDS_FILE)
        self.able_words.write(folder / ABLE_WORDS_FILE)
        whole = {**card, "files": {name: _digest(folder / name) for name in _FILES}}
        text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
        (folder / CARD_FILE).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "TradeIndex":
        """Reads what `write` wrote.

        Raises:
            EncoderError: the folder holds no trade index, or a file of it is damaged.
        """
        try:
            card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
            for name in _FILES:
                if card["files"][name] != _digest(folder / name):
                    raise ValueError(f"{name} is not the one that {CARD_FILE} names")
            phrases = faiss.read_index(str(folder / INDEX_FILE))
            with (folder / FILED_FILE).open("rb") as file, np.load(file) as kept:
                if "ends" not in kept:
                    raise ValueError(f"{FILED_FILE} is of an older version: make the index again")
                of_each, starts = kept["trades"].astype(np.int32), kept["starts"].astype(np.int32)
                probes = kept["probes"].astype(np.float32)
                ends = tuple(kept["ends"].tolist())
            words = FiledWords.read(folder / WORDS_FILE, len(trades()))
            able_words = FiledWords.read(folder / ABLE_WORDS_FILE, len(trades()))
            counts = np.diff(starts)
            if len(starts) < 2 or np.any(counts < 1):
                raise ValueError(f"{FILED_FILE} has phrases without a trade")
            shares = np.repeat(1 / counts, counts).astype(np.float32)
            shape = (len(counts), len(trades()))
            filed = sparse.csr_matrix((shares, of_each, starts), shape=shape)
            told = str(card.get("encoder", "")), str(card.get("lexicon", ""))
            index = cls(phrases, filed, probes, words, able_words, ends, *told)
            index._check()
        except _UNREADABLE as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise EncoderError(
                f"{folder} holds no trade index that can be read: {reason}"
            ) from None
        return index

    def _check(self) -> None:
        """Checks that the parts are of one index.

        Raises:
            ValueError: they are not.
        """
        if self.phrases.ntotal != len(self):
            raise ValueError(f"{self.phrases.ntotal} phrases and the trades of {len(self)}")
        if len(self.ends) != len(Votes) or sorted((0, *self.ends, len(self))) != [
            0,
            *self.ends,
            len(self),
        ]:
            raise ValueError(f"the kinds of {len(self)} phrases end at {self.ends}")
        if self.phrases.metric_type != faiss.METRIC_INNER_PRODUCT:
            raise ValueError(f"{INDEX_FILE} does not compare by inner product")
        if self.probes.ndim != 2 or self.probes.shape[1] != self.phrases.d:
            raise ValueError(
                f"phrases of dimension {self.phrases.d} and probes of shape {self.probes.shape}"
            )
        for part in (self.filed, self.words.filed, self.able_words.filed):
            part.check_format(full_check=True)
        numbers = (self.probes, self.words.filed.data, self.words.rarity)
        if not all(np.all(np.isfinite(part)) for part in numbers):
            raise ValueError("a number is infinite or none")


def probes_of(trade_rows: Embeddings) -> Embeddings:
    """The rows of the probed trades, of the embeddings of all trades."""
    return np.ascontiguousarray(trade_rows[::PROBED], np.float32)


def probe_rows(encoder: Encoder) -> Embeddings:
    """The embeddings of the probed trades by an encoder."""
    texts = [*(trade.fr for trade in trades()), *(trade.en for trade in trades())]
    rows = encoder.encode(texts[::PROBED], TextKind.DOCUMENT)
    return np.ascontiguousarray(rows, np.float32)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
