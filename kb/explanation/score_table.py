"""A score as a sum: what each part of it counts for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from kb.search.candidates import SECOND_GROUND_SHARE
from kb.search.fusion import LEXICAL_WEIGHT
from kb.search.results import ActorHit, EvidenceKind, ScoreParts


@dataclass(frozen=True, slots=True)
class ScorePart:
    """A part of a score: `own`, `similar`, `case` or `name`; it counts with a `share` of itself."""

    name: str
    value: float
    share: float

    @property
    def counted(self) -> float:
        return self.value * self.share


def score_table(hit: ActorHit) -> Sequence[ScorePart]:
    """The parts that a hit has; what they count adds up to its score.

    Its own words and what is inferred are one witness, its best case is another: the better counts
    in full, the other by a tenth, and less than nothing is nothing (`kb.search.candidates`).
    """
    parts = hit.parts
    stated_share = case_share = 1.0
    if any(one.kind is EvidenceKind.CASE for one in hit.evidence):
        stated = parts.own + parts.similar
        second = SECOND_GROUND_SHARE if min(stated, parts.case) > 0 else 0.0
        stated_share, case_share = (second, 1.0) if parts.case >= stated else (1.0, second)
    found = [
        ScorePart("name", parts.name, 1.0),
        ScorePart("case", parts.case, case_share),
        ScorePart("similar", parts.similar, stated_share),
        ScorePart("own", parts.own, stated_share),
    ]
    return [one for one in found if one.value or one.name == "own"]


@dataclass(frozen=True, slots=True)
class OwnPart:
    """What the best passage gives: for its meaning, its words, and the trades that it is of."""

    meaning: float
    words: float
    trades: float

    @classmethod
    def of(cls, parts: ScoreParts) -> Self:
        words = LEXICAL_WEIGHT * parts.lexical
        return cls(parts.dense, words, parts.own - parts.dense - words)
