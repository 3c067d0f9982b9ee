"""The pages of who has an account: signing in and out, a forgotten password, the own account."""

import hashlib
import logging
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from kb.errors import InputError, KnowledgeBaseError, UnknownRecord
from kb.messages import N_
from kb.registers.access import KEPT_DAYS
from kb.registers.accounts import MAX_NAME_CHARS, Account, account_key
from kb.registers.alerts.outbox import FORGOTTEN, FORGOTTEN_LINK_S, checked_address
from web.editorial.labels import NOT_TWICE, TOO_MANY_TRIES
from web.http.refusals import Refusal, no_such_action
from web.http.routing import APageRequest, PageRequest, PageRouter, number_in, see, text_of
from web.http.security.cookies import NoSecret
from web.http.security.sessions import AForm, AFormOfAnyone, AnyAccount, ASession, sessions_of
from web.http.security.sign_in_throttle import RETRY_AFTER_S, Claimant, Crowded, SignInThrottle
from web.http.security.throttle import host_of, too_much
from web.http.urls import Page, address
from web.mail import mail_writer_of, signed_links_of

TOKEN_DAYS = (365, 90, 30)

DONE: Mapping[str, str] = {
    "password": N_(
        "The password is changed. Other browsers are signed out, and API tokens are revoked."
    ),
    "email": N_("The e-mail address is changed."),
    "end_sessions": N_("All other browsers are signed out."),
    "end_session": N_("That browser is signed out."),
    "revoke_token": N_("The token is revoked."),
}

_log = logging.getLogger(__name__)
router = PageRouter()


async def _sign_in_throttle(request: Request) -> SignInThrottle:
    return cast("SignInThrottle", request.app.state.sign_in_throttle)


ASignInThrottle = Annotated[SignInThrottle, Depends(_sign_in_throttle)]


@router.shows(Page.SIGN_IN)
def sign_in_page(
    request: APageRequest, session: ASession, next: str = "", done: str = ""
) -> Response:
    if session.account:
        return RedirectResponse(own_path(next) or address(Page.ACCOUNT).path(request.language), 303)
    try:
        sessions_of(request.http).welcome(request.http)
    except NoSecret:
        return _sign_in_page(request, 503, offered=False)
    said = N_("Your password is changed: sign in with it.") if done == "reset" else ""
    return _sign_in_page(request, next_path=own_path(next), done=said)


@router.takes(Page.SIGN_IN)
async def sign_in(
    request: APageRequest, form: AFormOfAnyone, throttle: ASignInThrottle
) -> Response:
    name, password = text_of(form, "name").strip(), text_of(form, "password")
    next_path = own_path(text_of(form, "next"))
    claimant = await run_in_threadpool(_claimant, request, name)
    if wait_s := math.ceil(throttle.wait_s(claimant)):
        response = _sign_in_page(request, 429, name=name, next_path=next_path, wait_s=wait_s)
        response.headers["Retry-After"] = str(wait_s)
        return response
    try:
        async with throttle.turn(claimant):
            account = await run_in_threadpool(_authenticated, request, name, password)
    except Crowded:
        crowded = N_("Many people are signing in at this moment. Try again in a few seconds.")
        raise Refusal(503, crowded, {"Retry-After": str(RETRY_AFTER_S)}) from None
    if account is None:
        wrong = N_("Wrong name or password, or the account is disabled.")
        return _sign_in_page(request, 403, name=name, next_path=next_path, message=wrong)
    throttle.let_in(claimant)
    await run_in_threadpool(sessions_of(request.http).sign_in, request.http, account)
    return see(request, next_path or address(Page.ACCOUNT))


def _claimant(request: PageRequest, name: str) -> Claimant:
    device = ""
    with suppress(UnknownRecord):
        account = request.knowledge_base.accounts.get(name)
        device = sessions_of(request.http).device_of(request.http, account)
    # A name is cut where none can be as long: nobody fills the memory with keys.
    return Claimant(account_key(name)[: 4 * MAX_NAME_CHARS], host_of(request.http), device)


def _authenticated(request: PageRequest, name: str, password: str) -> Account | None:
    account = request.knowledge_base.accounts.authenticate(name, password)
    if account is None:
        request.knowledge_base.wrong_passwords.note(name)
    return account


@router.shows(Page.SIGN_OUT)
async def signed_out(request: APageRequest) -> Response:
    return RedirectResponse(address(Page.HOME).path(request.language), 303)


@router.takes(Page.SIGN_OUT)
def sign_out(request: APageRequest, _form: AForm) -> Response:
    response = RedirectResponse(address(Page.HOME).path(request.language), 303)
    sessions_of(request.http).sign_out(request.http, response)
    return response


def _sign_in_page(request: PageRequest, status_code: int = 200, **shown: Any) -> Response:
    context: dict[str, Any] = {"offered": True, "name": "", "next_path": "", "wait_s": 0, **shown}
    return request.page(
        "editorial/sign_in.html",
        here=address(Page.SIGN_IN, next=context["next_path"]),
        status_code=status_code,
        **context,
    )


