"""Feeds (Atom, RFC 4287) of what is new: in the catalogue, for a need, on the board.

An entry keeps its id whatever becomes of its record, and is ordered by when it was first published.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import HTTPException, Query
from markupsafe import Markup
from starlette.responses import Response

from kb.errors import QueryError
from kb.models import Kind
from kb.reference.departments import department_code
from kb.reference.flows import Flow
from kb.registers.alerts.topics import NewsTopic, TopicKind
from web.alerts.news import NewsItem, feed_of, news_of
from web.api.routing import names_tag
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
    return _catalogue_feed(request, NewsTopic(TopicKind.CASES, "", department, theme))


@router.shows(Page.CATALOGUE_FEED)
def catalogue_feed(
    request: APageRequest, department: Department = "", theme: Theme = ""
) -> Response:
    return _catalogue_feed(request, NewsTopic(TopicKind.CATALOGUE, "", department, theme))


@router.shows(Page.SEARCH_FEED, [A_SEARCH])
def search_feed(
    request: APageRequest, q: str = "", department: Department = "", theme: Theme = ""
) -> Response:
    return _catalogue_feed(request, NewsTopic(TopicKind.SEARCH, q, department, theme))


@router.shows(Page.BOARD_FEED)
def board_feed(
    request: APageRequest, flow: str = "", department: Department = "", theme: Theme = ""
) -> Response:
    flow = flow if flow in set(Flow) else ""
    return _board_feed(request, NewsTopic(TopicKind.BOARD, "", department, theme, flow))


@router.shows(Page.NOTICE_FEED)
def notice_feed(request: APageRequest, notice: str = "") -> Response:
    found = request.knowledge_base.notices.get(notice)
    if not found.is_public:
        raise HTTPException(404)
    title = found.content.title
    return _board_feed(request, NewsTopic(TopicKind.NOTICE, title, notice_id=notice))


def _catalogue_feed(request: PageRequest, topic: NewsTopic) -> Response:
    """A feed that changes with the catalogue: it is not made for who has it already."""
    topic = _with_department_code(topic)
    base = request.knowledge_base
    changed_at = base.changed_at()
    generations = " ".join(base.generation(of) for of in Kind)
    headers = _headers(f"{request.identity.revision} {generations}", request, topic, changed_at)
    if _is_known(request, headers):
        return Response(status_code=304, headers=headers)
    try:
        items = news_of(base, topic, request.language)
    except QueryError as error:
        raise Refusal(400, error.remark) from None
    return _feed(request, topic, items, changed_at, headers)


def _board_feed(request: PageRequest, topic: NewsTopic) -> Response:
    topic = _with_department_code(topic)
    items = news_of(request.knowledge_base, topic, request.language)
    changed_at = max((item.changed for item in items), default="")
    # No date: what is over leaves the feed, and nothing is newer then.
    headers = _headers(f"{request.identity.revision} {items}", request, topic, "")
    if _is_known(request, headers):
        return Response(status_code=304, headers=headers)
    return _feed(request, topic, items, changed_at, headers)


def _with_department_code(topic: NewsTopic) -> NewsTopic:
    try:
        return replace(topic, department=department_code(topic.department))
    except ValueError:
        raise Refusal(400, UNKNOWN_DEPARTMENT) from None


def _headers(state: str, request: PageRequest, topic: NewsTopic, changed_at: str) -> dict[str, str]:
    """The headers by which a reader asks again; whatever is in the feed follows from `state`."""
    tagged = f"{request.root} {request.language} {topic} {state} {changed_at}"
    tag = hashlib.sha256(tagged.encode()).hexdigest()[:32]
    headers = {"ETag": f'W/"{tag}"', "Cache-Control": "no-cache"}
    if changed_at:
        headers["Last-Modified"] = format_datetime(_in_seconds(changed_at), usegmt=True)
    return headers


def _feed(
    request: PageRequest,
    topic: NewsTopic,
    items: Sequence[NewsItem],
    changed_at: str,
    headers: Mapping[str, str],
) -> Response:
    response = request.document(
        "alerts/feed.xml",
        "application/atom+xml",
        topic=topic,
        here=feed_of(topic),
        items=items,
        updated=max((item.changed for item in items), default=changed_at) or "1970-01-01T00:00:00Z",
        authority=urlsplit(request.root).hostname or "localhost",
    )
    response.headers.update(headers)
    return response


def _is_known(request: PageRequest, headers: Mapping[str, str]) -> bool:
    """Whether who asks has the feed as it is (RFC 9110, 13.2.2)."""
    if_none_match = request.http.headers.get("If-None-Match")
    if if_none_match is not None:
        return names_tag(if_none_match, headers["ETag"].removeprefix('W/"').removesuffix('"'))
    try:
        since = parsedate_to_datetime(request.http.headers.get("If-Modified-Since", ""))
        changed = parsedate_to_datetime(headers.get("Last-Modified", ""))
    except ValueError:
        return False
    return since.replace(tzinfo=UTC) >= changed


def _in_seconds(at: str) -> datetime:
    return datetime.fromisoformat(at).astimezone(UTC).replace(microsecond=0)


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
