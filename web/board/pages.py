"""The pages of the board: all notices, and one of them with its answers."""

from starlette.responses import Response

from ingest.private_details.details import details_in
from kb.errors import QueryError
from kb.models import Kind
from kb.reference.departments import NAMES, department_code
from kb.reference.flows import Flow
from kb.registers.board.notice import AnswerState, Notice, NoticeState
from kb.registers.clock import today
from kb.search.results import SearchResult, Steering
from web.board import linked_data
from web.board.answering import AnswerForm, shown_answers
from web.board.visitor import AVisitor, Visitor, welcome
from web.editorial.forms.choices import actor_or_none
from web.http.dependencies import APageRequest
from web.http.request import PageRequest
from web.http.routing import PageRouter
from web.http.urls import Page, address

NOTICES_PER_PAGE = 20
SIMILAR = 3
ACTORS_BESIDE = 5
CASES_BESIDE = 3
MAX_SEARCHED_CHARS = 1000
"""How much of a notice is searched for organisations and cases: its title and what comes first."""

router = PageRouter()


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
        linked_data=linked_data.notice(notice, request.absolute_url),
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
