"""What is done with a notice: answers, decisions of moderators, its closing."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from starlette.datastructures import FormData
from starlette.responses import Response

from ingest.articles.typography import escaped
from ingest.records.fields import record_id
from kb.errors import EditConflict, ReadOnlyKnowledgeBase, UnknownRecord
from kb.messages import N_
from kb.models import Case, Participation
from kb.reference.flows import Flow
from kb.reference.roles import Role
from kb.registers.board.notice import (
    AnswerState,
    Closing,
    Notice,
    NoticeAnswer,
    NoticeContent,
    PairState,
)
from kb.registers.clock import today
from kb.registers.drafts import Draft
from web.board.pages import notice_page
from web.board.visitor import (
    ANSWERED,
    PAIRED,
    PUBLISHED,
    REFUSED,
    TOO_MANY,
    AnswerForm,
    ASender,
    Visitor,
    is_machine,
    slow_down,
    tell_owner,
)
from web.editorial.forms.choices import actor_finder
from web.editorial.labels import CANNOT_WRITE
from web.http.dependencies import APageRequest
from web.http.i18n import Language, translations
from web.http.refusals import Refusal, no_such_action, not_allowed
from web.http.routing import PageRouter, number_in, see, text_of
from web.http.security.sessions import AForm, AFormOfAnyone, AModerator
from web.http.urls import Page, address

router = PageRouter()


BOARD_ORIGIN = "board"
"""The origin of drafts of cases that were notices."""

_THE_NEED = N_("What was asked")
_THE_ANSWERS = N_("What was answered")
_ID_CHARS = 8


def close_as_case(visitor: Visitor, notice: Notice, revision: int) -> Draft:
    """Closes a notice that was met, with the draft of its case; returns the draft.

    The draft is theirs to finish; a stranger's, who has no page for it, waits for a moderator.

    Raises:
        EditConflict: `revision` is not the current one, or the notice is closed.
    """
    base = visitor.request.knowledge_base
    draft = base.drafts.add(
        case_of(visitor, notice),
        by=visitor.name,
        origin=BOARD_ORIGIN,
        submitted=visitor.account is None,
    )
    try:
        base.notices.close(
            notice.id, Closing.MET, by=visitor.name, revision=revision, draft_id=draft.id
        )
    except EditConflict:
        base.drafts.delete(draft.id)
        raise
    return draft


def case_of(visitor: Visitor, notice: Notice) -> Case:
    """Returns the case that a notice, its public answers and what it was told with amount to."""
    base, content = visitor.request.knowledge_base, notice.content
    answers = [
        answer
        for answer in base.answers.of(notice.id)
        if answer.state is AnswerState.PUBLISHED and not answer.private
    ]
    told = [
        other.content
        for other in map(base.notices.get, base.notice_pairs.told_with(notice.id))
        if other.is_public
    ]
    return Case(
        id=record_id("", content.title, notice.id[:_ID_CHARS]),
        title=content.title,
        need=content.title,
        text=_text(content, answers, told),
        lang=content.lang,
        date=today(),
        period=_months(notice.published_at, today()),
        flow=content.flow.value,
        themes=content.themes,
        source_url=visitor.request.absolute_url(address(Page.NOTICE, notice.id)),
        participants=tuple(_participants(visitor, content, answers, told)),
    )


def _months(first: str, last: str) -> str:
    """The months from one day to another, in EDTF."""
    since, until = first[:7], last[:7]
    return since if since == until else f"{since}/{until}"


def _text(
    content: NoticeContent, answers: Sequence[NoticeAnswer], told: Sequence[NoticeContent]
) -> str:
    gettext = translations(Language(content.lang)).gettext
    parts = [f"## {gettext(_THE_NEED)}", escaped(content.text or content.title)]
    said = [(answer.organisation, answer.text) for answer in answers]
    said += [(other.asker, other.words) for other in told]
    if said:
        parts.append(f"## {gettext(_THE_ANSWERS)}")
        parts += [
            f"**{escaped(who)}** – {escaped(text)}" if who else escaped(text) for who, text in said
        ]
    return "\n\n".join(parts)


def _participants(
    visitor: Visitor,
    content: NoticeContent,
    answers: Sequence[NoticeAnswer],
    told: Sequence[NoticeContent],
) -> Iterator[Participation]:
    """The asker, then who answered; whoever offers something supplies it, whoever takes it uses it.

    Each organisation once.
    """
    find = actor_finder(visitor.request.knowledge_base)
    seeks = content.flow is Flow.SEEKS
    role_of_asker = Role.BUYER if seeks else Role.SUPPLIER
    role_of_others = Role.PRODUCER if seeks else Role.BUYER
    named = [(content.asker, "", role_of_asker)]
    named += [(answer.organisation, answer.actor_id, role_of_others) for answer in answers]
    named += [(other.asker, "", role_of_others) for other in told]
    seen: set[str] = set()
    for name, actor_id, role in named:
        if name and name not in seen:
            seen.add(name)
            yield Participation(name, role, actor_id or find(name))


NEEDS_A_WORD = N_("Say why in a few words: who posted it will read it.")
CHANGED = N_("Somebody else changed this notice meanwhile. Read it again, then decide.")
NOT_OPEN = N_("This notice takes no more answers.")


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
