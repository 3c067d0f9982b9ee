"""Requests of the widget from pages of other sites: searches and counts.

Version 1. What would break a page that embeds it is served under another version.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple, Self

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from kb.models import Actor
from kb.reference.departments import NAMES, department_code
from kb.registers.sites import SiteCounts
from kb.search.results import ActorHit, Evidence, EvidenceKind, Fit, SearchResult, Steering
from web.api.read import QueryText
from web.api.schemas import Shape
from web.embed.access import NOT_A_PAGE, AnAccess
from web.embed.usage import ACountedSearch, count_of_site
from web.http.dependencies import APageRequest, ATurnToSearch
from web.http.i18n import DEFAULT_LANGUAGE, Language
from web.http.refusals import Refusal
from web.http.safe_html import excerpt
from web.http.security.throttle import Quota, count_for_address
from web.http.urls import WIDGET_PREFIX, AbsoluteUrl, absolute_urls, address
from web.search.evidence_text import is_named
from web.search.pages import Answers
from web.search.request import SearchRequest
from web.tallies import tallies_of

MAX_LIMIT = 20
"""How many answers can be asked for."""

NEAREST = 3
"""How many uncertain actors are given where none fits: there is little room."""

PASSAGE_CHARS = 150


class Piece(NamedTuple):
    """A piece of a passage, and whether it is marked as distinctive."""

    text: str
    marked: bool


class WidgetPassage(Shape):
    """The strongest passage. `lang` is its language."""

    lang: str
    pieces: list[Piece]


class WidgetCase(Shape):
    """The case that supports the hit.

    `ground`: `shown`, the actor took part in it; `inferred`, its trade is close to that of the
    `witness`, who did. If that is a firm `elsewhere`, `title` is what it did and `url` its source.
    """

    ground: Literal["shown", "inferred"]
    title: str
    lang: str
    url: str
    witness: str
    elsewhere: bool

    @classmethod
    def of(cls, evidence: Sequence[Evidence], absolute_url: AbsoluteUrl) -> Self | None:
        for kind in (EvidenceKind.CASE, EvidenceKind.SIMILAR):
            for ground in evidence:
                if ground.kind is kind and ground.case:
                    witness = ground.precedent.name if ground.precedent else ""
                    url = absolute_url(address("case", ground.case.id))
                    elsewhere = False
                    if ground.precedent and not ground.precedent.id:
                        witness += f" ({ground.precedent.place}, {ground.case.period})"
                        url, elsewhere = ground.case.source_url, True
                    return cls(
                        ground="shown" if kind is EvidenceKind.CASE else "inferred",
                        title=ground.case.title,
                        lang=ground.case.lang,
                        url=url,
                        witness=witness,
                        elsewhere=elsewhere,
                    )
        return None


class WidgetHit(Shape):
    """An actor found. `url` leads to its page, `named` says that the query is its name.

    `means` is inferred: what its trade's usual means would do for, or empty.
    """

    id: str
    name: str
    place: str
    fit: Fit
    named: bool
    url: str
    passage: WidgetPassage | None
    case: WidgetCase | None
    means: str

    @classmethod
    def of(cls, hit: ActorHit, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(
            hit,
            hit.actor,
            place=_place(hit.actor),
            named=is_named(hit),
            url=absolute_url(address("actor", hit.actor.id)),
            passage=_passage(hit),
            case=WidgetCase.of(hit.evidence, absolute_url),
            means=next((ground.means.phrase for ground in hit.evidence if ground.means), ""),
        )


class WidgetAnswer(Shape):
    """`fits` is false where `hits` are but the nearest. `url` leads to the page of all results."""

    query: str
    total: int
    fits: bool
    hits: list[WidgetHit]
    url: str
    took_ms: float

    @classmethod
    def of(
        cls, result: SearchResult, asked: SearchRequest, limit: int, absolute_url: AbsoluteUrl
    ) -> Self:
        answers = Answers.of(result, limit)
        hits = answers.fitting or answers.leads[:NEAREST] or answers.nearest[:NEAREST]
        return cls.read(
            result,
            fits=bool(answers.fitting),
            hits=[WidgetHit.of(hit, absolute_url) for hit in hits],
            url=absolute_url(asked.at()),
            took_ms=round(result.took_ms, 1),
        )


def _place(actor: Actor) -> str:
    """Returns the town and department, which need no translation: "Jarnac, Charente (16)"."""
    department = actor.department and (
        f"{NAMES[actor.department]} ({actor.department})"
        if actor.department in NAMES
        else actor.department
    )
    country = "" if actor.country == "FR" else actor.country
    return ", ".join(part for part in (actor.place, department, country) if part)


def _passage(hit: ActorHit) -> WidgetPassage | None:
    """Returns the first passage with marks, the actor's own text first; else the first passage."""
    texts = [
        evidence
        for kind in (EvidenceKind.PASSAGE, EvidenceKind.CASE, EvidenceKind.SIMILAR)
        for evidence in hit.evidence
        if evidence.kind is kind
    ]
    if not texts:
        return None
    shown = next((evidence for evidence in texts if evidence.marks), texts[0])
    lang = shown.case.lang if shown.kind is EvidenceKind.CASE and shown.case else hit.actor.lang
    pieces = excerpt(shown.text, shown.marks, PASSAGE_CHARS)
    return WidgetPassage(lang=lang, pieces=[Piece(*piece) for piece in pieces])


