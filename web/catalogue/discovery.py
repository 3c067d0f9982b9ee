"""robots.txt, sitemaps and OpenSearch, by which programs find the pages."""

import math
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path
from starlette.responses import Response

from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from web.http.dependencies import APageRequest
from web.http.i18n import Language
from web.http.urls import Address, Page, address

ADDRESSES_PER_SITEMAP = 50_000 // len(Language)
"""A sitemap holds 50,000 URLs at most (sitemaps.org); an address has one per language."""

SEARCHES_AS_DATA = ("/api/search", "/api/explain", "/api/report")

router = APIRouter(include_in_schema=False)


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
