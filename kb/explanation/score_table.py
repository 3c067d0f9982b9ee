"""A score as a sum: what each part of it counts for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from kb.search.candidates import ground_shares
from kb.search.results import ActorHit, EvidenceKind, ScoreParts
from kb.search.weights import RankingWeights


@dataclass(frozen=True, slots=True)
class ScorePart:
    """A part of a score: `name`, `case`, `own`, `inferred` or `limit`.

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
    shown = parts.case if is_shown else None
    shares = ground_shares(parts.own + parts.inferred, shown, weights)
    found = [
        ScorePart("name", parts.name, 1.0),
        ScorePart("case", parts.case, shares.shown),
        ScorePart("own", parts.own, shares.own),
        ScorePart("inferred", parts.inferred, shares.own),
        ScorePart("limit", parts.limit, 1.0),
    ]
    return [part for part in found if part.value or part.name == "own"]


@dataclass(frozen=True, slots=True)
class OwnPart:
    """The score of the best passage: for its meaning, its words and its trade.

    `trade` is for the trades in which need and passage would be filed. `means` is what the means of
    its trades add, and `examples` what precedents in close trades do: both are inferred.
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
