"""The pages of alerts. Mails hold signed links; a GET changes nothing, as scanners follow links."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from kb.errors import InputError, QueryError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.reference.departments import department_code
from kb.reference.roles import Flow
from kb.registers.alerts.outbox import NewMail
from kb.registers.alerts.subscriptions import (
    CONFIRM,
    FIND,
    UNCONFIRMED_FOR_S,
    Frequency,
    NewsTopic,
    Subscriber,
    Subscription,
    TopicKind,
)
from kb.remarks import Remark
from kb.search.results import Steering
from web.alerts.digests import TO_CONFIRM, TO_MANAGE
from web.alerts.news import alert_of, kind_of_topic
from web.http.i18n import Language
from web.http.labels import UNKNOWN_DEPARTMENT
from web.http.refusals import NotSignedIn, Refusal, no_such_action, strange_form
from web.http.routing import APageRequest, PageRequest, PageRouter, see, text_of
from web.http.security.sessions import AFormOfAnyone, sessions_of
from web.http.urls import Address, Page, address
from web.mail import mail_writer_of, signed_links_of

MAX_NEED_CHARS = 500
MAX_THEME_CHARS = 200

KINDS: Mapping[str, str] = {
    "catalogue": N_("new organisations and cases"),
    "cases": N_("new cases"),
    "board": N_("needs and offers"),
    "board-seeks": N_("needs that are posted"),
    "board-offers": N_("offers that are posted"),
    "board-shares": N_("things to share"),
}

SENT: Mapping[str, str] = {
    "ask": N_(
        "Look at your mailbox: a mail asks you to confirm. Without your answer, nothing is sent, "
        "and your address is deleted after two days. No mail after ten minutes? Look among the "
        "unwanted mails. An address gets three such mails a day at most."
    ),
    "find": N_(
        "If this address has alerts here, a mail now leads to them. An address gets three such "
        "mails a day at most."
    ),
}

DONE: Mapping[str, str] = {
    "confirmed": N_("The alert is on: you get a mail when there is something new."),
    "change": N_("The alert is changed."),
    "lang": N_("The language of your mails is changed."),
    "stop": N_("The alert is stopped."),
}

OLD_LINK = N_(
    "This link is too old, was used already, or is cut off. Ask for the alert again, or have a new "
    "link sent to you."
)

router = PageRouter()


@router.shows(Page.ALERTS)
def alerts_page(request: APageRequest, sent: str = "") -> Response:
    return _ask_page(request, request.http.query_params, sent=SENT.get(sent, ""))


@router.takes(Page.ALERTS)
def ask(request: APageRequest, form: AFormOfAnyone) -> Response:
    do = text_of(form, "do")
    if do not in SENT or not request.settings.sends_mail:
        raise no_such_action()
    request.slow_down("alert_throttle")
    base, links = request.knowledge_base, signed_links_of(request)
    typed = {name: text_of(form, name).strip() for name in form}
    wrong = "email" if do == "ask" else "found_email"
    try:
        if do == "find":
            base.subscriptions.find(
                typed.get("found_email", ""),
                lambda found: _mail(
                    request, FIND, found, Page.MY_ALERTS, links.sign(TO_MANAGE, found.id)
                ),
            )
            return see(request, address(Page.ALERTS, sent=do))
        topic = _topic(base, typed)
        if len(topic.q) > MAX_NEED_CHARS:
            long = N_("An alert needs a need in a few words: 500 characters at most.")
            return _ask_page(request, typed, wrong="q", message=long)
        try:
            department_code(typed.get("department", ""))
        except ValueError:
            return _ask_page(request, typed, wrong="department", message=UNKNOWN_DEPARTMENT)
        if topic.kind is TopicKind.SEARCH:
            base.search(topic.q, limit=1, steering=Steering(worded=False))
        account = request.session.account
        base.subscriptions.ask(
            typed.get("email", ""),
            request.language.value,
            topic,
            _frequency(typed),
            lambda asked: _mail(
                request,
                CONFIRM,
                asked.subscriber,
                Page.ALERT_CONFIRM,
                links.sign(TO_CONFIRM, asked.id),
            ),
            account=account.name if account else "",
        )
    except InputError as error:
        return _ask_page(request, typed, wrong=wrong, message=error.remark)
    except QueryError as error:
        return _ask_page(request, typed, wrong="q", message=error.remark)
    return see(request, address(Page.ALERTS, sent=do))


def _mail(request: PageRequest, purpose: str, to: Subscriber, page: Page, token: str) -> NewMail:
    return mail_writer_of(request).write(
        f"alerts/mail/{purpose}",
        request.language,
        recipient=to.email,
        purpose=purpose,
        link=address(page, t=token),
    )


def _frequency(typed: Mapping[str, str]) -> Frequency:
    return Frequency.DAILY if typed.get("frequency") == Frequency.DAILY else Frequency.WEEKLY


def _topic(base: KnowledgeBase, values: Mapping[str, str]) -> NewsTopic:
    """Returns the topic of these values without unknown departments, or raises UnknownRecord."""
    if notice_id := values.get("notice", ""):
        notice = base.notices.get(notice_id)
        if not notice.is_public:
            raise UnknownRecord(Remark("no_subscription"))
        return NewsTopic(TopicKind.NOTICE, notice.content.title, notice_id=notice.id)
    q, theme = (" ".join(values.get(name, "").split()) for name in ("q", "theme"))
    theme = theme[:MAX_THEME_CHARS]
    try:
        department = department_code(values.get("department", ""))
    except ValueError:
        department = ""
    kind, _, flow = values.get("kind", "").partition("-")
    if q:
        return NewsTopic(TopicKind.SEARCH, q, department, theme)
    if kind == TopicKind.BOARD:
        flow = flow if flow in set(Flow) else ""
        return NewsTopic(TopicKind.BOARD, "", department, theme, flow)
    known = TopicKind.CASES if kind == TopicKind.CASES else TopicKind.CATALOGUE
    return NewsTopic(known, "", department, theme)


def _ask_page(
    request: PageRequest,
    typed: Mapping[str, str],
    *,
    sent: str = "",
    wrong: str = "",
    message: str = "",
) -> Response:
    topic = _topic(request.knowledge_base, typed)
    return request.page(
        "alerts/subscribe.html",
        here=alert_of(topic),
        status_code=400 if wrong else 200,
        offered=request.settings.sends_mail and request.welcome(),
        email=typed.get("email", "") if request.http.method == "POST" else "",
        found_email=typed.get("found_email", "") if request.http.method == "POST" else "",
        frequency=_frequency(typed),
        wrong=wrong,
        message=message,
        topic=topic,
        departments=[code for code, _ in request.knowledge_base.departments()],
        themes=[theme.name for theme in request.knowledge_base.themes()],
        theme_langs=request.knowledge_base.theme_languages(),
        kinds=KINDS,
        kind=kind_of_topic(topic),
        max_need_chars=MAX_NEED_CHARS,
        sent=sent,
    )


async def _short_form(request: Request) -> FormData:
    return await request.form(max_files=0)


async def _own_form(request: Request) -> FormData:
    if not sessions_of(request).comes_from_here(request):
        raise strange_form()
    return await _short_form(request)


AShortForm = Annotated[FormData, Depends(_short_form)]
AnOwnForm = Annotated[FormData, Depends(_own_form)]


@router.shows(Page.ALERT_CONFIRM)
def confirm_page(request: APageRequest, t: str = "") -> Response:
    """Shows what would be confirmed; mail scanners that follow the link confirm nothing."""
    asked = _to_confirm(request, t)
    if asked.confirmed_at:
        return see(request, _to_manage(request, asked.subscriber))
    here = address(Page.ALERT_CONFIRM, t=t)
    return request.page("alerts/confirm.html", here=here, asked=asked, t=t)


@router.takes(Page.ALERT_CONFIRM)
def confirm(request: APageRequest, form: AnOwnForm) -> Response:
    t = text_of(form, "t")
    asked = _to_confirm(request, t)
    try:
        request.knowledge_base.subscriptions.confirm(asked.id)
    except InputError as error:
        return request.page(
            "alerts/confirm.html", status_code=400, asked=asked, t=t, message=error.remark
        )
    except UnknownRecord:
        raise Refusal(410, OLD_LINK) from None
    return see(request, _to_manage(request, asked.subscriber, done="confirmed"))


@router.shows(Page.MY_ALERTS)
def my_alerts_page(request: APageRequest, t: str = "", done: str = "") -> Response:
    own = _own(request, t)
    return request.page(
        "alerts/mine.html",
        here=address(Page.MY_ALERTS, t=t),
        subscriptions=own,
        subscriber=own[0].subscriber if t else None,
        t=t,
        frequencies=tuple(Frequency),
        done=DONE.get(done, ""),
    )


@router.takes(Page.MY_ALERTS)
def change_alerts(request: APageRequest, form: AnOwnForm) -> Response:
    subscriptions, t = request.knowledge_base.subscriptions, text_of(form, "t")
    if not t and not sessions_of(request.http).vouches(request.session, text_of(form, "csrf")):
        raise strange_form()
    own = _own(request, t)
    do, id = text_of(form, "do"), text_of(form, "id")
    if do == "forget" and t:
        subscriptions.forget(_subscriber_id(request, t))
        return request.page("alerts/stopped.html")
    if do == "lang" and t and text_of(form, "lang") in set(Language):
        subscriptions.set_language(_subscriber_id(request, t), text_of(form, "lang"))
    elif id not in {subscription.id for subscription in own}:
        raise Refusal(400, OLD_LINK)
    elif do == "stop":
        subscriptions.stop(id)
        if t and len(own) == 1:
            return request.page("alerts/stopped.html")
    elif do == "change" and text_of(form, "frequency") in set(Frequency):
        subscriptions.change(id, Frequency(text_of(form, "frequency")))
    else:
        raise no_such_action()
    return see(request, address(Page.MY_ALERTS, t=t, done=do))


@router.shows(Page.ALERT_STOP)
def stop_page(request: APageRequest, t: str = "") -> Response:
    here = address(Page.ALERT_STOP, t=t)
    return request.page("alerts/stop.html", here=here, subscriptions=_own(request, t), t=t)


@router.takes(Page.ALERT_STOP)
def stop(request: APageRequest, form: AShortForm, t: str = "") -> Response:
    """Stops all, as often as asked: the button, or one click in a mail program (RFC 8058)."""
    request.knowledge_base.subscriptions.forget(_subscriber_id(request, text_of(form, "t") or t))
    return request.page("alerts/stopped.html")


def _to_manage(request: PageRequest, subscriber: Subscriber, **query: str) -> Address:
    t = signed_links_of(request).sign(TO_MANAGE, subscriber.id)
    return address(Page.MY_ALERTS, t=t, **query)


def _to_confirm(request: PageRequest, token: str) -> Subscription:
    id = signed_links_of(request).read(TO_CONFIRM, token, UNCONFIRMED_FOR_S)
    try:
        return request.knowledge_base.subscriptions.get(id or "")
    except UnknownRecord:
        raise Refusal(410, OLD_LINK) from None


def _subscriber_id(request: PageRequest, token: str) -> str:
    """Returns the subscriber of a link to manage or stop; such links do not age."""
    id = signed_links_of(request).read(TO_MANAGE, token)
    if id is None:
        raise Refusal(410, OLD_LINK)
    return id


def _own(request: PageRequest, token: str) -> Sequence[Subscription]:
    subscriptions = request.knowledge_base.subscriptions
    if not token:
        if request.session.account is None:
            raise NotSignedIn
        return subscriptions.of_account(request.session.account.name)
    own = subscriptions.of_subscriber(_subscriber_id(request, token))
    if not own:
        raise Refusal(410, OLD_LINK)
    return own
