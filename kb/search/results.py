"""What a search asks for and what it answers: filters, hits, and the evidence of each hit."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kb.models import Actor, Case, Kind, Participation
from kb.reference.roles import Part
from kb.search.query import Query


class Fit(StrEnum):
    """How well a hit answers the query, against the corpus (`kb.search.fusion`)."""

    STRONG = "strong"
    POSSIBLE = "possible"
    WEAK = "weak"
    NONE = "none"


class EvidenceKind(StrEnum):
    """What speaks for a hit: stated (its own words, its name), shown (a case), or inferred."""

    PASSAGE = "passage"
    CASE = "case"
    NAME = "name"
    SIMILAR = "similar"


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
    `participation` name the case that vouches and the actor's part in it. For kind SIMILAR they
    name the part that another actor, the `witness`, took: what it does is close to what this one
    does, and `text` is this one's passage that is closest.
    """

    kind: EvidenceKind
    text: str
    marks: tuple[tuple[int, int], ...] = ()
    source: str = ""
    case: Case | None = None
    participation: Participation | None = None
    witness: Actor | None = None


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """What a score is made of (docs/ranking.md).

    `dense`, `lexical` and `overlap` are of the best passage: its standardised cosine, its BM25, and
    how far it is of the trades that the query aims at. `own` is
    what its own words give, `case` what the cases that it took part in give, `similar` what those
    of actors with a close trade give, and `name` what an exact or a near name gives. `similar`
    comes of what such actors say together, `said`, and of the score that it follows, `goal`
    (`kb.search.close_trades.Lift`).
    """

    dense: float = 0.0
    lexical: float = 0.0
    overlap: float = 0.0
    own: float = 0.0
    case: float = 0.0
    similar: float = 0.0
    said: float = 0.0
    goal: float = 0.0
    name: float = 0.0


@dataclass(frozen=True, slots=True)
class ActorHit:
    """An actor found. `rank` from 1; `score`: higher is better, comparable within one search."""

    rank: int
    score: float
    fit: Fit
    actor: Actor
    evidence: tuple[Evidence, ...]
    parts: ScoreParts = ScoreParts()


@dataclass(frozen=True, slots=True)
class CaseHit:
    """A case found; its scores are comparable with those of the actors of the same search."""

    rank: int
    score: float
    fit: Fit
    case: Case
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Steering:
    """Hits that a person says are what they look for, or are not: ids of actors."""

    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """A participant of a case who has no entry here, like "a container maker"."""

    case: Case
    participation: Participation


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """Who here could take one part of meeting a need.

    `need` says in a few words what is asked of that part. `cases` are the similar cases in which
    the part was taken; none, if it is only usual that such a need takes it. `hits` are actors,
    best first, each with its evidence; `mentioned`, participants of the cases without an entry.
    """

    role: Part
    need: str
    cases: tuple[Case, ...]
    hits: tuple[ActorHit, ...]
    mentioned: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class HeardNeed:
    """A case that was heard, how close its need is, and how far it is the same one, 0 to 1."""

    case: Case
    closeness: float
    relevance: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to one query.

    `hits` and `cases` hold at most `limit` each, best first; ties are ordered by id. `total` and
    `total_cases` count those whose fit is not NONE before the limit. `departments` and `themes`
    count the actors (fit not NONE) that each value of that filter would leave, the other filter
    kept, most first. `roles` are the parts that similar cases needed, makers first; empty where
    no case is similar. `asked` is the query as it was understood, `closest` how close the closest
    of all trades are to it, from which fits are measured, and `heard` the cases that vouch.
    """

    query: str
    asked: Query
    hits: tuple[ActorHit, ...]
    cases: tuple[CaseHit, ...]
    total: int
    total_cases: int
    departments: Mapping[str, int]
    themes: Mapping[str, int]
    took_ms: float = 0.0
    roles: tuple[PartAnswer, ...] = ()
    closest: float = 0.0
    heard: tuple[HeardNeed, ...] = ()
