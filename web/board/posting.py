"""The forms to post a notice and to correct one."""

from dataclasses import replace

from starlette.responses import Response

from kb.errors import EditConflict, ReadOnlyKnowledgeBase
from kb.reference.departments import department_code
from kb.registers.board.notice import Notice, NoticeState
from web.board.forms import NoticeForm, choices
from web.board.visitor import (
    TOO_MANY,
    ASender,
    AVisitor,
    Visitor,
    is_machine,
    key_of,
    slow_down,
    welcome,
)
from web.editorial.labels import CANNOT_WRITE
from web.http.dependencies import APageRequest
from web.http.refusals import NotSignedIn, not_allowed
from web.http.routing import PageRouter, number_in, see
from web.http.security.sessions import AFormOfAnyone
from web.http.urls import Page, address

router = PageRouter()


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
