"""The pages: which records each shows. What they say is in the templates."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Self
from urllib.parse import quote, urlencode

from fastapi import APIRouter, HTTPException, Query
from starlette.responses import RedirectResponse, Response

from kb.cases import one_edition_each
from kb.departments import department_code
from kb.errors import QueryError, WithdrawnRecord
from kb.hits import ActorHit, CaseHit, Filters, Fit, SearchResult
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from web import linked_data
from web.addresses import PATTERNS, Page, address
from web.api import MAX_LIMIT
from web.competences import shown_competences
from web.dependencies import AVisit
from web.provenance import said_by_sources
from web.wording import UNKNOWN_DEPARTMENT, refusal

LIMITS = (10, 25, 50, MAX_LIMIT)
"""How many actors a page of results shows at first, and then when more are asked for."""

NEAREST = 5
"""How many uncertain actors are shown where none fits."""

ACTORS_PER_PAGE = 100

Handler = Callable[..., Response]

router = APIRouter(include_in_schema=False)


def _serves(page: Page) -> Callable[[Handler], Handler]:
    """Routes the address of a page in every language to the function below."""

    def register(handler: Handler) -> Handler:
        for path in PATTERNS[page].values():
            router.add_api_route(path, handler, methods=["GET", "HEAD"], response_model=None)
        return handler

    return register


@router.api_route("/", methods=["GET", "HEAD"])
async def choose_language(visit: AVisit) -> Response:
    home_path = address(Page.HOME).path(visit.language)
    return RedirectResponse(home_path, headers={"Vary": "Accept-Language"})


@router.api_route("/fr", methods=["GET", "HEAD"])
@router.api_route("/en", methods=["GET", "HEAD"])
async def end_with_a_slash(visit: AVisit) -> Response:
    return RedirectResponse(address(Page.HOME).path(visit.language))


@_serves(Page.HOME)
def home(visit: AVisit) -> Response:
    return visit.page(
        "home.html",
        here=address(Page.HOME),
        held=visit.knowledge_base.status(),
        departments=visit.knowledge_base.departments(),
        themes=visit.knowledge_base.themes(),
        linked_data=linked_data.website("Qui sait faire ?", visit.absolute_url),
    )


@dataclass(frozen=True, slots=True)
class Answers:
    """A search's result as a page shows it.

    `fitting` and `cases` hold no hit whose fit is NONE; `nearest` holds such hits, and only where
    no actor fits better than weakly (`only_leads`, or none at all). `next_limit` is what to ask
    for to see more, or None where all are shown.
    """

    fitting: Sequence[ActorHit]
    only_leads: bool
    nearest: Sequence[ActorHit]
    cases: Sequence[CaseHit]
    total: int
    next_limit: int | None

    @classmethod
    def of(cls, result: SearchResult, limit: int) -> Self:
        fitting = [hit for hit in result.hits if hit.fit is not Fit.NONE]
        uncertain = [hit for hit in result.hits if hit.fit is Fit.NONE]
        no_better = all(hit.fit is Fit.WEAK for hit in fitting)
        larger_limits = (larger for larger in LIMITS if larger > limit)
        return cls(
            fitting=fitting,
            only_leads=bool(fitting) and no_better,
            nearest=uncertain[:NEAREST] if no_better else (),
            cases=[hit for hit in result.cases if hit.fit is not Fit.NONE],
            total=result.total,
            next_limit=next(larger_limits, None) if result.total > limit else None,
        )


@_serves(Page.SEARCH)
def search(
    visit: AVisit,
    q: str | None = None,
    department: str = "",
    theme: str = "",
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = LIMITS[0],
) -> Response:
    result, message = None, ""
    try:
        department = department_code(department)
        if q is not None:
            filters = Filters(department=department, theme=theme)
            result = visit.knowledge_base.search(
                q, limit=limit, filters=filters, lang=visit.language
            )
    except ValueError:
        department, message = "", UNKNOWN_DEPARTMENT
    except QueryError as error:
        message = refusal(error)

    asked = {"q": q or "", "department": department, "theme": theme}
    departments, themes = (
        (result.departments, result.themes) if result else _filters_of_all(visit.knowledge_base)
    )
    return visit.page(
        "search.html",
        here=address(Page.SEARCH, **asked, limit="" if limit == LIMITS[0] else str(limit)),
        status_code=400 if message else 200,
        asked=asked,
        message=message,
        departments=_with_chosen(department, departments),
        themes=_with_chosen(theme, themes),
        answers=Answers.of(result, limit) if result else None,
        limit=limit,
        need_link=_link_to_tell(visit.settings.contact_url, asked["q"]),
        json_path=f"/api/search?{urlencode(asked | {'limit': limit, 'lang': visit.language})}",
    )


def _filters_of_all(
    knowledge_base: KnowledgeBase,
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """What the filters offer before anything is found: departments and themes of all actors."""
    themes = {theme.name: theme.actors for theme in knowledge_base.themes()}
    return dict(knowledge_base.departments()), themes


def _with_chosen(chosen: str, counts: Mapping[str, int]) -> Mapping[str, int]:
    """The counts, with the chosen value among them even where it leaves nothing."""
    return {**({chosen: 0} if chosen else {}), **counts}


def _link_to_tell(contact_url: str, need: str) -> str:
    """Where to make a need known; a mail has the need as its subject."""
    if contact_url.startswith("mailto:"):
        separator = "&" if "?" in contact_url else "?"
        return f"{contact_url}{separator}subject={quote(f'Qui sait faire ? {need}')}"
    return contact_url


@_serves(Page.ACTOR)
def actor(visit: AVisit, record_id: str, done: str = "") -> Response:
    try:
        found = visit.knowledge_base.actor(record_id)
    except WithdrawnRecord:
        return _withdrawn(visit, Kind.ACTOR, record_id)
    if found.id != record_id:  # it was found to be another actor
        return RedirectResponse(address(Page.ACTOR, found.id).path(visit.language), 301)
    return visit.page(
        "actor.html",
        here=address(Page.ACTOR, found.id),
        actor=found,
        shown=shown_competences(visit.knowledge_base, found.id, visit.language),
        sources=said_by_sources(visit.knowledge_base, found.id),
        linked_data=linked_data.organization(found, visit.absolute_url),
        done=done if visit.session.account else "",
    )


@_serves(Page.CASE)
def case(visit: AVisit, record_id: str, done: str = "") -> Response:
    try:
        found = visit.knowledge_base.case(record_id)
    except WithdrawnRecord:
        return _withdrawn(visit, Kind.CASE, record_id)
    translations = visit.knowledge_base.translations(found)
    return visit.page(
        "case.html",
        here=address(Page.CASE, found.id),
        case=found,
        translations=translations,
        # The language of the site is changed with that of the article, where it can be.
        elsewhere={one.lang: address(Page.CASE, one.id) for one in translations},
        linked_data=linked_data.article(found, visit.absolute_url),
        done=done if visit.session.account else "",
    )


def _withdrawn(visit: AVisit, kind: Kind, record_id: str) -> Response:
    return visit.page(
        "withdrawn.html",
        here=address(Page.CASE if kind is Kind.CASE else Page.ACTOR, record_id),
        status_code=410,
        kind=kind,
        record_id=record_id,
        withdrawal=visit.knowledge_base.withdrawal(kind, record_id),
    )


@_serves(Page.THEMES)
def themes(
    visit: AVisit,
    theme: str = "",
    part: Annotated[int, Query(ge=1)] = 1,
) -> Response:
    if not theme:
        themes = visit.knowledge_base.themes()
        return visit.page("themes.html", here=address(Page.THEMES), themes=themes)

    actors = visit.knowledge_base.actors(Filters(theme=theme))
    cases = one_edition_each(visit.knowledge_base.cases(Filters(theme=theme)), visit.language)
    parts = math.ceil(len(actors) / ACTORS_PER_PAGE) or 1
    if part > parts or not (actors or cases):
        raise HTTPException(404)
    return visit.page(
        "theme.html",
        here=address(Page.THEMES, theme=theme, part="" if part == 1 else str(part)),
        theme=theme,
        actors=actors[(part - 1) * ACTORS_PER_PAGE : part * ACTORS_PER_PAGE],
        actor_count=len(actors),
        cases=cases,
        part=part,
        parts=parts,
    )


@_serves(Page.ABOUT)
def about(visit: AVisit) -> Response:
    return visit.page("about.html", here=address(Page.ABOUT))
