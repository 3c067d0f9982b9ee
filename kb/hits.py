"""What a search asks for and what it answers: filters, hits, and the evidence of each hit."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kb.models import Actor, Case, Kind, Participation


class Fit(StrEnum):
    """How well a hit answers the query, from the corpus's point of view (see `kb.fusion`)."""

    STRONG = "strong"
    POSSIBLE = "possible"
    WEAK = "weak"
    NONE = "none"


class EvidenceKind(StrEnum):
    PASSAGE = "passage"
    CASE = "case"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must be. Empty means anything goes.

    `department` is a French department's code or name; themes are compared folded.
    """

    department: str = ""
    theme: str = ""
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a hit is there. `text` is plain, whatever its source was written in.

    `marks` are half-open spans of `text`, in characters, in order and apart: the telling words.
    `source` is a link to where the text comes from, or empty. For kind CASE, `case` and
    `participation` name the case that vouches and the actor's part in it.
    """

    kind: EvidenceKind
    text: str
    marks: tuple[tuple[int, int], ...] = ()
    source: str = ""
    case: Case | None = None
    participation: Participation | None = None


@dataclass(frozen=True, slots=True)
class ActorHit:
    """An actor found. `rank` from 1; `score`: higher is better, comparable within one search."""

    rank: int
    score: float
    fit: Fit
    actor: Actor
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class CaseHit:
    """A case found; its scores are comparable with those of the actors of the same search."""

    rank: int
    score: float
    fit: Fit
    case: Case
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to one query.

    `hits` and `cases` hold at most `limit` each, best first; ties are ordered by id. `total` and
    `total_cases` count those whose fit is not NONE before the limit. `departments` and `themes`
    count the actors (fit not NONE) that each value of that filter would leave, the other filter
    kept, most first.
    """

    query: str
    hits: tuple[ActorHit, ...]
    cases: tuple[CaseHit, ...]
    total: int
    total_cases: int
    departments: Mapping[str, int]
    themes: Mapping[str, int]
    took_ms: float
