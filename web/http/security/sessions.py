"""Sessions of browsers, of which the database holds hashes, and forms only this site can send."""

import hmac
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request
from itsdangerous import BadSignature
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import Response

from ingest.sandbox.pool import ASKER
from kb.knowledge_base import KnowledgeBase
from kb.registers.access import IDLE_DAYS, LONGEST_DAYS, BrowserSession
from kb.registers.accounts import Account, AccountRole
from kb.settings import Settings
from web.http.refusals import NotSignedIn, no_cookie, not_allowed, strange_form
from web.http.security.bodies import FORM_BYTES, allow_body, allow_upload
from web.http.security.cookies import (
    DEVICE,
    REMEMBERED_S,
    SESSION,
    SiteCookies,
    device_cookie,
    device_name,
    has_session_cookie,
    known_device,
    signing,
    site_secret,
)
from web.http.security.throttle import Quota, count_for_account, count_upload

DAY_S = 24 * 60 * 60
IDLE_S = IDLE_DAYS * DAY_S
MAX_FILES = 1000
"""The most files of a form that takes any: more than a page wants, so that it can say so."""

PASSWORD_FIELDS = frozenset({"password", "current", "new", "again"})


@dataclass(frozen=True, slots=True)
class Session:
    """The signed-in account, the token of its forms, and cookies to set, empty if none."""

    account: Account | None = None
    csrf_token: str = ""
    bound_to: str = ""
    kept: BrowserSession | None = None
    cookie: str = ""
    device_cookie: str = ""


NOBODY = Session()


class Sessions:
    def __init__(self, knowledge_base: KnowledgeBase, settings: Settings) -> None:
        self._knowledge_base = knowledge_base
        self._settings = settings
        self._cookies = SiteCookies(settings)
        self._kept_secret = ""

    @property
    def _secret(self) -> str:
        # Not made before it is needed: most knowledge bases have no accounts.
        if not self._kept_secret:
            self._kept_secret = site_secret(self._settings, self._knowledge_base)
        return self._kept_secret

    def of(self, request: Request) -> Session:
        if not hasattr(request.state, "session"):
            request.state.session = self._read(request)
        return cast("Session", request.state.session)

    def sign_in(self, request: Request, account: Account) -> None:
        """Signs the account in and ends the browser's session before; `keep` sets its cookies."""
        before = self.of(request).kept
        token = secrets.token_urlsafe(32)
        kept = self._knowledge_base.sessions.add(
            self._hash(token),
            account,
            device_name(request.headers.get("User-Agent", "")),
            replaced=before.hash if before else "",
        )
        device = device_cookie(self._secret, account)
        request.state.session = self._of_account(account, kept, token, device)

    def sign_out(self, request: Request, response: Response) -> None:
        kept = self.of(request).kept
        if kept:
            self._knowledge_base.sessions.end([kept.hash])
        request.state.session = NOBODY
        self._cookies.set(request, response, SESSION, "", 0)

    def welcome(self, request: Request) -> Session:
        """The session of a request; one of a browser that nobody signed in yet if need be."""
        session = self.of(request)
        if not session.bound_to:
            session = request.state.session = self._of_browser(secrets.token_urlsafe(16))
        return session

    def keep(self, request: Request, response: Response) -> None:
        session: Session = getattr(request.state, "session", NOBODY)
        if session.cookie:
            # The register knows when it ends; a browser that nobody signed in forgets when closed.
            max_age_s = LONGEST_DAYS * DAY_S if session.account else None
            self._cookies.set(request, response, SESSION, session.cookie, max_age_s)
        if session.device_cookie:
            self._cookies.set(request, response, DEVICE, session.device_cookie, REMEMBERED_S)

    def device_of(self, request: Request, account: Account) -> str:
        cookie = self._cookies.read(request, DEVICE)
        return known_device(self._secret, account, cookie) if cookie else ""

    def vouches(self, session: Session, csrf_token: str) -> bool:
        if not session.bound_to:
            return False
        expected = self._token(session.bound_to, csrf_token.partition(".")[0])
        return hmac.compare_digest(expected.encode(), csrf_token.encode())

    def comes_from_here(self, request: Request) -> bool:
        """Whether a form was sent by a page of this site, as far as the browser tells."""
        if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
            return False
        origin = request.headers.get("Origin")
        if origin is None:
            return True
        hosts = {request.url.netloc, urlsplit(self._settings.public_url).netloc}
        return urlsplit(origin).netloc in hosts - {""}

    def _read(self, request: Request) -> Session:
        cookie = self._cookies.read(request, SESSION)
        if not cookie:
            return NOBODY
        if "." in cookie:
            return self._of_welcomed(cookie)
        sessions = self._knowledge_base.sessions
        found = sessions.find(self._hash(cookie))
        if not found:
            return NOBODY
        account, kept = found
        sessions.note_page(kept)
        return self._of_account(account, kept)

    def _of_welcomed(self, cookie: str) -> Session:
        try:
            name, made_at = signing(self._secret, "browser").loads(
                cookie, max_age=IDLE_S, return_timestamp=True
            )
        except BadSignature:
            return NOBODY
        is_old = time.time() - made_at.timestamp() >= DAY_S
        return self._of_browser(str(name), is_kept=not is_old)

    def _hash(self, token: str) -> str:
        """What is kept of a session: with another secret of the site, it is worth nothing."""
        return hmac.digest(self._secret.encode(), f"session {token}".encode(), "sha256").hex()

    def _of_account(
        self, account: Account, kept: BrowserSession, cookie: str = "", device: str = ""
    ) -> Session:
        bound_to = f"{account.session_epoch} {account.name}"
        return Session(account, self._token(bound_to), bound_to, kept, cookie, device)

    def _of_browser(self, name: str, *, is_kept: bool = False) -> Session:
        cookie = "" if is_kept else str(signing(self._secret, "browser").dumps(name))
        return Session(None, self._token(name), name, cookie=cookie)

    def _token(self, bound_to: str, nonce: str = "") -> str:
        nonce = nonce or secrets.token_urlsafe(9)
        signed = f"form {nonce} {bound_to}".encode()
        return f"{nonce}.{hmac.digest(self._secret.encode(), signed, 'sha256').hex()}"


