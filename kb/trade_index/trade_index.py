"""A trade index: embedded phrases of trades, each with its trades, which vote for those of a text.

v(t) = Σ exp((s - s_max) / τ) · share of t, over the nearest phrases of a kind, of cosine s.
"""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
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
from kb.settings import BUNDLED_TRADE_INDEX, NO_TRADE_INDEX, Settings
from kb.text.analysis import query_stems

WORDS_FILE, ABLE_WORDS_FILE = "words.npz", "able-words.npz"  # firms are filed by, could make
INDEX_FILE, FILED_FILE, CARD_FILE = "phrases.faiss", "trades.npz", "card.json"
_FILES = (INDEX_FILE, FILED_FILE, WORDS_FILE, ABLE_WORDS_FILE)
BUNDLED = Path(__file__).parent / "bundled"  # for the default encoder
AGREEMENT = 0.995  # least mean cosine of probes: same model 0.999, other adaptation 0.98
LISTS_READ = 16  # lists of phrases read for a text, if FAISS keeps them in lists
PROBED = 20  # a trade in so many is a probe: it tells whether an index is of the encoder in use
MOST_PHRASES = 30  # a word of more phrases is common: it tells no trade by itself


class Votes(IntEnum):
    """What phrases vote on: where a text is filed, who could make it, who takes it in."""

    FILED = 0
    COULD = 1
    TAKES = 2


@dataclass(frozen=True, slots=True)
class FiledWords:
    """Rare words of phrases, by stem, with their trades: encoders may not know them."""

    rows: dict[str, int]
    filed: sparse.csr_matrix  # the share of each trade, `(stems, trades)`, rows of sum 1
    rarity: NDArray[np.float32]  # `(stems,)`: 1 in a single phrase, less in several

    def votes(self, stems: Collection[str]) -> tuple[NDArray[np.float32], float]:
        """The votes of stems for each trade, `(trades,)`, by rarity, and their sum: at most 1."""
        known = [self.rows[stem] for stem in stems if stem in self.rows]
        if not known:
            return np.zeros(self.filed.shape[1], np.float32), 0.0
        weights = self.rarity[known] / len(stems)
        return np.asarray(weights @ self.filed[known], np.float32), float(weights.sum())

    @classmethod
    def of(cls, phrases: Iterable[tuple[str, Sequence[int]]], trades: int) -> "FiledWords":
        """The filed words of phrases, each with the indices of its trades, of so many in all."""
        counts: dict[str, int] = defaultdict(int)
        shares: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        total = 0
        for text, filed in phrases:
            total += 1
            for stem in query_stems(text):
                counts[stem] += 1
                for trade in filed:
                    shares[stem][trade] += 1 / len(filed)
        rare = sorted(
            stem for stem, count in counts.items() if count <= MOST_PHRASES and stem.isalpha()
        )
        of_each = [sorted(shares[stem].items()) for stem in rare]
        data = [
            share / counts[stem] for stem, of in zip(rare, of_each, strict=True) for _, share in of
        ]
        columns = [trade for of in of_each for trade, _ in of]
        starts = np.concatenate([[0], np.cumsum([len(of) for of in of_each])])
        matrix = sparse.csr_matrix(
            (np.array(data, np.float32), columns, starts), (len(rare), trades)
        )
        most = max(math.log(max(total, 2)), 1e-6)
        rarity = np.array(
            [math.log(max(total, 2) / counts[stem]) / most for stem in rare], np.float32
        )
        return cls({stem: row for row, stem in enumerate(rare)}, matrix, rarity)

    def write(self, path: Path) -> None:
        np.savez_compressed(
            path,
            stems=np.frombuffer("\n".join(self.rows).encode(), np.uint8),
            trades=self.filed.indices.astype(np.uint16),
            starts=self.filed.indptr.astype(np.int32),
            shares=self.filed.data.astype(np.float16),
            rarity=self.rarity.astype(np.float16),
        )

    @classmethod
    def read(cls, path: Path, trades: int) -> "FiledWords":
        with path.open("rb") as file, np.load(file) as kept:
            text = kept["stems"].tobytes().decode()
            stems = text.split("\n") if text else []
            rarity = kept["rarity"].astype(np.float32)
            parts = kept["shares"].astype(np.float32), kept["trades"].astype(int), kept["starts"]
        matrix = sparse.csr_matrix(parts, (len(stems), trades))
        return cls({stem: row for row, stem in enumerate(stems)}, matrix, rarity)


