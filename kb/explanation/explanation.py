"""Explanations: why a record stands where it stands, in figures that add up (docs/ranking.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from kb.explanation.attribution import CloseWord, WordShares
from kb.language_model import NeedPhrase, Wording
from kb.models import Actor, Case, Participation, Record
from kb.search.candidates import ground_shares
from kb.search.query import Query
from kb.search.results import ActorHit, CaseHit, EvidenceKind, Filters, ScoreParts, Steering
from kb.search.trades.background import LikelyTrade
from kb.search.weights import RankingWeights


@dataclass(frozen=True, slots=True)
class StemMatch:
    """A stem of the query that stands in a text: the spans of the words that have it."""

    stem: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class PhraseShare:
    """The `share` of a phrase of the language model in a z."""

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
