"""The pages of accounts: signing in and out, the own account, all accounts."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from kb.errors import AccountError, InputError, ReadOnlyKnowledgeBase, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Actor
from kb.registers.access import KEPT_DAYS, WrongTries
from kb.registers.accounts import MAX_NAME_CHARS, Account, AccountRole, account_key
from kb.registers.alerts.outbox import checked_address
from web.editorial.forms.choices import actor_or_none
from web.editorial.labels import CANNOT_WRITE, NOT_TWICE, TOO_MANY_TRIES
from web.http.dependencies import APageRequest
from web.http.refusals import no_such_action
from web.http.request import PageRequest
from web.http.routing import PageRouter, number_in, see, text_of
from web.http.security.secret import NoSecret
from web.http.security.sessions import (
    AForm,
    AFormOfAnyone,
    AnAdministrator,
    AnyAccount,
    ASession,
    sessions_of,
)
from web.http.security.sign_in_throttle import RETRY_AFTER_S, Claimant, Crowded, SignInThrottle
from web.http.security.throttle import host_of
from web.http.urls import Page, address

TOKEN_DAYS = (365, 90, 30)
"""For how many days a new token can be valid; the first is proposed."""

CROWDED = N_("Many people are signing in at this moment. Try again in a few seconds.")
WRONG = N_("Wrong name or password, or the account is disabled.")
WRONG_CURRENT = N_("The current password is wrong. Nothing was changed.")
NO_ROLE = N_("This role does not exist.")

DONE: Mapping[str, str] = {
    "password": N_(
        "The password is changed. Other browsers are signed out, and API tokens are revoked."
    ),
    "email": N_("The e-mail address is changed."),
    "ended": N_("All other browsers are signed out."),
    "ended_one": N_("That browser is signed out."),
    "revoked": N_("The token is revoked."),
    "added": N_("The account is created. Give the name and the password to the account holder."),
    "role": N_("The role is changed. The account is signed out, and its tokens are revoked."),
    "reset": N_("The password is changed. The account is signed out, and its tokens are revoked."),
    "ended_access": N_("The account is signed out everywhere, and its tokens are revoked."),
    "disabled": N_("The account is disabled: it is signed out, and its tokens are revoked."),
    "enabled": N_("The account can sign in again."),
}
"""What a page says was done, by the value of `done` in its address."""

router = PageRouter()


async def _sign_in_throttle(request: Request) -> SignInThrottle:
    return cast("SignInThrottle", request.app.state.sign_in_throttle)


ASignInThrottle = Annotated[SignInThrottle, Depends(_sign_in_throttle)]


# Signing in and out


@router.shows(Page.SIGN_IN)
def sign_in_page(
    request: APageRequest, session: ASession, next: str = "", done: str = ""
) -> Response:
    if session.account:
        return RedirectResponse(own_path(next) or address(Page.ACCOUNT).path(request.language), 303)
    try:
        sessions_of(request.http).welcome(request.http)
    except NoSecret:
        return request.page(
            "editorial/sign_in.html", here=address(Page.SIGN_IN), status_code=503, offered=False
        )
    return _sign_in_form(request, next_path=own_path(next), is_reset=done == "reset")


@router.takes(Page.SIGN_IN)
async def sign_in(
    request: APageRequest, form: AFormOfAnyone, throttle: ASignInThrottle
) -> Response:
    name, password = text_of(form, "name").strip(), text_of(form, "password")
    next_path = own_path(text_of(form, "next"))
    claimant = await run_in_threadpool(_claimant, request, name)
    wait_s = throttle.wait_s(claimant)
    if wait_s:
        return _sign_in_form(request, name=name, next_path=next_path, wait_s=math.ceil(wait_s))
    try:
        async with throttle.turn(claimant):
            account = await run_in_threadpool(_authenticated, request, name, password)
    except Crowded:
        return _sign_in_form(request, name=name, next_path=next_path, crowded=True)
    if account is None:
        return _sign_in_form(request, name=name, next_path=next_path, message=WRONG)
    throttle.let_in(claimant)
    await run_in_threadpool(sessions_of(request.http).sign_in, request.http, account)
    return see(request, next_path or address(Page.ACCOUNT))


def _claimant(request: PageRequest, name: str) -> Claimant:
    """Returns who wants to sign in by this name, and whether they did so in this browser before."""
    device = ""
    with suppress(UnknownRecord):
        account = request.knowledge_base.accounts.get(name)
        device = sessions_of(request.http).device_of(request.http, account)
    # A name is cut where none can be as long: nobody fills the memory with keys.
    return Claimant(account_key(name)[: 4 * MAX_NAME_CHARS], host_of(request.http), device)


def _authenticated(request: PageRequest, name: str, password: str) -> Account | None:
    """Returns the account if the password is right, and else counts that it was wrong."""
    account = request.knowledge_base.accounts.authenticate(name, password)
    if account is None:
        request.knowledge_base.wrong_passwords.note(name)
    return account


@router.shows(Page.SIGN_OUT)
async def signed_out(request: APageRequest) -> Response:
    """Answers a change of language or a reload after signing out."""
    return _home(request)


@router.takes(Page.SIGN_OUT)
def sign_out(request: APageRequest, _form: AForm) -> Response:
    return _signed_out_answer(request)


def _signed_out_answer(request: PageRequest) -> Response:
    response = _home(request)
    sessions_of(request.http).sign_out(request.http, response)
    return response


def _home(request: PageRequest) -> Response:
    return RedirectResponse(address(Page.HOME).path(request.language), 303)


def _sign_in_form(
    request: PageRequest,
    *,
    name: str = "",
    next_path: str = "",
    message: str = "",
    wait_s: int = 0,
    crowded: bool = False,
    is_reset: bool = False,
) -> Response:
    response = request.page(
        "editorial/sign_in.html",
        here=address(Page.SIGN_IN, next=next_path),
        status_code=503 if crowded else 429 if wait_s else 403 if message else 200,
        offered=True,
        done=N_("Your password is changed: sign in with it.") if is_reset else "",
        sends_mail=request.settings.sends_mail,
        name=name,
        next_path=next_path,
        message=CROWDED if crowded else message,
        wait_s=wait_s,
    )
    if crowded or wait_s:
        response.headers["Retry-After"] = str(wait_s or RETRY_AFTER_S)
    return response


def own_path(path: str) -> str:
    """Returns the path if every browser reads it as a page of this site, else an empty string."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        return ""
    parts = urlsplit(path)
    return "" if parts.scheme or parts.netloc else path


