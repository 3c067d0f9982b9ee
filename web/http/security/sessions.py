"""Sessions in a signed cookie, and forms that only pages of this site can send.

A session is the cookie alone, nothing is stored for it: the account's name, the epoch of its
sessions, and when it signed in, signed with the site's secret. It ends 14 days after the last
page seen, 90 days after signing in, or when the account's epoch is raised.

Every form carries a token bound to the account and epoch (for signing in, to the browser), so
that it can be sent again from a page that outlived its session. The token is another one on each
page: compressed answers tell nothing of it.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import HTTPConnection
from starlette.responses import Response

from kb.errors import UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.registers.accounts import Account, AccountRole
from kb.settings import Settings
from web.http.refusals import NotSignedIn, Refusal, no_cookie, not_allowed, strange_form
from web.http.security.secret import site_secret

COOKIE = "quisait"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""The name where the site is on https: a browser takes it from this host alone, and over TLS."""

DAY_S = 24 * 60 * 60
IDLE_S = 14 * DAY_S
LONGEST_S = 90 * DAY_S
RENEWED_EVERY_S = DAY_S

MAX_FIELD_BYTES = 5 * 1024 * 1024
"""The longest text that a form may carry outside of a file."""


STRANGERS_FORM_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Session:
    """The account that is signed in, if any, and the `csrf` token of its forms.

    `bound_to` is what that token vouches for. `signed_in_at` and `renewed_at` are Unix times.
    """

    account: Account | None = None
    csrf_token: str = ""
    bound_to: str = ""
    signed_in_at: int = 0
    renewed_at: int = 0


NOBODY = Session()


class Sessions:
    """Makes and reads the cookies of one site."""

    def __init__(self, knowledge_base: KnowledgeBase, settings: Settings) -> None:
        self._knowledge_base = knowledge_base
        self._settings = settings
        self._kept_secret = ""

    @property
    def _secret(self) -> str:
        # Not made before it is needed: most knowledge bases have no accounts.
        if not self._kept_secret:
            self._kept_secret = site_secret(self._settings, self._knowledge_base.folder)
        return self._kept_secret

    def of(self, request: Request) -> Session:
        """Returns the session of a request, always the same object.

        Raises:
            QuisaitError: there is a cookie, and the base or the secret cannot be read.
        """
        if not hasattr(request.state, "session"):
            request.state.session = self._read(request)
        return cast("Session", request.state.session)

    def sign_in(self, request: Request, account: Account) -> None:
        """Signs the account in for this request; `keep` then sets the cookie."""
        request.state.session = self._of_account(account, int(time.time()), renewed_at=0)

    def sign_out(self, request: Request, response: Response) -> None:
        """Signs out, and deletes the browser's cookie."""
        request.state.session = NOBODY
        response.delete_cookie(self._cookie_name(request), **self._cookie_attributes(request))

    def welcome(self, request: Request) -> Session:
        """The session of a request; one of a browser that nobody signed in yet if need be."""
        session = self.of(request)
        if not session.bound_to:
            session = request.state.session = self._of_browser(secrets.token_urlsafe(16))
        return session

    def keep(self, request: Request, response: Response) -> None:
        """Sets the session cookie if the browser's is not new enough."""
        session: Session = getattr(request.state, "session", NOBODY)
        now = int(time.time())
        if not session.bound_to or now - session.renewed_at < RENEWED_EVERY_S:
            return
        ticket: dict[str, str | int] = {"browser": session.bound_to}
        if session.account:
            ticket = {
                "account": session.account.name,
                "epoch": session.account.session_epoch,
                "since": session.signed_in_at,
            }
        response.set_cookie(
            self._cookie_name(request),
            self._serializer.dumps(ticket),
            # A browser that nobody signed in forgets when it is closed.
            max_age=IDLE_S if session.account else None,
            **self._cookie_attributes(request),
        )

    def vouches(self, session: Session, csrf_token: str) -> bool:
        """Whether the token of a form was made for this session's account or browser."""
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

    @property
    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._secret, salt="session", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def _read(self, request: Request) -> Session:
        cookie = request.cookies.get(self._cookie_name(request))
        if not cookie:
            return NOBODY
        try:
            ticket, made_at = self._serializer.loads(cookie, max_age=IDLE_S, return_timestamp=True)
        except BadSignature:
            return NOBODY
        made_at = int(made_at.timestamp())
        if "browser" in ticket:
            return self._of_browser(ticket["browser"], made_at)
        try:
            account = self._knowledge_base.accounts.get(ticket["account"])
        except UnknownRecord:
            return NOBODY
        over = (
            account.disabled
            or account.session_epoch != ticket["epoch"]
            or time.time() - ticket["since"] > LONGEST_S
        )
        return NOBODY if over else self._of_account(account, ticket["since"], made_at)

    def _of_account(self, account: Account, signed_in_at: int, renewed_at: int) -> Session:
        bound_to = f"{account.session_epoch} {account.name}"
        token = self._token(bound_to)
        return Session(account, token, bound_to, signed_in_at, renewed_at)

    def _of_browser(self, name: str, renewed_at: int = 0) -> Session:
        return Session(None, self._token(name), name, renewed_at=renewed_at)

    def _token(self, bound_to: str, nonce: str = "") -> str:
        nonce = nonce or secrets.token_urlsafe(9)
        signed = f"form {nonce} {bound_to}".encode()
        return f"{nonce}.{hmac.digest(self._secret.encode(), signed, 'sha256').hex()}"

    def _is_secure(self, request: Request) -> bool:
        public_url = self._settings.public_url
        return (public_url or str(request.base_url)).startswith("https:")

    def _cookie_name(self, request: Request) -> str:
        return SECURE_COOKIE if self._is_secure(request) else COOKIE

    def _cookie_attributes(self, request: Request) -> dict[str, Any]:
        secure = self._is_secure(request)
        return {"path": "/", "secure": secure, "httponly": True, "samesite": "lax"}


