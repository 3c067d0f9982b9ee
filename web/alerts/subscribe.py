"""The page to ask for an alert: a topic, an address, how often; or to find one's alerts again.

What it answers is the same whether or not it knows the address, and whether or not a mail was sent.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from starlette.datastructures import FormData
from starlette.responses import Response

from kb.errors import InputError, QueryError, ReadOnlyKnowledgeBase, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.reference.departments import NAMES, department_code
from kb.reference.flows import Flow
from kb.registers.alerts.outbox import NewMail
from kb.registers.alerts.subscriptions import (
    CONFIRM,
    FIND,
    Frequency,
    NewsTopic,
    Subscriber,
    TopicKind,
)
from kb.remarks import Remark
from kb.search.results import Steering
from web.alerts.digests import AlertLinks
from web.alerts.news import alert_of, kind_of_topic
from web.http.dependencies import APageRequest
from web.http.labels import UNKNOWN_DEPARTMENT
from web.http.refusals import no_such_action
from web.http.request import PageRequest
from web.http.routing import PageRouter, see, text_of
from web.http.security.secret import NoSecret
from web.http.security.sessions import AFormOfAnyone
from web.http.security.throttle import Throttle, host_of
from web.http.urls import Address, Page, address
from web.mail.writing import mail_writer_of, signed_links_of

MAX_NEED_CHARS = 500
MAX_THEME_CHARS = 200

CANNOT_KEEP = N_("This site cannot keep alerts now. Try again later.")
TOO_OFTEN = N_("You have asked for many mails. Try again in a few minutes.")
LONG_NEED = N_("An alert needs a need in a few words: 500 characters at most.")

KINDS: Mapping[str, str] = {
    "catalogue": N_("new organisations and cases"),
    "cases": N_("new cases"),
    "board": N_("needs and offers"),
    "board-seeks": N_("needs that are posted"),
    "board-offers": N_("offers that are posted"),
    "board-shares": N_("things to share"),
}
"""What one can be told of without a need of one's own."""

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
"""What the page says after a form, by the value of `sent` in its address."""


@dataclass(frozen=True, slots=True)
class AlertForm:
    """What the form shows; `wrong` is the field that was refused, and `message` why."""

    topic: NewsTopic
    email: str = ""
    frequency: Frequency = Frequency.WEEKLY
    wrong: str = ""
    message: str = ""
    found_email: str = ""


router = PageRouter()


@router.shows(Page.ALERTS)
def alerts_page(request: APageRequest, sent: str = "") -> Response:
    """The form, filled with the topic that the address says (`Page.ALERTS`)."""
    topic = _topic(request.knowledge_base, request.http.query_params)
    return _page(request, AlertForm(topic), sent=SENT.get(sent, ""))


@router.takes(Page.ALERTS)
def ask(request: APageRequest, form: AFormOfAnyone) -> Response:
    do = text_of(form, "do")
    if do not in SENT or not request.settings.sends_mail:
        raise no_such_action()
    filled = _filled(request.knowledge_base, form)
    wait_s = cast("Throttle", request.http.app.state.alert_throttle).attempt(host_of(request.http))
    if wait_s:
        response = _page(request, replace(filled, message=TOO_OFTEN), status_code=429)
        response.headers["Retry-After"] = str(math.ceil(wait_s))
        return response
    try:
        if do == "find":
            _find(request, filled.found_email)
        else:
            _check(request, form, filled.topic)
            _ask(request, filled)
    except InputError as error:
        wrong = "email" if do == "ask" else "found_email"
        return _page(request, replace(filled, wrong=wrong, message=error.remark), status_code=400)
    except QueryError as error:
        return _page(request, replace(filled, wrong="q", message=error.remark), status_code=400)
    except ValueError as error:
        wrong = "q" if str(error) == LONG_NEED else "department"
        return _page(request, replace(filled, wrong=wrong, message=str(error)), status_code=400)
    except (ReadOnlyKnowledgeBase, NoSecret):
        return _page(request, replace(filled, message=CANNOT_KEEP), status_code=503)
    return see(request, address(Page.ALERTS, sent=do))


def _ask(request: PageRequest, filled: AlertForm) -> None:
    links, account = AlertLinks(signed_links_of(request)), request.session.account
    request.knowledge_base.subscriptions.ask(
        filled.email,
        request.language.value,
        filled.topic,
        filled.frequency,
        lambda asked: _mail(request, CONFIRM, asked.subscriber, links.to_confirm(asked.id)),
        account=account.name if account else "",
    )


def _find(request: PageRequest, email: str) -> None:
    links = AlertLinks(signed_links_of(request))
    request.knowledge_base.subscriptions.find(
        email, lambda found: _mail(request, FIND, found, links.to_manage(found))
    )


def _mail(request: PageRequest, purpose: str, to: Subscriber, link: Address) -> NewMail:
    return mail_writer_of(request).write(
        f"alerts/mail/{purpose}",
        request.language,
        recipient=to.email,
        purpose=purpose,
        link=link,
    )


def _topic(base: KnowledgeBase, values: Mapping[str, str]) -> NewsTopic:
    """Returns the topic of these values; a need says by itself that it is a search.

    An unknown department is left out.

    Raises:
        UnknownRecord: there is no such notice that everybody may read.
    """
    if notice_id := values.get("notice", ""):
        notice = base.notices.get(notice_id)
        if not notice.is_public:
            raise UnknownRecord(Remark("no_subscription"))
        return NewsTopic(TopicKind.NOTICE, notice.content.title, notice_id=notice.id)
    q = " ".join(values.get("q", "").split())
    theme = " ".join(values.get("theme", "").split())[:MAX_THEME_CHARS]
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


def _check(request: PageRequest, form: FormData, topic: NewsTopic) -> None:
    """Refuses a topic of which nothing can be told.

    Raises:
        ValueError: a value cannot be used; says why.
        QueryError: the need cannot be searched.
    """
    if len(text_of(form, "q")) > MAX_NEED_CHARS:
        raise ValueError(LONG_NEED)
    try:
        department_code(text_of(form, "department"))
    except ValueError:
        raise ValueError(UNKNOWN_DEPARTMENT) from None
    if topic.kind is TopicKind.SEARCH:
        request.knowledge_base.search(topic.q, limit=1, steering=Steering(worded=False))


def _filled(base: KnowledgeBase, form: FormData) -> AlertForm:
    weekly = text_of(form, "frequency") != Frequency.DAILY.value
    return AlertForm(
        _topic(base, {name: text_of(form, name) for name in form}),
        email=text_of(form, "email").strip(),
        frequency=Frequency.WEEKLY if weekly else Frequency.DAILY,
        found_email=text_of(form, "found_email").strip(),
    )


def _page(
    request: PageRequest, filled: AlertForm, *, sent: str = "", status_code: int = 200
) -> Response:
    topic = filled.topic
    return request.page(
        "alerts/subscribe.html",
        here=alert_of(topic),
        status_code=status_code,
        offered=request.settings.sends_mail and request.welcome(),
        filled=filled,
        topic=topic,
        departments=NAMES,
        themes=[theme.name for theme in request.knowledge_base.themes()],
        theme_langs=request.knowledge_base.theme_languages(),
        kinds=KINDS,
        kind=kind_of_topic(topic),
        max_need_chars=MAX_NEED_CHARS,
        sent=sent,
    )