@dataclass(frozen=True, slots=True)
class TradeIndex:
    """Embedded phrases, kind after kind (`ends`), and the trades of each, `filed`."""

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
        return self.ends[kind] - (self.ends[kind - 1] if kind else 0)

    def votes(
        self, rows: Embeddings, nearest: int, temperature: float, kind: Votes = Votes.FILED
    ) -> NDArray[np.float32]:
        """The `(n, trades)` shares of each trade in the vote of the `nearest` phrases of a kind."""
        count = self.count(kind)
        if not len(rows) or not count:
            return np.zeros((len(rows), self.filed.shape[1]), np.float32)
        cosines, ids = self._search(rows, min(nearest, count), kind)
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

    def nearest(self, row: Embeddings, kind: Votes, count: int = 60) -> list[int]:
        """The phrases of a kind nearest to a `(dimension,)` row, counted from its first."""
        count = min(count, self.count(kind))
        if not count:
            return []
        _, ids = self._search(row[np.newaxis], count, kind)
        first = self.ends[kind] - self.count(kind)
        return [id_ - first for id_ in ids[0].tolist() if id_ >= 0]

    def _search(self, rows: Embeddings, count: int, kind: Votes) -> Any:
        """The cosines and the ids of the phrases of a kind nearest to each row."""
        take_one_thread()
        sel: Any = faiss.IDSelectorRange(self.ends[kind] - self.count(kind), self.ends[kind])
        of_faiss: Any = faiss
        among = of_faiss.SearchParameters(sel=sel)
        if isinstance(self.phrases, faiss.IndexIVF):
            among = of_faiss.SearchParametersIVF(sel=sel, nprobe=LISTS_READ)
        return self.phrases.search(np.ascontiguousarray(rows), count, params=among)

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
        """The trade index of unit embeddings of phrases, in FAISS by `factory` (`Flat`)."""
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
        """Writes the index into a folder, and its card with the digests of the files."""
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
        """Reads what `write` wrote; raises `EncoderError` if it is none, or damaged."""
        try:
            card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
            if card["files"] != {name: _digest(folder / name) for name in _FILES}:
                raise ValueError(f"its files are not those that {CARD_FILE} names")  # noqa: TRY301
            with (folder / FILED_FILE).open("rb") as file, np.load(file) as kept:
                columns, starts = kept["trades"].astype(np.int32), kept["starts"].astype(np.int32)
                probes, ends = kept["probes"].astype(np.float32), tuple(kept["ends"].tolist())
            counts = np.diff(starts)
            shares = np.repeat(1 / counts, counts).astype(np.float32)
            filed = sparse.csr_matrix((shares, columns, starts), shape=(len(counts), len(trades())))
            return cls(
                faiss.read_index(str(folder / INDEX_FILE)),
                filed,
                probes,
                FiledWords.read(folder / WORDS_FILE, len(trades())),
                FiledWords.read(folder / ABLE_WORDS_FILE, len(trades())),
                ends,
                str(card.get("encoder", "")),
                str(card.get("lexicon", "")),
            )
        except (OSError, RuntimeError, ValueError, LookupError, TypeError) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise EncoderError(
                f"{folder} holds no trade index that can be read: {reason}"
            ) from None


def probes_of(trade_rows: Embeddings) -> Embeddings:
    """The rows of the probed trades, of the embeddings of all trades."""
    return np.ascontiguousarray(trade_rows[::PROBED], np.float32)


def probe_rows(encoder: Encoder) -> Embeddings:
    texts = [*(trade.fr for trade in trades()), *(trade.en for trade in trades())]
    return np.ascontiguousarray(encoder.encode(texts[::PROBED], TextKind.DOCUMENT), np.float32)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def find_trade_index(settings: Settings) -> Path | None:
    """The folder of the trade index that the settings name, if any; raises `EncoderError`."""
    if settings.trade_index == NO_TRADE_INDEX:
        return None
    if settings.trade_index == BUNDLED_TRADE_INDEX:
        return BUNDLED
    folder = Path(settings.trade_index).expanduser()
    if not folder.is_dir():
        raise EncoderError(
            f"QUISAIT_TRADE_INDEX={settings.trade_index!r} is neither `{BUNDLED_TRADE_INDEX}`, "
            f"`{NO_TRADE_INDEX}` nor a folder."
        )
    return folder


def state_of(folder: Path | None, encoder: Encoder) -> str:
    """A line about a trade index: its phrases, and whether searches with this encoder use them."""
    if folder is None:
        return "none"
    index = TradeIndex.read(folder)
    line = f"{len(index):,} phrases"
    if index.knows(probe_rows(encoder)):
        return f"{line}, used"
    return f"{line}, not used: made for {index.encoder or 'another encoder'}"