def sessions_of(request: Request) -> Sessions:
    return cast("Sessions", request.app.state.sessions)


async def _session(request: Request) -> Session:
    if not has_session_cookie(request):
        return NOBODY
    return await run_in_threadpool(sessions_of(request).of, request)


ASession = Annotated[Session, Depends(_session)]


def require(role: AccountRole) -> Callable[..., Awaitable[Account]]:
    async def allowed_account(session: ASession) -> Account:
        if session.account is None:
            raise NotSignedIn
        if not session.account.role.may(role):
            raise not_allowed()
        ASKER.set(session.account.name)
        return session.account

    return allowed_account


AnyAccount = Annotated[Account, Depends(require(AccountRole.HOLDER))]
AContributor = Annotated[Account, Depends(require(AccountRole.CONTRIBUTOR))]
AModerator = Annotated[Account, Depends(require(AccountRole.MODERATOR))]
AnAdministrator = Annotated[Account, Depends(require(AccountRole.ADMINISTRATOR))]


@asynccontextmanager
async def _read_form(
    request: Request, session: Session, max_files: int = 0
) -> AsyncIterator[FormData]:
    if not sessions_of(request).comes_from_here(request):
        raise strange_form()
    if not session.bound_to:
        raise no_cookie()
    if session.account:
        count_upload(request, session.account)
    async with request.form(max_files=max_files, max_part_size=FORM_BYTES) as form:
        if not sessions_of(request).vouches(session, str(form.get("csrf", ""))):
            raise strange_form()
        request.state.sent_form = form
        if session.account:
            count_for_account(request, session.account, Quota.WRITES)
        yield form


def sent_form(request: Request) -> FormData | None:
    """Returns the form that was read, to be shown again; None if it holds a password."""
    form: FormData | None = getattr(request.state, "sent_form", None)
    return None if form is None or not PASSWORD_FIELDS.isdisjoint(form) else form


async def _browsers_form(request: Request, session: ASession) -> AsyncIterator[FormData]:
    async with _read_form(request, session) as form:
        yield form


# Whose it is first: nothing long that a stranger sends is read.
async def _accounts_form(
    request: Request, session: ASession, _account: AnyAccount
) -> AsyncIterator[FormData]:
    allow_body(request, FORM_BYTES)
    async with _read_form(request, session) as form:
        yield form


async def _accounts_upload(
    request: Request, session: ASession, _account: AnyAccount
) -> AsyncIterator[FormData]:
    allow_upload(request)
    async with _read_form(request, session, MAX_FILES) as form:
        yield form


AForm = Annotated[FormData, Depends(_accounts_form)]
AnUpload = Annotated[FormData, Depends(_accounts_upload)]
"""The same with files, which are closed with the answer, or with a text as long as an article."""

AFormOfAnyone = Annotated[FormData, Depends(_browsers_form)]
