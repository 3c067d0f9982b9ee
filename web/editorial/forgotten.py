"""A forgotten password: a link to the address of an account, and the page that it leads to.

The link is a signed digest of the account as it is: once its password, its address or anything
that signs it out has changed, no account has that digest, and the link is dead. Nothing is stored
for it.
"""

import hashlib
import logging

from starlette.background import BackgroundTask
from starlette.responses import Response

from kb.errors import AccountError, InputError, KnowledgeBaseError, UnknownRecord
from kb.registers.accounts import Account, account_key
from kb.registers.alerts.outbox import FORGOTTEN, FORGOTTEN_LINK_S, checked_address
from web.editorial.labels import NOT_TWICE, TOO_MANY_TRIES
from web.http.dependencies import APageRequest
from web.http.refusals import no_such_action
from web.http.request import PageRequest
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import AFormOfAnyone
from web.http.urls import Page, address
from web.mail.writing import mail_writer_of, signed_links_of

LIMITS = ((1, 20 * 60), (10, 24 * 3600))
"""The most mails that an address gets, and in how many seconds."""

MOST_LINKS = 10
"""The most links in a mail: one for each account that has its address, the oldest first."""

router = PageRouter()
_log = logging.getLogger(__name__)


@router.shows(Page.FORGOTTEN)
def forgotten_page(request: APageRequest, sent: str = "") -> Response:
    return _forgotten_page(request, sent=bool(sent))


@router.takes(Page.FORGOTTEN)
def ask_for_link(request: APageRequest, form: AFormOfAnyone) -> Response:
    if not request.settings.sends_mail:
        raise no_such_action()
    request.slow_down("alert_throttle", TOO_MANY_TRIES)
    typed = text_of(form, "email").strip()
    try:
        email = checked_address(typed)
    except InputError as error:
        return _forgotten_page(request, typed, message=error.remark)
    answer = see(request, address(Page.FORGOTTEN, sent="1"))
    # After the answer, which so takes as long whether or not an account has the address.
    answer.background = BackgroundTask(_queue_links, request, email)
    return answer


def _queue_links(request: PageRequest, email: str) -> None:
    base, links = request.knowledge_base, signed_links_of(request)
    try:
        found = [one for one in base.accounts.list() if one.email == email and not one.disabled]
        found.sort(key=lambda one: one.created_at)
        tokens = [links.sign(FORGOTTEN, _digest(one)) for one in found[:MOST_LINKS]]
        if tokens:
            mail = mail_writer_of(request).write(
                "editorial/mail/password",
                request.language,
                recipient=email,
                purpose=FORGOTTEN,
                links=[address(Page.NEW_PASSWORD, t=token) for token in tokens],
            )
            base.outbox.queue(mail, limits=LIMITS)
    except KnowledgeBaseError as error:
        _log.warning("A link for a new password was not queued: %s", error)


@router.shows(Page.NEW_PASSWORD)
def new_password_page(request: APageRequest, t: str = "") -> Response:
    """Shows the form; mail scanners that follow the link use nothing up."""
    account = _linked(request, t)
    if account is None:
        return _forgotten_page(request, old=True)
    return _new_password_page(request, account, t)


@router.takes(Page.NEW_PASSWORD)
def set_new_password(request: APageRequest, form: AFormOfAnyone) -> Response:
    t, new = text_of(form, "t"), text_of(form, "new")
    account = _linked(request, t)
    if account is None:
        return _forgotten_page(request, old=True)
    # By the account, which the link proves: who shares a network with others waits for none.
    by = f"password of {account_key(account.name)}"
    request.slow_down("alert_throttle", TOO_MANY_TRIES, by=by)
    if new != text_of(form, "again"):
        return _new_password_page(request, account, t, message=NOT_TWICE)
    try:
        request.knowledge_base.accounts.set_password(account.name, new, epoch=account.session_epoch)
    except AccountError as error:
        return _new_password_page(request, account, t, message=error.remark)
    except UnknownRecord:
        return _forgotten_page(request, old=True)
    return see(request, address(Page.SIGN_IN, done="reset"))


def _forgotten_page(
    request: PageRequest,
    typed: str = "",
    *,
    message: str = "",
    sent: bool = False,
    old: bool = False,
) -> Response:
    return request.page(
        "editorial/forgotten.html",
        here=address(Page.FORGOTTEN),
        status_code=410 if old else 400 if message else 200,
        offered=request.settings.sends_mail and (sent or request.welcome()),
        typed=typed,
        message=message,
        sent=sent,
        is_link_old=old,
    )


def _new_password_page(
    request: PageRequest, account: Account, token: str, *, message: str = ""
) -> Response:
    return request.page(
        "editorial/new_password.html",
        here=address(Page.NEW_PASSWORD, t=token),
        status_code=400 if message else 200,
        offered=request.welcome(),
        name=account.name,
        t=token,
        message=message,
    )


def _linked(request: PageRequest, token: str) -> Account | None:
    """Returns the account that a link is of, or None if the link is over."""
    digest = signed_links_of(request).read(FORGOTTEN, token, FORGOTTEN_LINK_S)
    for account in request.knowledge_base.accounts.list() if digest else ():
        if _digest(account) == digest and not account.disabled:
            return account
    return None


def _digest(account: Account) -> str:
    key, epoch = account_key(account.name), account.session_epoch
    state = f"{key}\n{account.created_at}\n{epoch}\n{account.email}"
    return hashlib.sha256(state.encode()).hexdigest()
