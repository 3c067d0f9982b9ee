"""What is done with a notice from its page: answered, published, refused, closed, told to another.

And the pairs of a need and an offer, which moderators decide on.
"""

from collections.abc import Callable, Mapping

from starlette.datastructures import FormData
from starlette.responses import Response

from kb.errors import EditConflict, ReadOnlyKnowledgeBase, UnknownRecord
from kb.messages import N_
from kb.registers.board.notice import AnswerState, Closing, Notice
from kb.registers.board.pairs import PairState
from kb.registers.clock import today
from web.board.answering import AnswerForm
from web.board.closing import close_as_case
from web.board.pages import notice_page
from web.board.telling import ANSWERED, PAIRED, PUBLISHED, REFUSED, tell_owner
from web.board.visitor import TOO_MANY, ASender, Visitor, is_machine, slow_down
from web.editorial.labels import CANNOT_WRITE
from web.http.dependencies import APageRequest
from web.http.refusals import Refusal, no_such_action, not_allowed
from web.http.routing import PageRouter, number_in, see, text_of
from web.http.security.sessions import AForm, AFormOfAnyone, AModerator
from web.http.urls import Page, address

NEEDS_A_WORD = N_("Say why in a few words: who posted it will read it.")
CHANGED = N_("Somebody else changed this notice meanwhile. Read it again, then decide.")
NOT_OPEN = N_("This notice takes no more answers.")

router = PageRouter()


@router.takes(Page.NOTICE)
def decide(visitor: ASender, form: AFormOfAnyone, record_id: str) -> Response:
    notice = visitor.readable(record_id)
    what, _, on = text_of(form, "do").partition(":")
    if what == "answer":
        return _answer(visitor, notice, form)
    actions: Mapping[str, Callable[[Visitor, Notice, FormData, str], Response]] = {
        "publish": _publish,
        "refuse": _refuse,
        "delete": _delete,
        "publish_answer": _publish_answer,
        "refuse_answer": _refuse_answer,
        "close": _close,
    }
    if what not in actions:
        raise no_such_action()
    if not (visitor.moderates or (what == "close" and visitor.owns(notice))):
        raise not_allowed()
    try:
        return actions[what](visitor, notice, form, on)
    except EditConflict:
        present = visitor.readable(notice.id)
        return notice_page(visitor, present, None, status_code=409, message=CHANGED)


@router.takes(Page.BOARD)
def decide_on_pair(request: APageRequest, account: AModerator, form: AForm) -> Response:
    """Tells both of a need and an offer, or sets them aside."""
    what = {"tell": PairState.TOLD, "set_aside": PairState.SET_ASIDE}.get(text_of(form, "do"))
    if what is None:
        raise no_such_action()
    base = request.knowledge_base
    pair = base.notice_pairs.decide(
        text_of(form, "need"), text_of(form, "offer"), what, by=account.name
    )
    if what is PairState.TOLD:
        for id_ in (pair.need_id, pair.offer_id):
            tell_owner(request, base.notices.get(id_), PAIRED)
    done = "told" if what is PairState.TOLD else "set_aside"
    return see(request, address(Page.MODERATION, done=done), "board")


def _answer(visitor: Visitor, notice: Notice, form: FormData) -> Response:
    typed = AnswerForm.sent(form)
    if not notice.is_open(today()):
        raise Refusal(409, NOT_OPEN)
    errors = typed.problems(needs_contact=visitor.account is None)
    if errors:
        return notice_page(visitor, notice, typed.wrong(errors), status_code=400)
    if is_machine(visitor, form):
        return _back(visitor, notice, "answer_waits")
    if slow_down(visitor):
        refused = typed.wrong({"answer": TOO_MANY})
        return notice_page(visitor, notice, refused, status_code=429)
    try:
        answer = typed.keep(visitor, notice)
    except ReadOnlyKnowledgeBase:
        refused = typed.wrong({"answer": CANNOT_WRITE})
        return notice_page(visitor, notice, refused, status_code=503)
    published = answer.state is AnswerState.PUBLISHED
    if published:
        tell_owner(visitor.request, notice, ANSWERED)
    return _back(visitor, notice, "answered" if published else "answer_waits")


def _publish(visitor: Visitor, notice: Notice, form: FormData, _on: str) -> Response:
    base = visitor.request.knowledge_base
    published = base.notices.publish(
        notice.id, by=visitor.name, revision=number_in(form, "revision")
    )
    base.notice_matching.propose(published)
    tell_owner(visitor.request, notice, PUBLISHED)
    return _back(visitor, notice, "published")


def _refuse(visitor: Visitor, notice: Notice, form: FormData, _on: str) -> Response:
    message = text_of(form, "message").strip()
    if not message:
        return notice_page(visitor, notice, None, status_code=400, message=NEEDS_A_WORD)
    visitor.request.knowledge_base.notices.refuse(
        notice.id, message, by=visitor.name, revision=number_in(form, "revision")
    )
    tell_owner(visitor.request, notice, REFUSED, message)
    return _back(visitor, notice, "refused")


def _delete(visitor: Visitor, notice: Notice, _form: FormData, _on: str) -> Response:
    visitor.request.knowledge_base.notices.delete(notice.id)
    return see(visitor.request, address(Page.BOARD, done="deleted"))


def _publish_answer(visitor: Visitor, notice: Notice, _form: FormData, on: str) -> Response:
    return _decide_on_answer(visitor, notice, on, AnswerState.PUBLISHED)


def _refuse_answer(visitor: Visitor, notice: Notice, _form: FormData, on: str) -> Response:
    return _decide_on_answer(visitor, notice, on, AnswerState.REFUSED)


def _decide_on_answer(visitor: Visitor, notice: Notice, on: str, state: AnswerState) -> Response:
    answers = visitor.request.knowledge_base.answers
    if answers.get(on).notice_id != notice.id:
        raise UnknownRecord("This answer is to another notice.")
    answers.set_state(on, state)
    published = state is AnswerState.PUBLISHED
    if published:
        tell_owner(visitor.request, notice, ANSWERED)
    return _back(visitor, notice, "answer_published" if published else "answer_refused")


def _close(visitor: Visitor, notice: Notice, form: FormData, on: str) -> Response:
    """Closes a notice; one that was met becomes the draft of a case, filled from the thread."""
    if on not in set(Closing):
        raise no_such_action()
    closing, base = Closing(on), visitor.request.knowledge_base
    revision = number_in(form, "revision")
    if closing is not Closing.MET:
        base.notices.close(notice.id, closing, by=visitor.name, revision=revision)
        return _back(visitor, notice, "closed")
    draft = close_as_case(visitor, notice, revision)
    if visitor.account is None:
        return _back(visitor, notice, "case_waits")
    return see(visitor.request, address(Page.DRAFT, draft.id, done="from_board"))


def _back(visitor: Visitor, notice: Notice, done: str) -> Response:
    return see(visitor.request, address(Page.NOTICE, notice.id, key=visitor.key, done=done))
