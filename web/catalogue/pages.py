"""The pages of the catalogue, and what programs find of them: site map, robots, search plug-in."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Annotated

from fastapi import HTTPException, Path, Query
from starlette.responses import RedirectResponse, Response

from kb.errors import WithdrawnRecord
from kb.hints.matching import RelatedNeed
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Kind
from kb.reference.communes import is_coordinate
from kb.reference.fields import ACTOR_FIELDS
from kb.reference.roles import ROLES
from kb.search.boosts.case_matching import one_edition_each
from kb.search.results import Filters
from kb.text.beginnings import first_sentence
from kb.text.know_how import know_how
from web.catalogue.records import (
    article,
    as_script_content,
    claims_by_source,
    contact_filters,
    fact_name,
    organization,
    shown_competences,
    website,
)
from web.http.i18n import Language
from web.http.routing import APageRequest, PageRouter
from web.http.urls import Address, Page, address
from web.maps import organisation_map

router = PageRouter()
ACTORS_PER_PAGE = 100
EXAMPLES, EXAMPLE_CHARS = 4, 80  # on the home page


@router.api_route("/", methods=["GET", "HEAD"])
async def choose_language(request: APageRequest) -> Response:
    home_path = address(Page.HOME).path(request.language)
    return RedirectResponse(home_path, headers={"Vary": "Accept-Language"})


@router.api_route("/fr", methods=["GET", "HEAD"])
@router.api_route("/en", methods=["GET", "HEAD"])
async def end_with_a_slash(request: APageRequest) -> Response:
    return RedirectResponse(address(Page.HOME).path(request.language))


def _examples(known: Sequence[RelatedNeed]) -> Sequence[RelatedNeed]:
    """The first that are told in a short sentence, each once."""
    told = {first_sentence(one.text, EXAMPLE_CHARS).rstrip(" ."): one.lang for one in known}
    short = (RelatedNeed(*one) for one in told.items() if not one[0].endswith("…"))
    return list(islice(short, EXAMPLES))


@router.shows(Page.HOME)
def home(request: APageRequest) -> Response:
    base = request.knowledge_base
    ids = [id_ for editions in base.front_page.stories(3) for id_ in editions]
    stories = one_edition_each(base.cases_with(ids), request.language)
    return request.page(
        "catalogue/home.html",
        here=address(Page.HOME),
        held=base.status(),
        departments=base.departments(),
        stories=stories,
        examples=_examples(base.related_needs.examples(request.language)),
        pictures=base.pictures.known([case.picture for case in stories]),
        linked_data=website(
            request.identity.identity.name.replace("\u202f", " "), request.absolute_url
        ),
    )


@router.shows(Page.ACTOR)
def actor(request: APageRequest, record_id: str, done: str = "") -> Response:
    try:
        found = request.knowledge_base.actor(record_id)
    except WithdrawnRecord:
        return _withdrawn(request, Kind.ACTOR, record_id)
    if found.id != record_id:  # it was found to be another actor
        return RedirectResponse(address(Page.ACTOR, found.id).path(request.language), 301)
    account = request.session.account
    return request.page(
        "catalogue/actor.html",
        here=address(Page.ACTOR, found.id),
        actor=found,
        theme_langs=request.knowledge_base.theme_languages(),
        shown=shown_competences(request.knowledge_base, found.id, request.language),
        sources=claims_by_source(
            request.knowledge_base, found, for_members=account is not None and account.is_member
        ),
        maps=organisation_map(found),
        held=request.knowledge_base.holds.accepted(found.id),
        linked_data=organization(found, request.absolute_url),
        done=done if request.session.account else "",
    )


@router.shows(Page.CASE)
def case(request: APageRequest, record_id: str, done: str = "") -> Response:
    try:
        found = request.knowledge_base.case(record_id)
    except WithdrawnRecord:
        return _withdrawn(request, Kind.CASE, record_id)
    translations = request.knowledge_base.translations(found)
    return request.page(
        "catalogue/case.html",
        here=address(Page.CASE, found.id),
        case=found,
        theme_langs=request.knowledge_base.theme_languages(),
        translations=translations,
        actors=request.knowledge_base.actors_of([found]),
        # The language of the site is changed with that of the article, where it can be.
        elsewhere={edition.lang: address(Page.CASE, edition.id) for edition in translations},
        linked_data=article(found, request.absolute_url),
        pictures=request.knowledge_base.pictures.known([found.picture]),
        on_front_page=request.knowledge_base.front_page.is_chosen(found.story),
        done=done if request.session.account else "",
    )


def _withdrawn(request: APageRequest, kind: Kind, record_id: str) -> Response:
    return request.page(
        "catalogue/withdrawn.html",
        here=address(kind, record_id),
        status_code=410,
        kind=kind,
        record_id=record_id,
        withdrawal=request.knowledge_base.withdrawal(kind, record_id),
    )


@router.shows(Page.THEMES)
def themes(
    request: APageRequest, theme: str = "", part: Annotated[int, Query(ge=1)] = 1
) -> Response:
    if not theme:
        themes = request.knowledge_base.themes()
        return request.page(
            "catalogue/themes.html",
            here=address(Page.THEMES),
            themes=themes,
            theme_langs=request.knowledge_base.theme_languages(),
        )

    actors = request.knowledge_base.actors(Filters(theme=theme))
    cases = one_edition_each(request.knowledge_base.cases(Filters(theme=theme)), request.language)
    parts = math.ceil(len(actors) / ACTORS_PER_PAGE) or 1
    if part > parts or not (actors or cases):
        raise HTTPException(404)
    return request.page(
        "catalogue/theme.html",
        here=address(Page.THEMES, theme=theme, part="" if part == 1 else str(part)),
        theme=theme,
        theme_langs=request.knowledge_base.theme_languages(),
        actors=actors[(part - 1) * ACTORS_PER_PAGE : part * ACTORS_PER_PAGE],
        actor_count=len(actors),
        cases=cases,
        part=part,
        parts=parts,
    )


@router.shows(Page.ABOUT)
def about(request: APageRequest) -> Response:
    demand = request.knowledge_base.demand
    return request.page("catalogue/about.html", here=address(Page.ABOUT), demand=demand)


@router.shows(Page.TERRITORY)
def territory(request: APageRequest) -> Response:
    return request.page("catalogue/territory.html", here=address(Page.TERRITORY))


def listed_fields(actor: Actor) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, traits in ACTOR_FIELDS.items()
        if traits.listed and (value := getattr(actor, name))
    ]


def other_facts(actor: Actor) -> list[tuple[str, str]]:
    """Returns the facts that are no know-how, and not where a map shows the actor."""
    can_do = know_how(actor.facts)
    facts = actor.facts.items()
    return [(name, text) for name, text in facts if not (name in can_do or is_coordinate(name))]


def doers(case: Case) -> Sequence[str]:
    """Returns the names of the first who did what a case tells; those who met the need first."""
    parts = sorted(case.participants, key=lambda part: -ROLES[part.role].endorsement_share)
    return list(dict.fromkeys(part.name for part in parts))[:3]


def filters(_language: Language) -> Mapping[str, Callable[..., object]]:
    return {
        **contact_filters(),
        "doers": doers,
        "fact_name": fact_name,
        "json_ld": as_script_content,
        "know_how": know_how,
        "listed_fields": listed_fields,
        "other_facts": other_facts,
    }


ADDRESSES_PER_SITEMAP = 50_000 // len(Language)
"""A sitemap holds 50,000 URLs at most (sitemaps.org); an address has one per language."""

SEARCHES_AS_DATA = ("/api/search", "/api/explain", "/api/report")


@router.api_route("/robots.txt", methods=["GET", "HEAD"])
async def robots(request: APageRequest) -> Response:
    searches = [
        address(page).path(language)
        for page in (Page.SEARCH, Page.SEARCH_FEED)
        for language in Language
    ]
    return request.document(
        "catalogue/robots.txt", "text/plain", disallowed=[*searches, *SEARCHES_AS_DATA]
    )


@router.api_route("/sitemap.xml", methods=["GET", "HEAD"])
def sitemap_index(request: APageRequest) -> Response:
    parts = math.ceil(len(_addresses(request.knowledge_base)) / ADDRESSES_PER_SITEMAP)
    return request.document("catalogue/sitemap_index.xml", "application/xml", parts=parts)


@router.api_route("/sitemap-{part}.xml", methods=["GET", "HEAD"])
def sitemap(part: Annotated[int, Path(ge=1)], request: APageRequest) -> Response:
    first = (part - 1) * ADDRESSES_PER_SITEMAP
    listed = _addresses(request.knowledge_base)[first : first + ADDRESSES_PER_SITEMAP]
    if not listed:
        raise HTTPException(404)
    return request.document("catalogue/sitemap.xml", "application/xml", addresses=listed)


@router.api_route("/opensearch.xml", methods=["GET", "HEAD"])
@router.api_route("/fr/opensearch.xml", methods=["GET", "HEAD"])
@router.api_route("/en/opensearch.xml", methods=["GET", "HEAD"])
async def opensearch(request: APageRequest) -> Response:
    return request.document("catalogue/opensearch.xml", "application/opensearchdescription+xml")


def _addresses(knowledge_base: KnowledgeBase) -> list[Address]:
    """Lists the pages to index, in an order that holds while the base does not change."""
    notices = knowledge_base.notices.public(open_only=False).notices
    return [
        *(address(page) for page in (Page.HOME, Page.THEMES, Page.BOARD, Page.ABOUT)),
        *(address(Page.THEMES, theme=theme.name) for theme in knowledge_base.themes()),
        *(address(Page.CASE, case_id) for case_id in sorted(knowledge_base.ids(Kind.CASE))),
        *(address(Page.NOTICE, notice.id) for notice in notices),
        *(address(Page.ACTOR, actor_id) for actor_id in sorted(knowledge_base.ids(Kind.ACTOR))),
    ]
