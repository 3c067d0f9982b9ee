"""The input and the results of a search: filters, hits, and the evidence of each hit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kb.language_model import NO_WORDING, Wording
from kb.models import Actor, Case, Kind, Participation
from kb.reference.communes import Commune
from kb.reference.points import Circle, Point
from kb.reference.roles import Part
from kb.reference.trades import Trade
from kb.search.query import Query
from kb.search.trades.background import LikelyTrade

DISTANCES = (10, 25, 50, 100, 200)  # kilometres that a search can be narrowed to
NEAR_KM = 25  # what is near a place where nobody says a distance


class Fit(StrEnum):
    """How well a hit answers the query, against all trades (`kb.search.fits`)."""

    STRONG = "strong"
    POSSIBLE = "possible"
    WEAK = "weak"
    NONE = "none"

    @property
    def is_worth_a_call(self) -> bool:
        return self in {Fit.STRONG, Fit.POSSIBLE}


class Absence(StrEnum):
    """What a query is that no organisation here has: its number, or its name."""

    NUMBER = "number"
    NAME = "name"


class EvidenceKind(StrEnum):
    """The kind of evidence: stated (own words, name), its trade's (a code), shown, or inferred."""

    PASSAGE = "passage"
    TRADE = "trade"
    CASE = "case"
    NAME = "name"
    SIMILAR = "similar"
    MEANS = "means"


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on hits, empty ones met by all; `within` is in km from `near`."""

    department: str = ""
    theme: str = ""
    kind: Kind | None = None
    near: Commune | None = None
    within: int = 0
    departments: tuple[str, ...] = ()
    actors: frozenset[str] = frozenset()  # the ids among which to search, whatever the others say

    @property
    def circle(self) -> Circle | None:
        if self.near is None or self.near.point is None or not self.within:
            return None
        return Circle(self.near.point, self.within)

    @property
    def keep_all(self) -> bool:
        of_places = self.department or self.departments or self.circle
        return not (of_places or self.theme or self.actors)

    @property
    def near_km(self) -> int:
        return self.within or NEAR_KM

    def km_to(self, point: Point | None) -> float | None:
        if self.near is None or self.near.point is None or point is None:
            return None
        return self.near.point.km_to(point)

    def whole_km_to(self, actor: Actor) -> int | None:
        """Returns `km_to` an actor as people say it: no places here are known more exactly."""
        km = self.km_to(actor.point) if self.near else None
        return None if km is None else round(km)

    def is_near(self, actor: Actor) -> bool | None:
        """Whether an actor is near the place; None without one, or if its own is not known."""
        km = self.km_to(actor.point) if self.near else None
        return None if km is None else km <= self.near_km


@dataclass(frozen=True, slots=True)
class MeansMatch:
    """What firms of a trade could do with their means: `phrase`, the nearest known to the need."""

    trade: Trade
    phrase: str
    means: tuple[str, ...]
    lang: str = ""  # of the phrase


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a hit is there: plain `text`, with half-open spans of its distinctive words, `marks`.

    `code` is the activity code that the text gives the meaning of, if it does: nobody said it.
    """

    kind: EvidenceKind
    text: str
    marks: tuple[tuple[int, int], ...] = ()
    source: str = ""
    case: Case | None = None
    participation: Participation | None = None
    precedent: Actor | None = None
    means: MeansMatch | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """The parts of a score (docs/ranking.md); the first four are of the best passage."""

    dense: float = 0.0
    lexical: float = 0.0
    filing: float | None = None
    able: float | None = None
    own: float = 0.0
    case: float = 0.0
    inferred: float = 0.0
    similar: float = 0.0
    example: float = 0.0
    likeness: float = 0.0
    limit: float = 0.0
    name: float = 0.0


@dataclass(frozen=True, slots=True)
class ActorHit:
    """An actor found. `rank` from 1; `score`: higher is better, comparable within a search."""

    rank: int
    score: float
    fit: Fit
    actor: Actor
    evidence: tuple[Evidence, ...]
    parts: ScoreParts = ScoreParts()


@dataclass(frozen=True, slots=True)
class CaseHit:
    rank: int
    score: float
    fit: Fit
    case: Case
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Steering:
    """What a person has chosen beside words: actors `like` and `unlike`, phrases `taken_back`."""

    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    taken_back: tuple[str, ...] = ()
    worded: bool = True


@dataclass(frozen=True, slots=True)
class Mention:
    """A participant of a case who has no entry here, like "a container maker"."""

    case: Case
    participation: Participation


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """The actors that could take a part of a need, best first; `mentioned` have no entry."""

    part: Part
    need: str
    cases: tuple[Case, ...]
    hits: tuple[ActorHit, ...]
    mentioned: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchedCase:
    """A case like the query's need; `credits` are how far participants count, if not in full."""

    case: Case
    closeness: float
    relevance: float
    credits: tuple[float, ...] = ()

    def credit(self, participation: Participation) -> float:
        """How far the contribution of a participant counts, 0 to 1."""
        if not self.credits or participation not in self.case.participants:
            return 1.0
        return self.credits[self.case.participants.index(participation)]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to a query, best first; totals and facets count fits that are not NONE."""

    query: str
    asked: Query
    hits: tuple[ActorHit, ...]
    cases: tuple[CaseHit, ...]
    total: int  # those whose fit is not NONE, before the limit
    total_cases: int
    departments: Mapping[str, int]  # actors that each value of the filter would leave
    themes: Mapping[str, int]
    distances: Mapping[int, int] = field(default_factory=dict)
    took_ms: float = 0.0
    parts: tuple[PartAnswer, ...] = ()
    ceiling: float = 0.0  # how close the closest of all trades are
    need: float = 1.0  # how likely it is a need at all
    matched: tuple[MatchedCase, ...] = ()
    wording: Wording = NO_WORDING
    serious: int = 0  # of the total, those worth a call
    nothing_fits: bool = False  # nothing is worth a call: what is found is but a lead
    unsaid: tuple[str, ...] = ()  # words in quotation marks that no text here says
    absent: Absence | None = None  # the number or name of who is not here
    trades: tuple[LikelyTrade, ...] = ()  # those in which the need would be filed
    filters: Filters = Filters()  # asked for, or what the need says of a place