# One's own account


@router.shows(Page.ACCOUNT)
def account_page(request: APageRequest, account: AnyAccount, done: str = "") -> Response:
    return _account_page(request, account, done=DONE.get(done, ""))


@router.takes(Page.ACCOUNT)
def change_account(
    request: APageRequest, account: AnyAccount, form: AForm, throttle: ASignInThrottle
) -> Response:
    accounts, sessions = request.knowledge_base.accounts, sessions_of(request.http)
    do, done = text_of(form, "do"), ""
    try:
        if do in {"password", "email"}:
            problem, wait_s = _problem_of_password(request, account, form, throttle)
            if problem:
                return _account_page(request, account, failed=do, message=problem, wait_s=wait_s)
            if do == "email":
                accounts.set_email(account.name, _typed_email(form))
            else:
                changed = accounts.set_password(account.name, text_of(form, "new"))
                sessions.sign_in(request.http, changed)
            done = do
        elif do == "end_sessions":
            sessions.sign_in(request.http, accounts.end_sessions(account.name))
            done = "ended"
        elif do == "end_everywhere":
            accounts.end_sessions(account.name)
            return _signed_out_answer(request)
        elif do == "end_session":
            request.knowledge_base.sessions.end_one(account, text_of(form, "session"))
            done = "ended_one"
        elif do == "issue_token":
            days = number_in(form, "days")
            token = accounts.issue_token(
                account.name, text_of(form, "label"), days if days in TOKEN_DAYS else None
            )
            return _account_page(request, account, token=token)
        elif do == "revoke_token":
            accounts.revoke_token(account.name, text_of(form, "token"))
            done = "revoked"
        else:
            raise no_such_action()
    except (AccountError, InputError) as error:
        return _account_page(request, account, failed=do, message=error.remark)
    except ReadOnlyKnowledgeBase:
        return _account_page(request, account, failed=do, message=CANNOT_WRITE)
    return see(request, address(Page.ACCOUNT, done=done))


def _typed_email(form: FormData) -> str:
    """Returns the address in a form, or an empty string.

    Raises:
        InputError: it is no e-mail address.
    """
    typed = text_of(form, "email").strip()
    return checked_address(typed) if typed else ""