router = APIRouter(include_in_schema=False)


async def _never_shared(response: Response) -> None:
    """An answer is for the origin that asked, and for a minute: typing back asks nothing anew."""
    response.headers["Vary"] = "Origin"
    response.headers["Cache-Control"] = "private, max-age=60"


@router.get(f"{WIDGET_PREFIX}/search", dependencies=[Depends(_never_shared)])
def search(
    *,
    request: APageRequest,
    access: AnAccess,
    _counted: ACountedSearch,
    _turn: ATurnToSearch,
    q: QueryText,
    department: Annotated[str | None, Query()] = None,
    theme: Annotated[str | None, Query()] = None,
    limit: Annotated[int, Query(ge=1)] = 5,
    lang: Language = DEFAULT_LANGUAGE,
) -> WidgetAnswer:
    """Returns what the widget shows, at most `MAX_LIMIT` answers.

    The filters of the site hold where none are given. No language model is asked: what somebody has
    typed so far is sent to nobody.
    """
    limit = min(limit, MAX_LIMIT)
    asked = SearchRequest(q, _department(access.department(department)), access.theme(theme))
    result = request.knowledge_base.search(
        q, limit=limit, filters=asked.filters, lang=lang, steering=Steering(worded=False)
    )
    return WidgetAnswer.of(result, asked, limit, absolute_urls(request.root, lang))


def _department(given: str) -> str:
    try:
        return department_code(given)
    except ValueError as error:
        raise HTTPException(422, f"department: {error}") from None


class Event(StrEnum):
    """What the widget counts for a site: a finished search, an empty search, an opened result."""

    SEARCH = "search"
    EMPTY = "empty"
    SELECTION = "selection"


_COUNTS = {
    Event.SEARCH: SiteCounts(searches=1),
    Event.EMPTY: SiteCounts(searches=1, empty=1),
    Event.SELECTION: SiteCounts(selections=1),
}


@router.post(f"{WIDGET_PREFIX}/counts", status_code=204)
def count(request: APageRequest, access: AnAccess, event: Event) -> None:
    """Counts what only the widget knows: finished searches and opened results."""
    count_for_address(request.http, Quota.TYPING)
    if access.site is None:
        return
    if not access.is_from_site:
        raise Refusal(403, NOT_A_PAGE)
    count_of_site(request.http, access.site)
    tallies_of(request.http).add_use(access.site.key, _COUNTS[event])
