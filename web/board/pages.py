"""The pages of the board: all notices, one of them, and the form to post one; who visits them."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Query
from starlette.datastructures import FormData
from starlette.responses import Response

from ingest.private_details.details import details_in
from kb.errors import EditConflict, QueryError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.reference.departments import NAMES
from kb.reference.roles import Flow
from kb.registers.accounts import Account, AccountRole
from kb.registers.board.notice import AnswerState, Notice, NoticeAnswer, NoticeState
from kb.registers.clock import today
from kb.search.results import Steering
from web.board.forms import EMPTY_ANSWER, EMPTY_CLOSING, NoticeForm, choices, known_department
from web.http.refusals import NotSignedIn, not_allowed
from web.http.routing import APageRequest, PageRequest, PageRouter, number_in, see, text_of
from web.http.security.cookies import site_secret
from web.http.security.sessions import AFormOfAnyone, ASession, sessions_of
from web.http.urls import AbsoluteUrl, Page, address

FREE_POSTS = 5
SIMILAR = 3

router = PageRouter()


@dataclass(frozen=True, slots=True)
class Visitor:
    request: PageRequest
    account: Account | None
    key: str = ""

    @property
    def name(self) -> str:
        return self.account.name if self.account else ""

    @property
    def is_member(self) -> bool:
        return self.account is not None and self.account.is_member

    @property
    def moderates(self) -> bool:
        return self.account is not None and self.account.role.may(AccountRole.MODERATOR)

    def slow_down(self) -> None:
        if not self.is_member:
            self.request.slow_down("board_throttle")

    def is_machine(self, form: FormData) -> bool:
        """Whether the field that no person sees was filled in."""
        return self.account is None and bool(text_of(form, "website"))

    def owns(self, notice: Notice) -> bool:
        if self.account and notice.owner == self.account.name:
            return True
        return bool(self.key) and hmac.compare_digest(
            self.key.encode(), key_of(self.request, notice.id).encode()
        )

    def manages(self, notice: Notice) -> bool:
        return self.moderates or self.owns(notice)

    def closes(self, notice: Notice) -> bool:
        """Whether the visitor may close a notice, or take back that it was closed."""
        is_theirs = notice.state is not NoticeState.CLOSED or notice.updated_by == self.name
        return self.moderates or (is_theirs and self.owns(notice))

    def readable(self, notice_id: str) -> Notice:
        notice = self.request.knowledge_base.notices.get(notice_id)
        if not (notice.is_public or self.manages(notice)):
            raise UnknownRecord(f"There is no notice with the id {notice_id!r}.")
        return notice

    def contact_of(self, notice: Notice) -> str:
        if self.manages(notice):
            return notice.content.contact
        return notice.content.contact_shown(to_member=self.is_member)


async def _visitor(
    request: APageRequest, session: ASession, key: Annotated[str, Query()] = ""
) -> Visitor:
    return Visitor(request, session.account, key)


AVisitor = Annotated[Visitor, Depends(_visitor)]


async def _sender(request: APageRequest, session: ASession, form: AFormOfAnyone) -> Visitor:
    return Visitor(request, session.account, text_of(form, "key"))


ASender = Annotated[Visitor, Depends(_sender)]


def key_of(request: PageRequest, notice_id: str) -> str:
    secret = site_secret(request.settings, request.knowledge_base)
    return hmac.digest(secret.encode(), f"notice {notice_id}".encode(), "sha256").hex()[:32]


def shown_answers(visitor: Visitor, notice: Notice) -> Sequence[NoticeAnswer]:
    def reads(answer: NoticeAnswer) -> bool:
        if answer.state is AnswerState.REFUSED:
            return False
        if visitor.moderates or (answer.by and answer.by == visitor.name):
            return True
        is_published = answer.state is AnswerState.PUBLISHED
        return is_published and (not answer.private or visitor.owns(notice))

    return [
        answer for answer in visitor.request.knowledge_base.answers.of(notice.id) if reads(answer)
    ]


def told_with(base: KnowledgeBase, notice: Notice) -> Sequence[Notice]:
    """Returns the public notices that a moderator found to fit a notice."""
    others = map(base.notices.get, base.notice_pairs.told_with(notice.id))
    return [other for other in others if other.is_public]


def answerers(visitor: Visitor, notice: Notice) -> Mapping[str, str]:
    """Maps who answered a notice, or posted one that fits it, to the ids of those known."""
    told = told_with(visitor.request.knowledge_base, notice)
    found = {other.content.asker: "" for other in told}
    found |= {one.organisation: one.actor_id for one in shown_answers(visitor, notice)}
    return {name: id_ for name, id_ in found.items() if name}


def described(notice: Notice, absolute_url: AbsoluteUrl) -> Mapping[str, Any]:
    content = notice.content
    contact = content.contact_shown(to_member=False)
    place = ", ".join(filter(None, (content.place, NAMES.get(content.department, ""))))
    organisation = {"name": content.asker, "email" if "@" in contact else "telephone": contact}
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
    visitor: AVisitor, q: str = "", near: str = "", department: str = "", theme: str = ""
) -> Response:
    if visitor.account is None:
        sessions_of(visitor.request.http).welcome(visitor.request.http)
    form = NoticeForm.of_need(
        q, near=near, department=known_department(department), theme=theme, asker=visitor.name
    )
    return _form_page(visitor, form, None)


@router.takes(Page.NEW_NOTICE)
def post_notice(request: APageRequest, visitor: ASender, form: AFormOfAnyone) -> Response:
    base, typed = request.knowledge_base, NoticeForm.sent(form)
    read = typed.read(request.language.value, needs_email=visitor.account is None)
    if read.errors:
        return _form_page(visitor, typed.wrong(read.errors), None, status_code=400)
    if visitor.is_machine(form):
        return see(request, address(Page.BOARD))
    visitor.slow_down()
    posted = base.notices.add(read.content, owner=visitor.name, told_at=read.told_at)
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
        sessions_of(visitor.request.http).welcome(visitor.request.http)
    return _form_page(visitor, NoticeForm.of(changed.content, changed.told_at), changed)


@router.takes(Page.NOTICE_EDIT)
def change_notice(
    request: APageRequest, visitor: ASender, form: AFormOfAnyone, record_id: str
) -> Response:
    changed, base = _changeable(visitor, record_id), request.knowledge_base
    typed, revision = NoticeForm.sent(form), number_in(form, "revision")
    read = typed.read(changed.content.lang, needs_email=False)
    if read.errors or not revision:
        seen = replace(changed, revision=revision)
        return _form_page(visitor, typed.wrong(read.errors), seen, status_code=400)
    visitor.slow_down()
    try:
        if visitor.moderates:
            saved = base.notices.save(changed.id, read.content, by=visitor.name, revision=revision)
            if saved.state is NoticeState.PUBLISHED:
                base.notice_matching.propose(saved)
        else:
            base.notices.send_again(changed.id, read.content, by=visitor.name, revision=revision)
    except EditConflict:
        return _form_page(visitor, typed, changed, status_code=409, is_conflict=True)
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
        choices=choices(request, form.values["department"]),
        themes=[theme.name for theme in request.knowledge_base.themes()],
        is_conflict=is_conflict,
        is_unsaved=request.http.method == "POST",
    )


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
    flow = flow if flow in set(Flow) else ""
    filters = {"flow": flow, "department": known_department(department), "theme": theme}
    listed = base.notices.public(
        flows=[Flow(flow)] if flow else list(Flow),
        department=filters["department"],
        theme=theme,
        open_only=not past,
        after=after,
        limit=20,
    )
    filters["past"] = "yes" if past else ""
    own = base.notices.list(list(NoticeState), owner=visitor.name) if visitor.account else []
    return request.page(
        "board/board.html",
        here=address(Page.BOARD, **filters, after=after),
        listed=listed,
        filters=filters,
        older=None
        if listed.is_last
        else address(Page.BOARD, **filters, after=listed.notices[-1].id),
        answers=base.answers.counts(),
        departments=[code for code, _ in base.departments()],
        own=[notice for notice in own if notice.state is not NoticeState.CLOSED],
        done=done,
    )


@router.shows(Page.NOTICE)
def notice(visitor: AVisitor, record_id: str, answer: str = "", done: str = "") -> Response:
    shown = visitor.readable(record_id)
    owns = visitor.owns(shown)
    if visitor.account is None and (answer or owns):
        sessions_of(visitor.request.http).welcome(visitor.request.http)
    offered = bool(answer) or (visitor.account is not None and not owns)
    form = EMPTY_ANSWER if offered and shown.is_open(today()) else None
    return notice_page(visitor, shown, form, done=done)


def notice_page(
    visitor: Visitor,
    notice: Notice,
    form: Mapping[str, object] | None = None,
    *,
    status_code: int = 200,
    message: str = "",
    done: str = "",
    closing: Mapping[str, object] = EMPTY_CLOSING,
) -> Response:
    request = visitor.request
    base, answers = request.knowledge_base, shown_answers(visitor, notice)
    try:
        found = base.search(
            # The thing alone: what is told of it besides names other things.
            notice.content.title,
            limit=5,
            lang=request.language,
            # A page that anybody opens sends nothing to another service.
            steering=Steering(worded=False),
        )
    except QueryError:
        found = None
    # The published case that the notice was closed as.
    drafts = base.drafts.versions(notice.draft_id)[-1:] if notice.draft_id else []
    cases = [draft.record.id for draft in drafts if draft.record.id in base.ids(Kind.CASE)]
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
        actors=base.actors_by_id({answer.actor_id for answer in answers if answer.actor_id}),
        form=form,
        closing=closing,
        answerers=answerers(visitor, notice) if visitor.manages(notice) else {},
        told=told_with(base, notice),
        similar=base.notice_matching.similar(notice, SIMILAR),
        hits=[hit for hit in found.hits if hit.fit.is_worth_a_call] if found else [],
        cases=[hit for hit in found.cases if hit.fit.is_worth_a_call] if found else [],
        case_id=next(iter(cases), ""),
        message=message,
        linked_data=described(notice, request.absolute_url),
        done=done,
    )