def _problem_of_password(
    request: PageRequest, account: Account, form: FormData, throttle: SignInThrottle
) -> tuple[str, int]:
    """Returns what is wrong with the passwords, and the seconds until the next attempt."""
    if text_of(form, "new") != text_of(form, "again"):
        return NOT_TWICE, 0
    # Counted by session: who guesses in a stolen one must not keep the holder from this form.
    kept = request.session.kept
    key = kept.hash if kept else ""
    wait_s = throttle.of_device.attempt(key)
    if wait_s:
        return TOO_MANY_TRIES, math.ceil(wait_s)
    if not _authenticated(request, account.name, text_of(form, "current")):
        return WRONG_CURRENT, 0
    throttle.of_device.succeeded(key)
    return "", 0


def _account_page(
    request: PageRequest,
    account: Account,
    *,
    done: str = "",
    failed: str = "",
    message: str = "",
    token: str = "",
    wait_s: int = 0,
) -> Response:
    base = request.knowledge_base
    response = request.page(
        "editorial/account.html",
        here=address(Page.ACCOUNT),
        status_code=429 if wait_s else 400 if message else 200,
        tokens=base.accounts.tokens(account.name),
        token_days=TOKEN_DAYS,
        browsers=base.sessions.of_account(account),
        this_browser=request.session.kept,
        wrong=base.wrong_passwords.of(account.name),
        wrong_days=KEPT_DAYS,
        held_pages=_held_pages(base, account),
        sends_mail=request.settings.sends_mail,
        done=done,
        failed=failed,
        message=message,
        token=token,
    )
    if wait_s:
        response.headers["Retry-After"] = str(wait_s)
    return response


def _held_pages(base: KnowledgeBase, account: Account) -> Sequence[Actor]:
    """Returns the organisations whose pages the account holds, as far as they are here."""
    held = (actor_or_none(base, id) for id in base.holds.held_by(account.name))
    return [actor for actor in held if actor]


# Everyone's accounts


@router.shows(Page.ACCOUNTS)
def accounts_page(request: APageRequest, _account: AnAdministrator, done: str = "") -> Response:
    return _accounts_page(request, done=DONE.get(done, ""))


@router.takes(Page.ACCOUNTS)
def change_accounts(request: APageRequest, administrator: AnAdministrator, form: AForm) -> Response:
    accounts = request.knowledge_base.accounts
    do, name = text_of(form, "do"), text_of(form, "name")
    changed: Account | None = None
    try:
        if do == "add":
            accounts.add(name, text_of(form, "password"), AccountRole(text_of(form, "role")))
            done = "added"
        elif do == "role":
            before = accounts.get(name).role
            changed = accounts.set_role(name, AccountRole(text_of(form, "role")))
            done = "role" if changed.role is not before else ""
        elif do == "password":
            changed = accounts.set_password(name, text_of(form, "password"))
            done = "reset"
        elif do == "email":
            accounts.set_email(name, _typed_email(form))
            done = "email"
        elif do == "end_access":
            accounts.revoke_tokens(name)
            changed = accounts.end_sessions(name)
            done = "ended_access"
        elif do in {"disable", "enable"}:
            (accounts.disable if do == "disable" else accounts.enable)(name)
            done = f"{do}d"
        else:
            raise no_such_action()
        if changed and changed.name == administrator.name:
            # Whoever sent the form stays signed in, here alone.
            sessions_of(request.http).sign_in(request.http, changed)
    except (AccountError, InputError) as error:
        return _accounts_page(request, message=error.remark, form=form)
    except UnknownRecord:
        return _accounts_page(request, message=N_("This account does not exist."), form=form)
    except ReadOnlyKnowledgeBase:
        return _accounts_page(request, message=CANNOT_WRITE, form=form)
    except ValueError:
        return _accounts_page(request, message=NO_ROLE, form=form)
    return see(request, address(Page.ACCOUNTS, done=done))


def _accounts_page(
    request: PageRequest, *, done: str = "", message: str = "", form: FormData | None = None
) -> Response:
    everyone = request.knowledge_base.accounts.list()
    wrong = request.knowledge_base.wrong_passwords.by_account()
    tries = {one.name: wrong.get(account_key(one.name), WrongTries()) for one in everyone}
    adding = form if form and text_of(form, "do") == "add" else None
    return request.page(
        "editorial/accounts.html",
        here=address(Page.ACCOUNTS),
        status_code=400 if message else 200,
        everyone=everyone,
        wrong=tries,
        attacked=[name for name, of_account in tries.items() if of_account.is_attack],
        wrong_days=KEPT_DAYS,
        failing=request.knowledge_base.source_locations.failing(),
        roles=tuple(AccountRole),
        done=done,
        message=message,
        new_name=text_of(adding, "name") if adding else "",
        new_role=text_of(adding, "role") if adding else AccountRole.CONTRIBUTOR.value,
        failed_name=text_of(form, "name") if form and not adding else "",
    )
