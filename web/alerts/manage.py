"""The pages that mails of alerts lead to: confirm one, see and change all, stop them.

The signed link is the right to act, so they need neither an account nor a cookie. Looking at a page
changes nothing: programs that check mails follow links, but send no forms.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from kb.errors import InputError, ReadOnlyKnowledgeBase, UnknownRecord
from kb.messages import N_
from kb.registers.alerts.subscriptions import Frequency, Subscription
from web.alerts.digests import AlertLinks
from web.http.dependencies import APageRequest
from web.http.i18n import Language
from web.http.refusals import NotSignedIn, Refusal, no_such_action, strange_form
from web.http.request import PageRequest
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import sessions_of
from web.http.urls import Page, address
from web.mail.writing import signed_links_of

OLD_LINK = N_(
    "This link is too old, was used already, or is cut off. Ask for the alert again, or have a new "
    "link sent to you."
)
CANNOT_CHANGE = N_("This site cannot change alerts now. Nothing was changed: try again later.")

DONE: Mapping[str, str] = {
    "confirmed": N_("The alert is on: you get a mail when there is something new."),
    "change": N_("The alert is changed."),
    "lang": N_("The language of your mails is changed."),
    "stop": N_("The alert is stopped."),
}
"""What the page says was done, by the value of `done` in its address."""

router = PageRouter()


async def _short_form(request: Request) -> FormData:
    return await request.form(max_files=0)


async def _own_form(request: Request) -> FormData:
    if not sessions_of(request).comes_from_here(request):
        raise strange_form()
    return await _short_form(request)


AShortForm = Annotated[FormData, Depends(_short_form)]
"""A form that whoever has the link may send, such as a mail program."""

AnOwnForm = Annotated[FormData, Depends(_own_form)]
"""The same from a page of this site alone."""


@router.shows(Page.ALERT_CONFIRM)
def confirm_page(request: APageRequest, t: str = "") -> Response:
    """Shows what would be confirmed; mail scanners that follow the link confirm nothing."""
    asked = _to_confirm(request, t)
    if asked.confirmed_at:
        return see(request, _links(request).to_manage(asked.subscriber))
    here = address(Page.ALERT_CONFIRM, t=t)
    return request.page("alerts/confirm.html", here=here, asked=asked, t=t, message="")


@router.takes(Page.ALERT_CONFIRM)
def confirm(request: APageRequest, form: AnOwnForm) -> Response:
    asked = _to_confirm(request, text_of(form, "t"))
    try:
        request.knowledge_base.subscriptions.confirm(asked.id)
    except InputError as error:
        return request.page(
            "alerts/confirm.html",
            status_code=400,
            asked=asked,
            t=text_of(form, "t"),
            message=error.remark,
        )
    except UnknownRecord:
        raise Refusal(410, OLD_LINK) from None
    except ReadOnlyKnowledgeBase:
        raise Refusal(503, CANNOT_CHANGE) from None
    token = dict(_links(request).to_manage(asked.subscriber).query)["t"]
    return see(request, address(Page.MY_ALERTS, t=token, done="confirmed"))


@router.shows(Page.MY_ALERTS)
def my_alerts_page(request: APageRequest, t: str = "", done: str = "") -> Response:
    """The alerts of a link, or else of the account that is signed in."""
    return _my_alerts(request, t, done=DONE.get(done, ""))


@router.takes(Page.MY_ALERTS)
def change_alerts(request: APageRequest, form: AnOwnForm) -> Response:
    subscriptions, t = request.knowledge_base.subscriptions, text_of(form, "t")
    if not t and not sessions_of(request.http).vouches(request.session, text_of(form, "csrf")):
        raise strange_form()
    own = _own(request, t)
    do, id = text_of(form, "do"), text_of(form, "id")
    try:
        if do == "forget" and t:
            subscriptions.forget(_subscriber_id(request, t))
            return request.page("alerts/stopped.html")
        if do == "lang" and t and text_of(form, "lang") in set(Language):
            subscriptions.set_language(_subscriber_id(request, t), text_of(form, "lang"))
        elif id not in {subscription.id for subscription in own}:
            return _my_alerts(request, t, message=OLD_LINK, status_code=400)
        elif do == "stop":
            subscriptions.stop(id)
            if t and len(own) == 1:
                return request.page("alerts/stopped.html")
        elif do == "change" and text_of(form, "frequency") in set(Frequency):
            subscriptions.change(id, Frequency(text_of(form, "frequency")))
        else:
            raise no_such_action()
    except ReadOnlyKnowledgeBase:
        raise Refusal(503, CANNOT_CHANGE) from None
    return see(request, address(Page.MY_ALERTS, t=t, done=do))


@router.shows(Page.ALERT_STOP)
def stop_page(request: APageRequest, t: str = "") -> Response:
    here = address(Page.ALERT_STOP, t=t)
    return request.page("alerts/stop.html", here=here, subscriptions=_own(request, t), t=t)


@router.takes(Page.ALERT_STOP)
def stop(request: APageRequest, form: AShortForm, t: str = "") -> Response:
    """Stops everything: the button of the page, or one click in a mail program (RFC 8058).

    That was done before is done: a mail program asks until it is.
    """
    subscriber_id = _subscriber_id(request, text_of(form, "t") or t)
    try:
        request.knowledge_base.subscriptions.forget(subscriber_id)
    except ReadOnlyKnowledgeBase:
        raise Refusal(503, CANNOT_CHANGE) from None
    return request.page("alerts/stopped.html")


def _links(request: PageRequest) -> AlertLinks:
    return AlertLinks(signed_links_of(request))


def _to_confirm(request: PageRequest, token: str) -> Subscription:
    id = _links(request).subscription_to_confirm(token)
    try:
        return request.knowledge_base.subscriptions.get(id or "")
    except UnknownRecord:
        raise Refusal(410, OLD_LINK) from None


def _subscriber_id(request: PageRequest, token: str) -> str:
    id = _links(request).subscriber_id(token)
    if id is None:
        raise Refusal(410, OLD_LINK)
    return id


def _own(request: PageRequest, token: str) -> Sequence[Subscription]:
    """The subscriptions of a link; without one, of the account that is signed in."""
    subscriptions = request.knowledge_base.subscriptions
    if not token:
        if request.session.account is None:
            raise NotSignedIn
        return subscriptions.of_account(request.session.account.name)
    own = subscriptions.of_subscriber(_subscriber_id(request, token))
    if not own:
        raise Refusal(410, OLD_LINK)
    return own


def _my_alerts(
    request: PageRequest, token: str, *, done: str = "", message: str = "", status_code: int = 200
) -> Response:
    own = _own(request, token)
    return request.page(
        "alerts/mine.html",
        here=address(Page.MY_ALERTS, t=token),
        status_code=status_code,
        subscriptions=own,
        subscriber=own[0].subscriber if token else None,
        t=token,
        frequencies=tuple(Frequency),
        done=done,
        message=message,
    )
