"""A score as a sum: what each part of it counts for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from kb.search.candidates import ground_shares
from kb.search.fusion import filing_value
from kb.search.results import ActorHit, EvidenceKind, ScoreParts
from kb.search.weights import RankingWeights


@dataclass(frozen=True, slots=True)
class ScorePart:
    """A part of a score: `own`, `similar`, `case`, `lead`, `direction` or `name`.

    It counts with a `share` of itself.
    """

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
    shown = parts.case + parts.lead if is_shown else None
    shares = ground_shares(parts.own, parts.similar, shown, weights)
    found = [
        ScorePart("name", parts.name, 1.0),
        ScorePart("case", parts.case, shares.shown),
        ScorePart("lead", parts.lead, shares.shown),
        ScorePart("similar", parts.similar, shares.similar),
        ScorePart("own", parts.own, shares.own),
        ScorePart("direction", parts.direction, 1.0),
    ]
    return [part for part in found if part.value or part.name == "own"]


@dataclass(frozen=True, slots=True)
class OwnPart:
    """The score of the best passage: for its meaning, its words, its trades and its filing.

    `trades` is less where one of it and the need is about things and the other about services;
    `filing` is for the trades in which the two would be filed, 0 where that is not known.
    """

    meaning: float
    words: float
    trades: float
    filing: float

    @classmethod
    def of(cls, parts: ScoreParts, weights: RankingWeights) -> Self:
        words = weights.passages.lexical * parts.lexical
        filing = filing_value(parts.filing, weights.passages)
        trades = parts.own - parts.dense - words - filing
        return cls(parts.dense, words, trades, filing)
