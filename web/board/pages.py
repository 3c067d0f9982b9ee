"""The pages of the board: all notices, one of them, and the form to post one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from ingest.private_details.details import details_in
from kb.errors import EditConflict, QueryError, ReadOnlyKnowledgeBase
from kb.models import Kind
from kb.reference.departments import NAMES, department_code
from kb.reference.flows import Flow
from kb.registers.board.notice import AnswerState, Notice, NoticeState
from kb.registers.clock import today
from kb.search.results import SearchResult, Steering
from web.board.forms import NoticeForm, choices
from web.board.visitor import (
    TOO_MANY,
    AnswerForm,
    ASender,
    AVisitor,
    Visitor,
    is_machine,
    key_of,
    shown_answers,
    slow_down,
    welcome,
)
from web.editorial.forms.choices import actor_or_none
from web.editorial.labels import CANNOT_WRITE
from web.http.dependencies import APageRequest
from web.http.refusals import NotSignedIn, not_allowed
from web.http.request import PageRequest
from web.http.routing import PageRouter, number_in, see
from web.http.security.sessions import AFormOfAnyone
from web.http.urls import AbsoluteUrl, Page, address

router = PageRouter()


def described(notice: Notice, absolute_url: AbsoluteUrl) -> Mapping[str, Any]:
    """Describes a notice with the contact that everybody may see; who posted it is not told."""
    content = notice.content
    contact = content.contact_shown(to_member=False)
    place = ", ".join(filter(None, (content.place, NAMES.get(content.department, ""))))
    organisation = {
        "name": content.asker,
        "email" if "@" in contact else "telephone": contact,
    }
    described = {
        "name": content.title,
        "description": content.text,
        "url": absolute_url(address(Page.NOTICE, notice.id)),
        "availabilityStarts": notice.published_at[:10],
        "availabilityEnds": content.until,
        "areaServed": place,
        "seller" if content.flow is not Flow.SEEKS else "buyer": {
            "@type": "Organization",
            **{name: value for name, value in organisation.items() if value},
        }
        if content.asker
        else "",
    }
    return {
        "@context": "https://schema.org",
        "@type": "Demand" if content.flow is Flow.SEEKS else "Offer",
        **{name: value for name, value in described.items() if value},
    }


@router.shows(Page.NEW_NOTICE)
def new_notice(
    visitor: AVisitor,
    q: str = "",
    department: str = "",
    theme: str = "",
) -> Response:
    if visitor.account is None:
        welcome(visitor)
    try:
        department = department_code(department)
    except ValueError:
        department = ""
    form = NoticeForm.of_need(q, department=department, theme=theme, asker=visitor.name)
    return _form_page(visitor, form, None)


@router.takes(Page.NEW_NOTICE)
def post_notice(request: APageRequest, visitor: ASender, form: AFormOfAnyone) -> Response:
    base, typed = request.knowledge_base, NoticeForm.sent(form)
    read = typed.read(request.language.value, needs_email=visitor.account is None)
    if read.errors:
        return _form_page(visitor, typed.wrong(read.errors), None, status_code=400)
    if is_machine(visitor, form):
        return see(request, address(Page.BOARD))
    if slow_down(visitor):
        return _form_page(visitor, typed.wrong({"title": TOO_MANY}), None, status_code=429)
    try:
        posted = base.notices.add(read.content, owner=visitor.name, told_at=read.told_at)
    except ReadOnlyKnowledgeBase:
        return _form_page(visitor, typed.wrong({"title": CANNOT_WRITE}), None, status_code=503)
    if visitor.moderates:
        posted = base.notices.publish(posted.id, by=visitor.name, revision=posted.revision)
        base.notice_matching.propose(posted)
        return see(request, address(Page.NOTICE, posted.id, done="published"))
    key = "" if visitor.account else key_of(request, posted.id)
    return see(request, address(Page.NOTICE, posted.id, key=key, done="posted"))


@router.shows(Page.NOTICE_EDIT)
def edit_notice(visitor: AVisitor, record_id: str) -> Response:
    changed = _changeable(visitor, record_id)
    if visitor.account is None:
        welcome(visitor)
    form = NoticeForm.of(changed.content, changed.told_at)
    return _form_page(visitor, form, changed)


@router.takes(Page.NOTICE_EDIT)
def change_notice(
    request: APageRequest, visitor: ASender, form: AFormOfAnyone, record_id: str
) -> Response:
    changed = _changeable(visitor, record_id)
    base, typed, revision = (
        request.knowledge_base,
        NoticeForm.sent(form),
        number_in(form, "revision"),
    )
    read = typed.read(changed.content.lang, needs_email=False)
    if read.errors or not revision:
        seen = replace(changed, revision=revision)
        return _form_page(visitor, typed.wrong(read.errors), seen, status_code=400)
    if slow_down(visitor):
        seen = replace(changed, revision=revision)
        return _form_page(visitor, typed.wrong({"title": TOO_MANY}), seen, status_code=429)
    try:
        if visitor.moderates:
            saved = base.notices.save(changed.id, read.content, by=visitor.name, revision=revision)
            if saved.state is NoticeState.PUBLISHED:
                base.notice_matching.propose(saved)
        else:
            base.notices.send_again(changed.id, read.content, by=visitor.name, revision=revision)
    except EditConflict:
        return _form_page(visitor, typed, changed, status_code=409, is_conflict=True)
    except ReadOnlyKnowledgeBase:
        seen = replace(changed, revision=revision)
        return _form_page(visitor, typed.wrong({"title": CANNOT_WRITE}), seen, status_code=503)
    done = "saved" if visitor.moderates else "sent"
    return see(request, address(Page.NOTICE, changed.id, key=visitor.key, done=done))


def _changeable(visitor: Visitor, notice_id: str) -> Notice:
    notice = visitor.request.knowledge_base.notices.get(notice_id)
    if not visitor.manages(notice):
        raise not_allowed() if visitor.account else NotSignedIn()
    return notice


def _form_page(
    visitor: Visitor,
    form: NoticeForm,
    changed: Notice | None,
    *,
    status_code: int = 200,
    is_conflict: bool = False,
) -> Response:
    """The form to post a notice, or to change one; with a conflict, it is that of another."""
    request = visitor.request
    here = address(Page.NEW_NOTICE)
    if changed:
        here = address(Page.NOTICE_EDIT, changed.id, key=visitor.key)
    return request.page(
        "board/form.html",
        here=here,
        status_code=status_code,
        visitor=visitor,
        notice=changed,
        form=form,
        choices=choices(request),
        sends_mail=request.settings.sends_mail,
        themes=[theme.name for theme in request.knowledge_base.themes()],
        is_conflict=is_conflict,
        is_unsaved=request.http.method == "POST",
    )


NOTICES_PER_PAGE = 20
SIMILAR = 3
ACTORS_BESIDE = 5
MAX_SEARCHED_CHARS = 1000
"""How much of a notice is searched for organisations and cases: its title and what comes first."""


@router.shows(Page.BOARD)
def board(
    request: APageRequest,
    visitor: AVisitor,
    flow: str = "",
    department: str = "",
    theme: str = "",
    past: str = "",
    after: str = "",
    done: str = "",
) -> Response:
    base = request.knowledge_base
    flows = [Flow(flow)] if flow in set(Flow) else list(Flow)
    flow = flow if flow in set(Flow) else ""
    try:
        department = department_code(department)
    except ValueError:
        department = ""
    listed = base.notices.public(
        flows=flows,
        department=department,
        theme=theme,
        open_only=not past,
        after=after,
        limit=NOTICES_PER_PAGE,
    )
    filters = {
        "flow": flow,
        "department": department,
        "theme": theme,
        "past": "yes" if past else "",
    }
    own: list[Notice] = []
    if visitor.account:
        own = list(base.notices.list(list(NoticeState), owner=visitor.name))
    return request.page(
        "board/board.html",
        here=address(Page.BOARD, **filters, after=after),
        listed=listed,
        filters=filters,
        older=None
        if listed.is_last
        else address(Page.BOARD, **filters, after=listed.notices[-1].id),
        answers=base.answers.counts(),
        departments=NAMES,
        own=[notice for notice in own if notice.state is not NoticeState.CLOSED],
        done=done,
    )


@router.shows(Page.NOTICE)
def notice(visitor: AVisitor, record_id: str, answer: str = "", done: str = "") -> Response:
    shown = visitor.readable(record_id)
    if visitor.account is None and (answer or visitor.owns(shown)):
        welcome(visitor)
    offered = bool(answer) or (visitor.account is not None and not visitor.owns(shown))
    form = AnswerForm() if offered and shown.is_open(today()) else None
    return notice_page(visitor, shown, form, done=done)


def notice_page(
    visitor: Visitor,
    notice: Notice,
    form: AnswerForm | None,
    *,
    status_code: int = 200,
    message: str = "",
    done: str = "",
) -> Response:
    """The page of a notice, with the form of an answer, if there is one; `message` refuses it."""
    request = visitor.request
    base = request.knowledge_base
    answers = shown_answers(visitor, notice)
    found = _beside(request, notice)
    return request.page(
        "board/notice.html",
        here=address(Page.NOTICE, notice.id, key=visitor.key),
        status_code=status_code,
        visitor=visitor,
        notice=notice,
        details=details_in(notice.content.words) if visitor.moderates else (),
        contact=visitor.contact_of(notice),
        is_open=notice.is_open(today()),
        answers=answers,
        waiting=sum(answer.state is AnswerState.WAITING for answer in answers),
        actors={
            answer.actor_id: actor
            for answer in answers
            if (actor := actor_or_none(base, answer.actor_id))
        },
        form=form,
        told=[
            one
            for one in map(base.notices.get, base.notice_pairs.told_with(notice.id))
            if one.is_public
        ],
        similar=base.notice_matching.similar(notice, SIMILAR),
        hits=[hit for hit in found.hits if hit.fit.is_worth_a_call] if found else [],
        cases=[hit for hit in found.cases if hit.fit.is_worth_a_call] if found else [],
        searched=notice.content.title,
        case_id=_case_of(request, notice),
        message=message,
        linked_data=described(notice, request.absolute_url),
        done=done,
    )


def _beside(request: PageRequest, notice: Notice) -> SearchResult | None:
    """What the base knows for a notice; None where its words cannot be searched."""
    try:
        return request.knowledge_base.search(
            notice.content.words[:MAX_SEARCHED_CHARS],
            limit=ACTORS_BESIDE,
            lang=request.language,
            # A page that anybody opens sends nothing to another service.
            steering=Steering(worded=False),
        )
    except QueryError:
        return None


def _case_of(request: PageRequest, notice: Notice) -> str:
    """The id of the published case that a notice was closed as, or an empty string."""
    base = request.knowledge_base
    if not notice.draft_id:
        return ""
    draft = next((one for one in base.drafts.versions(notice.draft_id)[-1:]), None)
    published = draft is not None and draft.record.id in base.ids(Kind.CASE)
    return draft.record.id if draft and published else ""
