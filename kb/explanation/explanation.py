"""Explanations: why a record stands where it stands, in figures that add up (docs/ranking.md).

Shares of words in the closeness of two texts are e·d = Σ h·d / (n ‖m‖) over tokens, and a rest: an
embedding e is the mean m of token vectors h, made unit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import WordEmbeddings
from kb.language_model import NeedPhrase, Wording
from kb.models import Actor, Case, Participation, Record
from kb.search.candidates import ground_shares
from kb.search.query import Query
from kb.search.results import ActorHit, CaseHit, EvidenceKind, Filters, ScoreParts, Steering
from kb.search.trades.background import LikelyTrade
from kb.search.weights import RankingWeights
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, Word, is_function_word, words

LEAST_CLOSENESS = 0.4  # of words that mean alike, as `éthanol` and `hydroalcoolique`


@dataclass(frozen=True, slots=True)
class WordShare:
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
    return WordShares(tuple(found), float(of_token.sum()) - sum(word.share for word in found))


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


@dataclass(frozen=True, slots=True)
class StemMatch:
    stem: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class PhraseShare:
    phrase: NeedPhrase
    share: float


@dataclass(frozen=True, slots=True)
class PassageExplanation:
    """A passage and what its score is made of; `query_shares` and `phrases` make `dense`."""

    part: str
    lang: str
    text: str
    source: str
    score: float
    cosine: float | None  # None if found by its words alone
    dense: float
    lexical: float
    filing: float | None
    able: float | None
    query_shares: WordShares | None
    phrases: tuple[PhraseShare, ...]
    passage_shares: WordShares | None  # of words of `text`; their sum is `dense`
    matches: tuple[StemMatch, ...]  # what BM25 counts
    close: tuple[CloseWord, ...]  # words that mean like one of the need's

    @property
    def marks(self) -> tuple[tuple[int, int], ...]:
        found = {span for match in self.matches for span in match.spans}
        found |= {(word.start, word.end) for word in self.close}
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class CasePath:
    """The path to an actor by a case; `need` is the passage that matched."""

    case: Case
    participation: Participation
    need: PassageExplanation | None
    closeness: float
    relevance: float
    weight: float
    probability: float


@dataclass(frozen=True, slots=True)
class SimilarPath:
    """The path to an actor by a precedent; `text` is its closest passage."""

    by: CasePath
    precedent: Actor
    text: str
    cosine: float
    likeness: float
    weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a record stands where it stands; without a `hit`, the search leaves it out."""

    asked: Query
    record: Record
    hit: ActorHit | CaseHit | None
    passages: tuple[PassageExplanation, ...]
    cases: tuple[CasePath, ...]
    similar: tuple[SimilarPath, ...]
    filters: Filters
    steering: Steering
    probability: float | None
    ceiling: float
    need: float
    weights: RankingWeights
    wording: Wording
    trades: tuple[LikelyTrade, ...] = ()


@dataclass(frozen=True, slots=True)
class ScorePart:
    """A part of a score by its name; it counts with a `share` of itself."""

    name: str
    value: float
    share: float

    @property
    def counted(self) -> float:
        return self.value * self.share


def score_table(hit: ActorHit, weights: RankingWeights) -> Sequence[ScorePart]:
    """The parts that a hit has; what they count adds up to its score."""
    parts = hit.parts
    is_shown = any(evidence.kind is EvidenceKind.CASE for evidence in hit.evidence)
    shown = parts.case if is_shown else None
    own, case = ground_shares(parts.own + parts.inferred, shown, weights)
    found = [
        ScorePart("name", parts.name, 1.0),
        ScorePart("case", parts.case, case),
        ScorePart("own", parts.own, own),
        ScorePart("inferred", parts.inferred, own),
        ScorePart("limit", parts.limit, 1.0),
    ]
    return [part for part in found if part.value or part.name == "own"]


@dataclass(frozen=True, slots=True)
class OwnPart:
    """The score of the best passage; `means` and `examples` (precedents) are inferred."""

    meaning: float
    words: float
    trade: float
    means: float
    examples: float

    @classmethod
    def of(cls, parts: ScoreParts, weights: RankingWeights) -> Self:
        of_passage = weights.passages
        meaning, words = of_passage.dense * parts.dense, of_passage.lexical * parts.lexical
        means = of_passage.able * (parts.able or 0.0)
        return cls(meaning, words, parts.own - meaning - words, means, parts.similar)
