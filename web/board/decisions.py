"""What is done with a notice: answers, decisions of moderators, its closing as a case."""

from collections.abc import Iterator, Mapping

from starlette.datastructures import FormData
from starlette.responses import Response

from ingest.records.fields import one_line, paragraphs, record_id
from kb.errors import EditConflict, UnknownRecord
from kb.messages import N_
from kb.models import Case, Participation
from kb.reference.roles import Flow, Role
from kb.registers.board.notice import (
    AnswerKind,
    AnswerState,
    Closing,
    Notice,
    NoticeContent,
    PairState,
)
from kb.registers.clock import today
from kb.registers.drafts import DraftState
from web.board.forms import (
    EMPTY_ANSWER,
    EMPTY_CLOSING,
    MAX_LINE_CHARS,
    MAX_TEXT_CHARS,
    TOO_LONG,
    is_contact,
)
from web.board.pages import ASender, Visitor, answerers, key_of, notice_page, told_with
from web.editorial.choices import actor_finder, organisation_in
from web.http.i18n import Language
from web.http.refusals import Refusal, no_such_action, not_allowed
from web.http.routing import APageRequest, PageRequest, PageRouter, number_in, see, text_of
from web.http.security.sessions import AForm, AFormOfAnyone, AModerator
from web.http.urls import Page, address
from web.mail import mail_writer_of

PUBLISHED = N_("Your notice is published.")
REFUSED = N_("Your notice is not published.")
ANSWERED = N_("Somebody has answered your notice.")
PAIRED = N_("A moderator thinks that another notice fits yours. Both pages now show the other.")
router = PageRouter()


@router.takes(Page.NOTICE)
def decide(visitor: ASender, form: AFormOfAnyone, record_id: str) -> Response:
    notice = visitor.readable(record_id)
    what, _, on = text_of(form, "do").partition(":")
    if what == "answer":
        return _answer(visitor, notice, form)
    if what not in {
        "publish",
        "refuse",
        "delete",
        "publish_answer",
        "refuse_answer",
        "close",
        "reopen",
    }:
        raise no_such_action()
    if not (visitor.closes(notice) if what in {"close", "reopen"} else visitor.moderates):
        raise not_allowed()
    try:
        if what == "close":
            return _close(visitor, notice, form, on)
        if what == "reopen":
            return _reopen(visitor, notice, number_in(form, "revision"))
        if what.endswith("_answer"):
            return _decide_on_answer(visitor, notice, what, on)
        return _decide(visitor, notice, form, what)
    except EditConflict:
        changed = N_("Somebody else changed this notice meanwhile. Read it again, then decide.")
        return notice_page(visitor, visitor.readable(notice.id), status_code=409, message=changed)


@router.takes(Page.BOARD)
def decide_on_pair(request: APageRequest, account: AModerator, form: AForm) -> Response:
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


def tell_owner(request: PageRequest, notice: Notice, what: str, quoted: str = "") -> None:
    """Queues a mail that says `what`, with a keyed link; nobody has confirmed the address."""
    if not (notice.told_at and request.settings.sends_mail):
        return
    mail = mail_writer_of(request).write(
        "board/mail/told",
        notice.content.lang,
        recipient=notice.told_at,
        purpose="board",
        what=what,
        quoted=quoted,
        link=address(Page.NOTICE, notice.id, key=key_of(request, notice.id)),
    )
    request.knowledge_base.outbox.queue(mail)


def _answer(visitor: Visitor, notice: Notice, form: FormData) -> Response:
    base, is_stranger = visitor.request.knowledge_base, visitor.account is None
    typed = {name: text_of(form, name) for name in EMPTY_ANSWER if name != "errors"}
    typed["answer"] = text_of(form, "answer").replace("\r\n", "\n")
    text, errors = paragraphs(typed["answer"]), dict[str, str]()
    organisation, actor_id = organisation_in(base, form, "organisation")
    contact = one_line(typed["contact"])
    if not notice.is_open(today()):
        raise Refusal(409, N_("This notice takes no more answers."))
    if not text:
        errors["answer"] = N_("Write your answer: a sentence is enough.")
    elif len(text) > MAX_TEXT_CHARS:
        errors["answer"] = TOO_LONG
    if len(organisation) > MAX_LINE_CHARS:
        errors["organisation"] = TOO_LONG
    if len(contact) > MAX_LINE_CHARS:
        errors["contact"] = TOO_LONG
    if (contact or is_stranger) and not is_contact(contact):
        errors["contact"] = N_(
            "Give an e-mail address or a telephone number, so that you can be reached."
        )
    if errors:
        return notice_page(visitor, notice, {**typed, "errors": errors}, status_code=400)
    if visitor.is_machine(form):
        return _back(visitor, notice, "answer_waits")
    visitor.slow_down()
    answer = base.answers.add(
        notice.id,
        AnswerKind(typed["kind"]) if typed["kind"] in set(AnswerKind) else AnswerKind.CAN,
        text=text,
        organisation=organisation,
        actor_id=actor_id,
        private=bool(typed["private"]),
        contact=contact,
        by=visitor.name,
        waits=not visitor.is_member,
    )
    if answer.state is AnswerState.PUBLISHED:
        tell_owner(visitor.request, notice, ANSWERED)
        return _back(visitor, notice, "answered")
    return _back(visitor, notice, "answer_waits")


