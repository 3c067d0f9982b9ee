"""Attribution: what each word of a text has in how close the text is to another.

An embedding e is the mean m of the vectors h of n tokens, made unit. Its product with any vector d
is therefore a sum over its tokens, without a remainder: e·d = Σ h·d / (n ‖m‖). What no word that
means something has a part in is the `rest`.

Shares do not say which words of a long passage are distinctive: every token tells of the whole
text. Vectors less the mean of the text do: words of two texts whose vectors so point the same way
mean alike (`closest_words`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import WordEmbeddings
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, Word, is_function_word, words

LEAST_CLOSENESS = 0.4
"""Least cosine of two words, each less the mean of its text, that mean alike.

Found by looking at the best passages of eight everyday needs: above it is `éthanol` for
`hydroalcoolique`, below it are `marque` for `masks` and `cuve` for `sew`.
"""

_EMPTY_IN_QUERIES = FUNCTION_WORDS | FRAMING_WORDS


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
    """A word `text[start:end]` that means like `other[other_start:other_end]` of another text.

    `closeness` is a cosine, 1 for the same.
    """

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
    """The share of each word that means something in e·d - `less`, e the embedding of the text.

    `less` is taken off every token alike; the `direction` d is `(dimension,)`. In a query (`asks`),
    words that frame a question mean nothing.
    """
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
    """The words of a text that mean like one of another, in order, each with the closest.

    Function words mean nothing by themselves, and in the other text, a query, neither do those that
    only frame the question, as long as there are others.
    """
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
    found = [
        (word, rows)
        for word, rows in _rows_of_words(embeddings, text)
        if not is_function_word(word)
    ]
    if not asks:
        return found
    return [
        (word, rows) for word, rows in found if not set(word.forms) <= _EMPTY_IN_QUERIES
    ] or found


def _rows_of_words(embeddings: WordEmbeddings, text: str) -> Iterator[tuple[Word, list[int]]]:
    """The words of a text that have tokens, each with the rows of its own.

    A token belongs to one word: the one it has most characters of, the first of such.
    """
    found = list(words(text))
    rows: list[list[int]] = [[] for _ in found]
    for row, span in enumerate(embeddings.spans):
        shared = [_shared(span, word) for word in found]
        if shared and max(shared) > 0:
            rows[shared.index(max(shared))].append(row)
    yield from ((word, own) for word, own in zip(found, rows, strict=True) if own)


def _shared(span: Sequence[int], word: Word) -> int:
    return min(span[1], word.end) - max(span[0], word.start)
