"""The pages of accounts: signing in and out, the own account, all accounts."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, cast
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from kb.errors import AccountError, ReadOnlyKnowledgeBase, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Actor
from kb.registers.accounts import Account, AccountRole, account_key
from web.editorial.forms.choices import actor_or_none
from web.editorial.labels import CANNOT_WRITE
from web.http.dependencies import APageRequest
from web.http.refusals import no_such_action
from web.http.request import PageRequest
from web.http.routing import PageRouter, see, text_of
from web.http.security.secret import NoSecret
from web.http.security.sessions import (
    AForm,
    AFormOfAnyone,
    AnAdministrator,
    AnyAccount,
    ASession,
    sessions_of,
)
from web.http.security.throttle import Throttle, host_of
from web.http.urls import Page, address

MAX_WAITING = 50
"""How many may wait for their password to be looked at; more are asked to come back."""

WRONG = N_("Wrong name or password, or the account is disabled.")
WRONG_CURRENT = N_("The current password is wrong. Nothing was changed.")
NOT_TWICE = N_("The two new passwords are different. Nothing was changed.")
NO_ROLE = N_("This role does not exist.")

DONE: Mapping[str, str] = {
    "password": N_("The password is changed. Other browsers are signed out."),
    "ended": N_("All other browsers are signed out."),
    "revoked": N_("The token is revoked."),
    "added": N_("The account is created. Give the name and the password to the account holder."),
    "role": N_("The role is changed."),
    "reset": N_("The password is changed. The account holder is signed out everywhere."),
    "disabled": N_("The account is disabled: it is signed out, and its tokens are revoked."),
    "enabled": N_("The account can sign in again."),
}
"""What a page says was done, by the value of `done` in its address."""

router = PageRouter()


class SignInThrottle:
    """Slows down signing in by attempts on each account and from each address.

    Passwords are looked at two at a time, since each takes 64 MB meanwhile.
    """

    def __init__(self) -> None:
        self.of_account = Throttle(free=5)
        self.of_address = Throttle(free=30)
        self.looking = CapacityLimiter(2)

    def wait_s(self, key: str, host: str) -> float:
        """Counts an attempt and returns 0, or returns the seconds until the next is allowed."""
        return self.of_address.attempt(host) or self.of_account.attempt(key)

    def let_in(self, key: str, host: str) -> None:
        self.of_account.succeeded(key)
        # One's own account must not open the door to try those of others.
        self.of_address.succeeded(host, forget=False)


async def _sign_in_throttle(request: Request) -> SignInThrottle:
    return cast("SignInThrottle", request.app.state.sign_in_throttle)


ASignInThrottle = Annotated[SignInThrottle, Depends(_sign_in_throttle)]


# Signing in and out


@router.shows(Page.SIGN_IN)
def sign_in_page(request: APageRequest, session: ASession, next: str = "") -> Response:
    if session.account:
        return RedirectResponse(own_path(next) or address(Page.ACCOUNT).path(request.language), 303)
    try:
        sessions_of(request.http).welcome(request.http)
    except NoSecret:
        return request.page(
            "editorial/sign_in.html", here=address(Page.SIGN_IN), status_code=503, offered=False
        )
    return _sign_in_form(request, next_path=own_path(next))


@router.takes(Page.SIGN_IN)
async def sign_in(
    request: APageRequest, form: AFormOfAnyone, throttle: ASignInThrottle
) -> Response:
    name, password = text_of(form, "name").strip(), text_of(form, "password")
    next_path = own_path(text_of(form, "next"))
    host = host_of(request.http)
    key = account_key(name)
    wait_s = throttle.wait_s(key, host)
    if not wait_s and throttle.looking.statistics().tasks_waiting >= MAX_WAITING:
        wait_s = 5
    if wait_s:
        return _sign_in_form(request, name=name, next_path=next_path, wait_s=math.ceil(wait_s))
    account = await to_thread.run_sync(
        request.knowledge_base.accounts.authenticate, name, password, limiter=throttle.looking
    )
    if account is None:
        return _sign_in_form(request, name=name, next_path=next_path, message=WRONG)
    throttle.let_in(key, host)
    sessions_of(request.http).sign_in(request.http, account)
    return see(request, next_path or address(Page.ACCOUNT))


@router.shows(Page.SIGN_OUT)
async def signed_out(request: APageRequest) -> Response:
    """Answers a change of language or a reload after signing out."""
    return RedirectResponse(address(Page.HOME).path(request.language), 303)


@router.takes(Page.SIGN_OUT)
async def sign_out(request: APageRequest, _form: AForm) -> Response:
    response = await signed_out(request)
    sessions_of(request.http).sign_out(request.http, response)
    return response


def _sign_in_form(
    request: PageRequest, *, name: str = "", next_path: str = "", message: str = "", wait_s: int = 0
) -> Response:
    response = request.page(
        "editorial/sign_in.html",
        here=address(Page.SIGN_IN, next=next_path),
        status_code=429 if wait_s else 403 if message else 200,
        offered=True,
        name=name,
        next_path=next_path,
        message=message,
        wait_s=wait_s,
    )
    if wait_s:
        response.headers["Retry-After"] = str(wait_s)
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
        if do == "password":
            problem, wait_s = _problem_of_password(request, account, form, throttle)
            if problem:
                return _account_page(request, account, failed=do, message=problem, wait_s=wait_s)
            changed = accounts.set_password(account.name, text_of(form, "new"))
            sessions.sign_in(request.http, changed)
            done = "password"
        elif do == "end_sessions":
            sessions.sign_in(request.http, accounts.end_sessions(account.name))
            done = "ended"
        elif do == "issue_token":
            token = accounts.issue_token(account.name, text_of(form, "label"))
            return _account_page(request, account, token=token)
        elif do == "revoke_token":
            accounts.revoke_token(account.name, text_of(form, "token"))
            done = "revoked"
        else:
            raise no_such_action()
    except AccountError as error:
        return _account_page(request, account, failed=do, message=error.remark)
    except ReadOnlyKnowledgeBase:
        return _account_page(request, account, failed=do, message=CANNOT_WRITE)
    return see(request, address(Page.ACCOUNT, done=done))


def _problem_of_password(
    request: PageRequest, account: Account, form: FormData, throttle: SignInThrottle
) -> tuple[str, int]:
    """Returns what is wrong with the passwords, and the seconds until the next attempt."""
    if text_of(form, "new") != text_of(form, "again"):
        return NOT_TWICE, 0
    key = account_key(account.name)
    wait_s = throttle.of_account.attempt(key)
    if wait_s:
        return N_("Too many attempts. Wait a little before the next one."), math.ceil(wait_s)
    if not request.knowledge_base.accounts.authenticate(account.name, text_of(form, "current")):
        return WRONG_CURRENT, 0
    throttle.of_account.succeeded(key)
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
    response = request.page(
        "editorial/account.html",
        here=address(Page.ACCOUNT),
        status_code=429 if wait_s else 400 if message else 200,
        tokens=request.knowledge_base.accounts.tokens(account.name),
        held_pages=_held_pages(request.knowledge_base, account),
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
    try:
        if do == "add":
            accounts.add(name, text_of(form, "password"), AccountRole(text_of(form, "role")))
            done = "added"
        elif do == "role":
            accounts.set_role(name, AccountRole(text_of(form, "role")))
            done = "role"
        elif do == "password":
            changed = accounts.set_password(name, text_of(form, "password"))
            if changed.name == administrator.name:
                sessions_of(request.http).sign_in(request.http, changed)
            done = "reset"
        elif do == "disable":
            accounts.disable(name)
            done = "disabled"
        elif do == "enable":
            accounts.enable(name)
            done = "enabled"
        else:
            raise no_such_action()
    except AccountError as error:
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
    adding = form if form and text_of(form, "do") == "add" else None
    return request.page(
        "editorial/accounts.html",
        here=address(Page.ACCOUNTS),
        status_code=400 if message else 200,
        everyone=request.knowledge_base.accounts.list(),
        failing=request.knowledge_base.source_locations.failing(),
        roles=tuple(AccountRole),
        done=done,
        message=message,
        new_name=text_of(adding, "name") if adding else "",
        new_role=text_of(adding, "role") if adding else AccountRole.CONTRIBUTOR.value,
        failed_name=text_of(form, "name") if form and not adding else "",
    )