def has_session_cookie(request: HTTPConnection) -> bool:
    return COOKIE in request.cookies or SECURE_COOKIE in request.cookies


def sessions_of(request: Request) -> Sessions:
    return cast("Sessions", request.app.state.sessions)


async def _session(request: Request) -> Session:
    if not has_session_cookie(request):
        return NOBODY
    return await run_in_threadpool(sessions_of(request).of, request)


ASession = Annotated[Session, Depends(_session)]


def require(role: AccountRole) -> Callable[..., Awaitable[Account]]:
    """Returns a dependency that gives the account, which has at least the rights of `role`.

    Raises:
        NotSignedIn: nobody is signed in.
        Refusal: the account may not.
    """

    async def allowed_account(session: ASession) -> Account:
        if session.account is None:
            raise NotSignedIn
        if not session.account.role.may(role):
            raise not_allowed()
        return session.account

    return allowed_account


AnyAccount = Annotated[Account, Depends(require(AccountRole.HOLDER))]
AContributor = Annotated[Account, Depends(require(AccountRole.CONTRIBUTOR))]
AModerator = Annotated[Account, Depends(require(AccountRole.MODERATOR))]
AnAdministrator = Annotated[Account, Depends(require(AccountRole.ADMINISTRATOR))]


async def _browsers_form(request: Request, session: ASession) -> AsyncIterator[FormData]:
    if not sessions_of(request).comes_from_here(request):
        raise strange_form()
    if not session.bound_to:
        raise no_cookie()
    _refuse_long_form(request, session)
    async with request.form(max_part_size=MAX_FIELD_BYTES) as form:
        if not sessions_of(request).vouches(session, str(form.get("csrf", ""))):
            raise strange_form()
        yield form


def _refuse_long_form(request: Request, session: Session) -> None:
    """Refuses forms that would fill the memory: only files are kept on disk while read."""
    if session.account and request.headers.get("Content-Type", "").startswith("multipart/"):
        return
    limit = 3 * MAX_FIELD_BYTES if session.account else STRANGERS_FORM_BYTES
    announced = request.headers.get("Content-Length", "")
    if not announced.isdecimal() or int(announced) > limit:
        raise Refusal(413, N_("This form is too long: send a file instead."))


async def _accounts_form(
    request: Request, session: ASession, _account: AnyAccount
) -> AsyncIterator[FormData]:
    # The account first: nothing that a stranger sends is read.
    async for form in _browsers_form(request, session):
        yield form


AForm = Annotated[FormData, Depends(_accounts_form)]
"""The form that an account sent from a page of ours. Files in it are closed with the answer."""

AFormOfAnyone = Annotated[FormData, Depends(_browsers_form)]
"""The same where nobody need be signed in: the form to sign in."""
