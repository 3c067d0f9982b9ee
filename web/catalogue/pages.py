"""The pages: which records each shows. What they say is in the templates."""

import math
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import HTTPException, Query
from starlette.responses import RedirectResponse, Response

from kb.errors import WithdrawnRecord
from kb.models import Kind
from kb.reference.fields import ACTOR_FIELDS
from kb.search.results import Filters
from kb.search.vouching import one_edition_each
from web.catalogue import linked_data
from web.catalogue.provenance import claims_by_source, fact_name, shown_competences
from web.http.dependencies import AVisit
from web.http.i18n import Language
from web.http.routing import PageRouter
from web.http.urls import Page, address

ACTORS_PER_PAGE = 100

router = PageRouter()


@router.api_route("/", methods=["GET", "HEAD"])
async def choose_language(visit: AVisit) -> Response:
    home_path = address(Page.HOME).path(visit.language)
    return RedirectResponse(home_path, headers={"Vary": "Accept-Language"})


@router.api_route("/fr", methods=["GET", "HEAD"])
@router.api_route("/en", methods=["GET", "HEAD"])
async def end_with_a_slash(visit: AVisit) -> Response:
    return RedirectResponse(address(Page.HOME).path(visit.language))


@router.shows(Page.HOME)
def home(visit: AVisit) -> Response:
    return visit.page(
        "catalogue/home.html",
        here=address(Page.HOME),
        held=visit.knowledge_base.status(),
        departments=visit.knowledge_base.departments(),
        themes=visit.knowledge_base.themes(),
        linked_data=linked_data.website("Qui sait faire ?", visit.absolute_url),
    )


@router.shows(Page.ACTOR)
def actor(visit: AVisit, record_id: str, done: str = "") -> Response:
    try:
        found = visit.knowledge_base.actor(record_id)
    except WithdrawnRecord:
        return _withdrawn(visit, Kind.ACTOR, record_id)
    if found.id != record_id:  # it was found to be another actor
        return RedirectResponse(address(Page.ACTOR, found.id).path(visit.language), 301)
    return visit.page(
        "catalogue/actor.html",
        here=address(Page.ACTOR, found.id),
        actor=found,
        listed=[
            (name, value)
            for name, traits in ACTOR_FIELDS.items()
            if traits.listed and (value := getattr(found, name))
        ],
        shown=shown_competences(visit.knowledge_base, found.id, visit.language),
        sources=claims_by_source(visit.knowledge_base, found.id),
        linked_data=linked_data.organization(found, visit.absolute_url),
        done=done if visit.session.account else "",
    )


@router.shows(Page.CASE)
def case(visit: AVisit, record_id: str, done: str = "") -> Response:
    try:
        found = visit.knowledge_base.case(record_id)
    except WithdrawnRecord:
        return _withdrawn(visit, Kind.CASE, record_id)
    translations = visit.knowledge_base.translations(found)
    return visit.page(
        "catalogue/case.html",
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
        "catalogue/withdrawn.html",
        here=address(Page.CASE if kind is Kind.CASE else Page.ACTOR, record_id),
        status_code=410,
        kind=kind,
        record_id=record_id,
        withdrawal=visit.knowledge_base.withdrawal(kind, record_id),
    )


@router.shows(Page.THEMES)
def themes(
    visit: AVisit,
    theme: str = "",
    part: Annotated[int, Query(ge=1)] = 1,
) -> Response:
    if not theme:
        themes = visit.knowledge_base.themes()
        return visit.page("catalogue/themes.html", here=address(Page.THEMES), themes=themes)

    actors = visit.knowledge_base.actors(Filters(theme=theme))
    cases = one_edition_each(visit.knowledge_base.cases(Filters(theme=theme)), visit.language)
    parts = math.ceil(len(actors) / ACTORS_PER_PAGE) or 1
    if part > parts or not (actors or cases):
        raise HTTPException(404)
    return visit.page(
        "catalogue/theme.html",
        here=address(Page.THEMES, theme=theme, part="" if part == 1 else str(part)),
        theme=theme,
        actors=actors[(part - 1) * ACTORS_PER_PAGE : part * ACTORS_PER_PAGE],
        actor_count=len(actors),
        cases=cases,
        part=part,
        parts=parts,
    )


@router.shows(Page.ABOUT)
def about(visit: AVisit) -> Response:
    return visit.page("catalogue/about.html", here=address(Page.ABOUT))


def filters(_language: Language) -> Mapping[str, Callable[..., object]]:
    """The filters of the catalogue's templates."""
    return {"fact_name": fact_name, "json_ld": linked_data.as_script_content}
