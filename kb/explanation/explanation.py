"""Explanations: why a record stands where it stands, in figures that add up (docs/ranking.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from kb.explanation.attribution import CloseWord, WordShares
from kb.language_model.wording import NeedPhrase, Wording
from kb.models import Actor, Case, Participation, Record
from kb.search.candidates import ground_shares
from kb.search.query import Query
from kb.search.results import (
    ActorHit,
    CaseHit,
    EvidenceKind,
    Filters,
    ScoreParts,
    Steering,
)
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
    """A passage, with all that its score is made of.

    `dense`, which is z, is the sum of the shares of the words of the query, `query_shares`, and of
    `phrases`; and the sum of `passage_shares`, of words of `text`. Without a `cosine`, it is found
    by its words alone: `matches` are what BM25 counts, `close` the words that mean like one of the
    need's, whose spans are `other_start` and `other_end`.
    """

    part: str
    lang: str
    text: str
    source: str
    score: float
    cosine: float | None
    dense: float
    lexical: float
    filing: float | None
    able: float | None
    query_shares: WordShares | None
    phrases: tuple[PhraseShare, ...]
    passage_shares: WordShares | None
    matches: tuple[StemMatch, ...]
    close: tuple[CloseWord, ...]

    @property
    def marks(self) -> tuple[tuple[int, int], ...]:
        found = {span for match in self.matches for span in match.spans}
        found |= {(word.start, word.end) for word in self.close}
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class CasePath:
    """The path from a query to an actor by a case: its need, then the part that the actor took.

    `need` is the passage by which the case is matched; `weight` the share of the role, and
    `probability` how probable an answer this makes the actor.
    """

    case: Case
    participation: Participation
    need: PassageExplanation | None
    closeness: float
    relevance: float
    weight: float
    probability: float


@dataclass(frozen=True, slots=True)
class SimilarPath:
    """The path from a case to an actor by a precedent, which took part in it, in a close trade.

    `text` is the actor's passage that is closest to the precedent's own description; `likeness` is
    by how many deviations their trades are closer than chance ones.
    """

    by: CasePath
    precedent: Actor
    text: str
    cosine: float
    likeness: float
    weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a record stands where it stands; without a `hit`, the search leaves it out.

    `probability` is how likely the hit is right: by its score, by the `ceiling`, how close the
    closest of all trades are to the query, and by `need`, how likely the query is a need at all.
    """

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
    """The score of the best passage: for its meaning, its words and its trade.

    `means` is what the means of its trades add, `examples` what precedents do: both are inferred.
    """

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
