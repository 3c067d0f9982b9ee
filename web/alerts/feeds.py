"""Feeds (Atom, RFC 4287) of what is new: in the catalogue, for a need, on the board.

An entry keeps its id whatever becomes of its record, and is ordered by when it was first published.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import HTTPException, Query
from markupsafe import Markup
from starlette.responses import Response

from kb.errors import QueryError
from kb.reference.departments import department_code
from kb.reference.flows import Flow
from kb.registers.alerts.subscriptions import NewsTopic, TopicKind
from web.alerts.news import NewsItem, feed_of, news_of
from web.api.routing import revalidated
from web.http.dependencies import A_SEARCH, APageRequest
from web.http.i18n import Language
from web.http.labels import UNKNOWN_DEPARTMENT
from web.http.refusals import Refusal
from web.http.request import PageRequest
from web.http.routing import PageRouter
from web.http.urls import Page

TAGGED_SINCE = "2026"
"""The year that ids of entries name, in which a site had the name in them (RFC 4151)."""

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

router = PageRouter()

Department = Annotated[str, Query(max_length=100)]
Theme = Annotated[str, Query(max_length=200)]


@router.shows(Page.CASES_FEED)
def cases_feed(request: APageRequest, department: Department = "", theme: Theme = "") -> Response:
    return _feed(request, NewsTopic(TopicKind.CASES, "", department, theme))


@router.shows(Page.CATALOGUE_FEED)
def catalogue_feed(
    request: APageRequest, department: Department = "", theme: Theme = ""
) -> Response:
    return _feed(request, NewsTopic(TopicKind.CATALOGUE, "", department, theme))


@router.shows(Page.SEARCH_FEED, [A_SEARCH])
def search_feed(
    request: APageRequest, q: str = "", department: Department = "", theme: Theme = ""
) -> Response:
    return _feed(request, NewsTopic(TopicKind.SEARCH, q, department, theme))


@router.shows(Page.BOARD_FEED)
def board_feed(
    request: APageRequest, flow: str = "", department: Department = "", theme: Theme = ""
) -> Response:
    flow = flow if flow in set(Flow) else ""
    return _feed(request, NewsTopic(TopicKind.BOARD, "", department, theme, flow))


@router.shows(Page.NOTICE_FEED)
def notice_feed(request: APageRequest, notice: str = "") -> Response:
    found = request.knowledge_base.notices.get(notice)
    if not found.is_public:
        raise HTTPException(404)
    title = found.content.title
    return _feed(request, NewsTopic(TopicKind.NOTICE, title, notice_id=notice))


def _feed(request: PageRequest, topic: NewsTopic) -> Response:
    try:
        topic = replace(topic, department=department_code(topic.department))
    except ValueError:
        raise Refusal(400, UNKNOWN_DEPARTMENT) from None
    try:
        items = news_of(request.knowledge_base, topic, request.language)
    except QueryError as error:
        raise Refusal(400, error.remark) from None
    response = request.document(
        "alerts/feed.xml",
        "application/atom+xml",
        topic=topic,
        here=feed_of(topic),
        items=items,
        updated=max((item.changed for item in items), default="1970-01-01T00:00:00Z"),
        authority=urlsplit(request.root).hostname or "localhost",
    )
    return revalidated(request.http, response)


def entry_id(item: NewsItem, authority: str) -> str:
    """Returns the id of an entry: a tag URI of the site and the record, the same for ever."""
    return f"tag:{authority},{TAGGED_SINCE}:{item.kind}/{quote(item.id, safe='')}"


def without_control_characters(text: str) -> str:
    """Returns a text, escaped or not, without the characters that XML cannot hold."""
    kept = _NOT_IN_XML.sub("", text)
    return Markup(kept) if isinstance(text, Markup) else kept  # noqa: S704 (what was safe still is)


def filters(_language: Language) -> Mapping[str, Callable[..., object]]:
    """Returns the filters of the templates of feeds."""
    return {"entry_id": entry_id, "in_xml": without_control_characters}
