"""Explanations: why a record stands where it stands in a search, in figures that add up.

docs/ranking.md has the formulas.
"""

from dataclasses import dataclass

from kb.explanation.attribution import CloseWord, WordShares
from kb.language_model.wording import NeedPhrase, Wording
from kb.models import Actor, Case, Participation, Record
from kb.search.query import Query
from kb.search.results import ActorHit, CaseHit, Filters, Steering
from kb.search.trades.likely_trades import LikelyTrade
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

    `score` is made of `dense`, which is z, of `lexical`, its BM25, and of `filing` and `able`
    by `kb.search.fusion.fuse`. `cosine` is that of the query
    itself; None for a passage that is found by its words alone. `query_shares` are of words of the
    query's need and add up to `dense` with those of `phrases`; `passage_shares` are of
    words of `text`, and add up to `dense` themselves; None where the encoder shows no words.
    `matches` are what BM25 counts; `close` the words that mean like one of the query's
    (`other_start` and `other_end` are of the need); `marks` the spans of both, in order and apart.
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

    `need` is the passage by which the case is matched (in whichever language it is closest),
    `closeness` that of this need (`kb.search.boosts.case_matching.closeness`), `relevance` its
    relevance, from 0 to 1, and `weight` the share of the role; `probability` is how probable an
    answer this makes the actor.
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

    `text` is the actor's passage that is closest to the precedent's own description; `cosine` is
    that of the two, `likeness` by how many deviations their trades are closer than chance ones.
    `weight` is the weight of the precedent, by the relevance of the case and the role.
    """

    by: CasePath
    precedent: Actor
    text: str
    cosine: float
    likeness: float
    weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a record stands where it stands.

    `hit` has its rank, its score and the parts of it; None if the search leaves the record out, by
    `filters`, by a word that must or must not be there, or because it is closed. `probability` is
    how likely the hit is right: by its score, by the `ceiling`, which is how close the closest of
    all trades are to the query, and by `need`, how likely the query is a need at all. `wording` has
    the phrases of a language model that the query was moved towards, `trades` are those in
    which the need would be filed.
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
