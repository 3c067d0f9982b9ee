"""News of a topic, by the time of publication, and feeds of it (Atom, RFC 4287)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from html import unescape
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import HTTPException, Query
from markupsafe import Markup
from starlette.responses import Response

from kb.errors import QueryError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Kind
from kb.reference.departments import department_code
from kb.reference.roles import Flow
from kb.registers.alerts.subscriptions import NewsTopic, TopicKind
from kb.registers.board.notice import AnswerKind, Notice, NoticeState
from kb.search.boosts.case_matching import one_edition_each
from kb.search.results import ActorHit, EvidenceKind, Filters, Steering
from kb.text.beginnings import first_sentence
from kb.text.markdown import plain_text
from web.api.routing import revalidated
from web.http.i18n import Language
from web.http.labels import UNKNOWN_DEPARTMENT
from web.http.refusals import Refusal
from web.http.routing import A_SEARCH, APageRequest, PageRequest, PageRouter
from web.http.urls import Address, Page, address
from web.search.evidence_text import strongest
from web.search.request import MAX_LIMIT

MOST_NEWS = 30
LINE_CHARS = 240


@dataclass(frozen=True, slots=True)
class NewsItem:
    """A new or changed record, notice or answer; `line` says in `lang` why it is listed."""

    kind: str
    id: str
    title: str
    line: str
    lang: str
    where: Address
    published: str
    changed: str
    place: str = ""
    department: str = ""
    mark: str = ""
    code: str = ""

    def is_new_since(self, time: str) -> bool:
        return self.published > time


def news_of(
    knowledge_base: KnowledgeBase,
    topic: NewsTopic,
    language: Language,
    *,
    since: str = "",
    until: str = "",
) -> list[NewsItem]:
    """Returns the changes in (`since`, `until`], last published first, or raises QueryError.

    Of a case and its translations only one is given, in `language` if there is one.
    """
    if topic.kind is TopicKind.SEARCH:
        found = _found(knowledge_base, topic, language)
    elif topic.kind is TopicKind.BOARD:
        flows = [Flow(topic.flow)] if topic.flow else list(Flow)
        listed = knowledge_base.notices.public(
            flows=flows, department=topic.department, theme=topic.theme, limit=MOST_NEWS
        )
        found = [_notice_item(notice) for notice in listed.notices]
    elif topic.kind is TopicKind.NOTICE:
        found = _answered(knowledge_base, topic)
    else:
        found = _listed(knowledge_base, topic, language, since)
    return sorted(
        (item for item in found if item.changed > since and not (until and item.changed > until)),
        key=lambda item: (item.published, item.id),
        reverse=True,
    )[:MOST_NEWS]


Times = tuple[str, str]


def _found(knowledge_base: KnowledgeBase, topic: NewsTopic, language: Language) -> list[NewsItem]:
    result = knowledge_base.search(
        topic.q,
        limit=MAX_LIMIT,
        filters=Filters(topic.department, topic.theme),
        lang=language,
        # No language model is waited for, and nobody's need is sent to one again and again.
        steering=Steering(worded=False),
    )
    hits = {hit.actor.id: hit for hit in result.hits if hit.fit.is_worth_a_call}
    cases = {hit.case.id: hit for hit in result.cases if hit.fit.is_worth_a_call}
    of_actors = knowledge_base.publication_times(Kind.ACTOR, hits)
    of_cases = knowledge_base.publication_times(Kind.CASE, cases)
    return [
        *(_with_evidence(hits[id_], times) for id_, times in of_actors.items()),
        *(_case_item(cases[id_].case, times) for id_, times in of_cases.items()),
    ]


def _listed(
    knowledge_base: KnowledgeBase, topic: NewsTopic, language: Language, since: str
) -> list[NewsItem]:
    filters = Filters(topic.department, topic.theme)
    # A case may be there in both languages: twice as many are looked at.
    times = knowledge_base.latest(Kind.CASE, filters, since=since, limit=2 * MOST_NEWS)
    cases = one_edition_each(knowledge_base.cases_with(times), language)
    items = [_case_item(case, times[case.id]) for case in cases]
    if topic.kind is TopicKind.CATALOGUE:
        times = knowledge_base.latest(Kind.ACTOR, filters, since=since, limit=MOST_NEWS)
        actors = knowledge_base.actors_by_id(times)
        items += [_actor_item(actors[id_], times[id_]) for id_ in times if id_ in actors]
    return items


def _answered(knowledge_base: KnowledgeBase, topic: NewsTopic) -> list[NewsItem]:
    try:
        notice = knowledge_base.notices.get(topic.notice_id)
    except UnknownRecord:
        return []
    if not notice.is_public:
        return []
    where, content = address(Page.NOTICE, notice.id), notice.content
    items = [
        _item(
            where,
            ("answer", answer.id, answer.organisation or content.title),
            answer.text,
            content.lang,
            (answer.published_at, answer.published_at),
            mark=content.flow if answer.kind is AnswerKind.CAN else answer.kind,
        )
        for answer in knowledge_base.answers.of(notice.id)
        if answer.is_public
    ]
    return [*items, _notice_item(notice)] if notice.state is NoticeState.CLOSED else items


def _item(
    where: Address, named: tuple[str, str, str], text: str, lang: str, times: Times, **more: str
) -> NewsItem:
    return NewsItem(*named, first_sentence(text, LINE_CHARS), lang, where, *times, **more)


def _notice_item(notice: Notice) -> NewsItem:
    content = notice.content
    return _item(
        address(Page.NOTICE, notice.id),
        ("notice", notice.id, content.title),
        content.text,
        content.lang,
        (notice.published_at, max(notice.published_at, notice.updated_at)),
        place=content.place,
        department=content.department,
        mark=content.flow.value,
    )


def _with_evidence(hit: ActorHit, times: Times) -> NewsItem:
    item = _actor_item(hit.actor, times)
    ground = strongest(hit.evidence)
    if ground is None or ground.kind is EvidenceKind.NAME:
        return item
    line, lang = ground.text, hit.actor.lang
    if ground.kind is EvidenceKind.CASE and ground.case and ground.participation:
        line, lang = ground.participation.contribution or ground.case.title, ground.case.lang
    line = first_sentence(line, LINE_CHARS)
    return replace(item, line=line, lang=lang, mark=ground.kind.value, code=ground.code)


def _actor_item(actor: Actor, times: Times) -> NewsItem:
    where, named = address(Page.ACTOR, actor.id), ("actor", actor.id, actor.name)
    at = {"place": actor.place, "department": actor.department}
    return _item(where, named, actor.description, actor.lang, times, **at)


def _case_item(case: Case, times: Times) -> NewsItem:
    where, named = address(Page.CASE, case.id), ("case", case.id, case.title)
    return _item(where, named, case.need or plain_text(case.text), case.lang, times)


def feed_of(topic: NewsTopic) -> Address:
    if topic.kind is TopicKind.NOTICE:
        return address(Page.NOTICE_FEED, notice=topic.notice_id)
    filters = {"department": topic.department, "theme": topic.theme}
    return address(f"{topic.kind}_feed", q=topic.q, flow=topic.flow, **filters)


def kind_of_topic(topic: NewsTopic) -> str:
    return f"{topic.kind}-{topic.flow}" if topic.flow else topic.kind.value


def alert_of(topic: NewsTopic) -> Address:
    if topic.kind is TopicKind.NOTICE:
        return address(Page.ALERTS, notice=topic.notice_id)
    kind = "" if topic.kind is TopicKind.SEARCH else kind_of_topic(topic)
    return address(
        Page.ALERTS, q=topic.q, department=topic.department, theme=topic.theme, kind=kind
    )


def page_of(topic: NewsTopic) -> Address:
    filters = {"department": topic.department, "theme": topic.theme}
    if topic.kind is TopicKind.SEARCH:
        return address(Page.SEARCH, q=topic.q, **filters)
    if topic.kind is TopicKind.BOARD:
        return address(Page.BOARD, flow=topic.flow, **filters)
    if topic.kind is TopicKind.NOTICE:
        return address(Page.NOTICE, topic.notice_id)
    return address(Page.THEMES, theme=topic.theme) if topic.theme else address(Page.HOME)


TAGGED_SINCE = "2026"
"""The year in the ids of entries, in which a site had its name (RFC 4151)."""

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
router = PageRouter()
Department = Annotated[str, Query(max_length=100)]
Theme = Annotated[str, Query(max_length=200)]


@router.shows(Page.CASES_FEED)
@router.shows(Page.CATALOGUE_FEED)
@router.shows(Page.SEARCH_FEED, [A_SEARCH])
@router.shows(Page.BOARD_FEED)
def feed(
    request: APageRequest,
    q: str = "",
    flow: str = "",
    department: Department = "",
    theme: Theme = "",
) -> Response:
    kind = TopicKind(request.http.scope["route"].name.removesuffix("_feed"))
    q = q if kind is TopicKind.SEARCH else ""
    flow = flow if kind is TopicKind.BOARD and flow in set(Flow) else ""
    try:
        topic = NewsTopic(kind, q, department_code(department), theme, flow)
    except ValueError:
        raise Refusal(400, UNKNOWN_DEPARTMENT) from None
    return _feed(request, topic)


@router.shows(Page.NOTICE_FEED)
def notice_feed(request: APageRequest, notice: str = "") -> Response:
    found = request.knowledge_base.notices.get(notice)
    if not found.is_public:
        raise HTTPException(404)
    return _feed(request, NewsTopic(TopicKind.NOTICE, found.content.title, notice_id=notice))


def _feed(request: PageRequest, topic: NewsTopic) -> Response:
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
    return {
        "entry_id": entry_id,
        "feed_of": feed_of,
        "in_xml": without_control_characters,
        "page_of": page_of,
        "plain": unescape,
    }
