"""Filed words: rare words of the phrases of a trade index, with the trades that they are filed in.

To words that an encoder does not know, its nearest phrases are chance; the phrases that say them
are not.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from kb.text.analysis import query_stems

WORDS_FILE, ABLE_WORDS_FILE = "words.npz", "able-words.npz"
"""The words of phrases that firms are filed by, and of what they could make."""

MOST_PHRASES = 30
"""A word of more phrases is common: it tells no trade by itself."""


@dataclass(frozen=True, slots=True)
class FiledWords:
    """The trades of rare stems.

    Attributes:
        rows: the row of each stem.
        filed: the share of each trade in the phrases with a stem, `(stems, trades)`, rows of sum 1.
        rarity: of each stem, `(stems,)`: 1 in a single phrase, less in several.
    """

    rows: dict[str, int]
    filed: sparse.csr_matrix
    rarity: NDArray[np.float32]

    def votes(self, stems: Collection[str]) -> tuple[NDArray[np.float32], float]:
        """The votes of stems for each trade, `(trades,)`, and their sum: at most 1.

        A stem votes by its rarity and its share of the stems; one that is not rare does not.
        """
        known = [self.rows[stem] for stem in stems if stem in self.rows]
        if not known:
            return np.zeros(self.filed.shape[1], np.float32), 0.0
        weights = self.rarity[known] / len(stems)
        votes = np.asarray(weights @ self.filed[known], np.float32)
        return votes, float(weights.sum())

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
        """Reads what `write` wrote.

        Raises:
            OSError, ValueError, KeyError: there is none, or it is damaged.
        """
        with path.open("rb") as file, np.load(file) as kept:
            text = kept["stems"].tobytes().decode()
            stems = text.split("\n") if text else []
            rarity = kept["rarity"].astype(np.float32)
            parts = kept["shares"].astype(np.float32), kept["trades"].astype(int), kept["starts"]
        if len(stems) != len(rarity):
            raise ValueError(f"{path.name} has {len(rarity)} words of {len(stems)}")
        matrix = sparse.csr_matrix(parts, (len(stems), trades))
        return cls({stem: row for row, stem in enumerate(stems)}, matrix, rarity)
