"""Shares of words in the closeness of two texts: e·d = Σ h·d / (n ‖m‖) over tokens, and a rest.

An embedding e is the mean m of token vectors h, made unit. Words of two texts mean alike where
their vectors, each less the mean of its text, point the same way (`closest_words`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import WordEmbeddings
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, Word, is_function_word, words

LEAST_CLOSENESS = 0.4  # of words that mean alike, as `éthanol` and `hydroalcoolique`


@dataclass(frozen=True, slots=True)
class WordShare:
    """The share of the word `text[start:end]` in a figure."""

    start: int
    end: int
    share: float


@dataclass(frozen=True, slots=True)
class WordShares:
    """A figure as a sum over words, in the order of the text, and a rest that no word has."""

    words: tuple[WordShare, ...]
    rest: float

    @property
    def total(self) -> float:
        return sum(word.share for word in self.words) + self.rest


@dataclass(frozen=True, slots=True)
class CloseWord:
    """A word `text[start:end]` and the other text's that it means like; `closeness` is a cosine."""

    start: int
    end: int
    other_start: int
    other_end: int
    closeness: float


def attribute(
    embeddings: WordEmbeddings,
    text: str,
    direction: NDArray[np.floating],
    less: float = 0.0,
    *,
    asks: bool = False,
) -> WordShares:
    """The share of each word in e·d - `less`; in a query (`asks`), framing words have none."""
    tokens = embeddings.tokens.astype(np.float64)
    norm = max(float(np.linalg.norm(tokens.mean(axis=0))), 1e-12)
    of_token = (tokens @ direction.astype(np.float64) / norm - less) / len(tokens)
    found = [
        WordShare(word.start, word.end, float(of_token[rows].sum()))
        for word, rows in _meaningful(embeddings, text, asks=asks)
    ]
    total = float(of_token.sum())
    return WordShares(tuple(found), total - sum(word.share for word in found))


def closest_words(
    embeddings: WordEmbeddings, text: str, others: WordEmbeddings, other_text: str
) -> list[CloseWord]:
    """The words of a text that mean like one of a query, in order, each with the closest."""
    ours = _distinct(embeddings, text)
    theirs = _distinct(others, other_text, asks=True)
    if not ours or not theirs:
        return []
    cosines = np.stack([row for _, row in ours]) @ np.stack([row for _, row in theirs]).T
    found = []
    for (word, _), row in zip(ours, cosines, strict=True):
        nearest = int(np.argmax(row))
        other, closeness = theirs[nearest][0], float(row[nearest])
        if closeness >= LEAST_CLOSENESS:
            found.append(
                CloseWord(word.start, word.end, other.start, other.end, min(closeness, 1.0))
            )
    return found


def _distinct(
    embeddings: WordEmbeddings, text: str, *, asks: bool = False
) -> list[tuple[Word, NDArray[np.float32]]]:
    """The words that mean something, with the unit vector of what sets each apart from its text."""
    centre = embeddings.tokens.mean(axis=0)
    found = []
    for word, rows in _meaningful(embeddings, text, asks=asks):
        own = embeddings.tokens[rows].mean(axis=0) - centre
        norm = float(np.linalg.norm(own))
        if norm > 0:
            found.append((word, own / norm))
    return found


def _meaningful(
    embeddings: WordEmbeddings, text: str, *, asks: bool
) -> list[tuple[Word, list[int]]]:
    """The words that mean something, with their rows; in a query, those that carry the need."""
    found = [each for each in _rows_of_words(embeddings, text) if not is_function_word(each[0])]
    carrying = [each for each in found if not set(each[0].forms) <= FRAMING_WORDS | FUNCTION_WORDS]
    return carrying if asks and carrying else found


def _rows_of_words(embeddings: WordEmbeddings, text: str) -> Iterator[tuple[Word, list[int]]]:
    """The words that have tokens, with their rows; a token is of the word it shares most with."""
    found = list(words(text))
    rows: list[list[int]] = [[] for _ in found]
    for row, (start, end) in enumerate(embeddings.spans):
        shared = [min(end, word.end) - max(start, word.start) for word in found]
        if shared and max(shared) > 0:
            rows[shared.index(max(shared))].append(row)
    yield from ((word, own) for word, own in zip(found, rows, strict=True) if own)