def own_path(path: str) -> str:
    """Returns the path if every browser reads it as a page of this site, else an empty string."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        return ""
    parts = urlsplit(path)
    return "" if parts.scheme or parts.netloc else path


@router.shows(Page.ACCOUNT)
def account_page(request: APageRequest, account: AnyAccount, done: str = "") -> Response:
    return _account_page(request, account, done=DONE.get(done, ""))


@router.takes(Page.ACCOUNT)
def change_account(
    request: APageRequest, account: AnyAccount, form: AForm, throttle: ASignInThrottle
) -> Response:
    accounts, sessions = request.knowledge_base.accounts, sessions_of(request.http)
    do = text_of(form, "do")
    try:
        if do in {"password", "email"}:
            if text_of(form, "new") != text_of(form, "again"):
                return _account_page(request, account, failed=do, message=NOT_TWICE)
            if not _knows_password(request, account, form, throttle):
                wrong = N_("The current password is wrong. Nothing was changed.")
                return _account_page(request, account, failed=do, message=wrong)
            if do == "email":
                accounts.set_email(account.name, typed_email(form))
            else:
                changed = accounts.set_password(account.name, text_of(form, "new"))
                sessions.sign_in(request.http, changed)
        elif do == "end_sessions":
            sessions.sign_in(request.http, accounts.end_sessions(account.name))
        elif do == "end_everywhere":
            accounts.end_sessions(account.name)
            return sign_out(request, form)
        elif do == "end_session":
            request.knowledge_base.sessions.end_one(account, text_of(form, "session"))
        elif do == "issue_token":
            days = number_in(form, "days")
            token = accounts.issue_token(
                account.name, text_of(form, "label"), days if days in TOKEN_DAYS else None
            )
            return _account_page(request, account, token=token)
        elif do == "revoke_token":
            accounts.revoke_token(account.name, text_of(form, "token"))
        else:
            raise no_such_action()
    except InputError as error:
        return _account_page(request, account, failed=do, message=error.remark)
    return see(request, address(Page.ACCOUNT, done=do))


def typed_email(form: FormData) -> str:
    typed = text_of(form, "email").strip()
    return checked_address(typed) if typed else ""


def _knows_password(
    request: PageRequest, account: Account, form: FormData, throttle: SignInThrottle
) -> bool:
    # Counted by session: who guesses in a stolen one must not keep the holder from this form.
    kept = request.session.kept
    key = kept.hash if kept else ""
    if wait_s := throttle.of_device.attempt(key):
        raise too_much(TOO_MANY_TRIES, wait_s)
    if not _authenticated(request, account.name, text_of(form, "current")):
        return False
    throttle.of_device.succeeded(key)
    return True


def _account_page(
    request: PageRequest, account: Account, *, message: str = "", **shown: Any
) -> Response:
    base = request.knowledge_base
    return request.page(
        "editorial/account.html",
        here=address(Page.ACCOUNT),
        status_code=400 if message else 200,
        tokens=base.accounts.tokens(account.name),
        token_days=TOKEN_DAYS,
        browsers=base.sessions.of_account(account),
        this_browser=request.session.kept,
        wrong=base.wrong_passwords.of(account.name),
        wrong_days=KEPT_DAYS,
        held_pages=list(base.actors_by_id(base.holds.held_by(account.name)).values()),
        message=message,
        **{"failed": "", "token": "", **shown},
    )


# A forgotten password's link is a signed digest of the account: what signs that out ends it.
LIMITS = ((1, 20 * 60), (10, 24 * 3600))


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
        return _forgotten_page(request, 400, typed=typed, message=error.remark)
    answer = see(request, address(Page.FORGOTTEN, sent="1"))
    # After the answer, which so takes as long whether or not an account has the address.
    answer.background = BackgroundTask(_queue_links, request, email)
    return answer


def _queue_links(request: PageRequest, email: str) -> None:
    base, links = request.knowledge_base, signed_links_of(request)
    try:
        found = [one for one in base.accounts.list() if one.email == email and not one.disabled]
        found.sort(key=lambda one: one.created_at)
        tokens = [links.sign(FORGOTTEN, _digest(one)) for one in found[:10]]
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
    account = _linked(request, t)
    if account is None:
        return _forgotten_page(request, 410)
    return _new_password_page(request, account, t)


@router.takes(Page.NEW_PASSWORD)
def set_new_password(request: APageRequest, form: AFormOfAnyone) -> Response:
    t, new = text_of(form, "t"), text_of(form, "new")
    account = _linked(request, t)
    if account is None:
        return _forgotten_page(request, 410)
    # By the account, which the link proves: who shares a network with others waits for none.
    by = f"password of {account_key(account.name)}"
    request.slow_down("alert_throttle", TOO_MANY_TRIES, by=by)
    if new != text_of(form, "again"):
        return _new_password_page(request, account, t, message=NOT_TWICE)
    try:
        request.knowledge_base.accounts.set_password(account.name, new, epoch=account.session_epoch)
    except InputError as error:
        return _new_password_page(request, account, t, message=error.remark)
    except UnknownRecord:
        return _forgotten_page(request, 410)
    return see(request, address(Page.SIGN_IN, done="reset"))


def _forgotten_page(
    request: PageRequest, status_code: int = 200, *, sent: bool = False, **shown: Any
) -> Response:
    return request.page(
        "editorial/forgotten.html",
        here=address(Page.FORGOTTEN),
        status_code=status_code,
        offered=request.settings.sends_mail and (sent or request.welcome()),
        sent=sent,
        is_link_old=status_code == 410,
        **{"typed": "", "message": "", **shown},
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
    digest = signed_links_of(request).read(FORGOTTEN, token, FORGOTTEN_LINK_S)
    for account in request.knowledge_base.accounts.list() if digest else ():
        if _digest(account) == digest and not account.disabled:
            return account
    return None


def _digest(account: Account) -> str:
    key, epoch = account_key(account.name), account.session_epoch
    state = f"{key}\n{account.created_at}\n{epoch}\n{account.email}"
    return hashlib.sha256(state.encode()).hexdigest()