def _decide(visitor: Visitor, notice: Notice, form: FormData, what: str) -> Response:
    base, revision = visitor.request.knowledge_base, number_in(form, "revision")
    if what == "delete":
        base.notices.delete(notice.id)
        return see(visitor.request, address(Page.BOARD, done="deleted"))
    if what == "publish":
        published = base.notices.publish(notice.id, by=visitor.name, revision=revision)
        base.notice_matching.propose(published)
        tell_owner(visitor.request, notice, PUBLISHED)
        return _back(visitor, notice, "published")
    message = text_of(form, "message").strip()
    if not message:
        needed = N_("Say why in a few words: the author will read it.")
        return notice_page(visitor, notice, status_code=400, message=needed)
    base.notices.refuse(notice.id, message, by=visitor.name, revision=revision)
    tell_owner(visitor.request, notice, REFUSED, message)
    return _back(visitor, notice, "refused")


def _decide_on_answer(visitor: Visitor, notice: Notice, what: str, on: str) -> Response:
    answers = visitor.request.knowledge_base.answers
    if answers.get(on).notice_id != notice.id:
        raise UnknownRecord("This answer is to another notice.")
    if what == "refuse_answer":
        answers.set_state(on, AnswerState.REFUSED)
        return _back(visitor, notice, "answer_refused")
    answers.set_state(on, AnswerState.PUBLISHED)
    tell_owner(visitor.request, notice, ANSWERED)
    return _back(visitor, notice, "answer_published")


def _close(visitor: Visitor, notice: Notice, form: FormData, on: str) -> Response:
    if on not in set(Closing):
        raise no_such_action()
    base, is_met = visitor.request.knowledge_base, on == Closing.MET
    draft_id, revision = "", number_in(form, "revision")
    if is_met:
        is_stranger, sent = visitor.account is None, form.getlist("did")
        did = {who: id_ for who, id_ in answerers(visitor, notice).items() if who in sent}
        who, actor_id = organisation_in(base, form, "who")
        did |= {who: actor_id} if who else {}
        if not did or len(who) > MAX_LINE_CHARS:
            needed = N_("Say who: choose an answer, or name an organisation.")
            typed = {name: text_of(form, name) for name in EMPTY_CLOSING if name != "errors"}
            wrong = {**typed, "errors": {"who": TOO_LONG if did else needed}}
            return notice_page(visitor, notice, status_code=400, closing=wrong)
        draft_id = base.drafts.add(
            case_of(visitor, notice, did), by=visitor.name, origin="board", submitted=is_stranger
        ).id
    try:
        base.notices.close(
            notice.id, Closing(on), by=visitor.name, revision=revision, draft_id=draft_id
        )
    except EditConflict:
        if draft_id:
            base.drafts.delete(draft_id)
        raise
    if is_met and visitor.account:
        return see(visitor.request, address(Page.DRAFT, draft_id, done="from_board"))
    return _back(visitor, notice, "case_waits" if is_met else "closed")


def _reopen(visitor: Visitor, notice: Notice, revision: int) -> Response:
    drafts = visitor.request.knowledge_base.drafts
    draft = drafts.get(notice.draft_id) if drafts.versions(notice.draft_id) else None
    if draft and draft.state is DraftState.PUBLISHED:
        raise Refusal(409, N_("The case of this notice is published: it stays closed."))
    visitor.request.knowledge_base.notices.reopen(notice.id, by=visitor.name, revision=revision)
    if draft:
        drafts.delete(draft.id)
    return _back(visitor, notice, "reopened")


def _back(visitor: Visitor, notice: Notice, done: str) -> Response:
    return see(visitor.request, address(Page.NOTICE, notice.id, key=visitor.key, done=done))


def case_of(visitor: Visitor, notice: Notice, did: Mapping[str, str]) -> Case:
    """Returns the case of a notice that `did`, names with the ids of those known, answered."""
    base, content = visitor.request.knowledge_base, notice.content
    answers = [answer for answer in base.answers.of(notice.id) if answer.is_public]
    told = [other.content for other in told_with(base, notice)]
    said = [(answer.organisation, answer.text) for answer in answers]
    said += [(other.asker, other.words) for other in told]
    need, lang = content.text or content.title, Language(content.lang)
    since, until = notice.published_at[:7], today()[:7]
    return Case(
        id=record_id("", content.title, notice.id[:8]),
        title=content.title,
        need=content.title,
        text=visitor.request.text(
            "editorial/case.txt", lang, flow=content.flow, need=need, facts=(), said=said
        ),
        lang=content.lang,
        date=today(),
        period=since if since == until else f"{since}/{until}",
        flow=content.flow.value,
        themes=content.themes,
        source_url=visitor.request.absolute_url(address(Page.NOTICE, notice.id)),
        participants=tuple(_participants(visitor, content, did)),
    )


def _participants(
    visitor: Visitor, content: NoticeContent, did: Mapping[str, str]
) -> Iterator[Participation]:
    """Yields the asker, then who did it, each once; who offers supplies, who takes uses."""
    find = actor_finder(visitor.request.knowledge_base)
    seeks = content.flow is Flow.SEEKS
    if content.asker:
        role = Role.BUYER if seeks else Role.SUPPLIER
        yield Participation(content.asker, role, find(content.asker))
    for name, actor_id in did.items():
        if name != content.asker:
            yield Participation(
                name, Role.PRODUCER if seeks else Role.BUYER, actor_id or find(name)
            )
