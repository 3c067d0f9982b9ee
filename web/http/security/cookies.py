"""The secret of the site, and its cookies: their names, where they go, and who reads them."""

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import Request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from kb.address import MIN_SECRET_CHARS, SECRET_FILE
from kb.errors import KnowledgeBaseError, ReadOnlyKnowledgeBase, SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import Account, account_key
from kb.registers.kept_files import KeptFiles
from kb.settings import Settings


class NoSecret(SettingsError):
    """There is no secret, and none can be kept: nobody can sign in."""


def site_secret(settings: Settings, base: KnowledgeBase) -> str:
    given = settings.secret.get_secret_value()
    if given:
        return given
    if files := base.kept_files:
        return _in_database(files)
    path = base.folder / SECRET_FILE
    try:
        kept = _kept(path) or _made(path)
    except OSError as error:
        raise _no_secret(f"{path} cannot be kept ({error.strerror})") from None
    if len(kept) < MIN_SECRET_CHARS:
        raise KnowledgeBaseError(f"{path} is damaged: delete it, and everyone signs in again.")
    return kept


def signing(secret: str, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        secret, salt=purpose, signer_kwargs={"digest_method": hashlib.sha256}
    )


def _no_secret(why: str) -> NoSecret:
    return NoSecret(
        f"nobody can sign in: {why}. Set QUISAIT_SECRET to {MIN_SECRET_CHARS} random characters "
        "or more."
    )


def _in_database(files: KeptFiles) -> str:
    kept = b"".join(files.pieces(SECRET_FILE))
    try:
        return (kept or files.keep_first(SECRET_FILE, secrets.token_urlsafe(48).encode())).decode()
    except ReadOnlyKnowledgeBase as error:
        raise _no_secret(str(error).removesuffix(".")) from None


def _kept(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return ""


def _made(path: Path) -> str:
    """Writes a new secret atomically, unless another process was faster; returns what is there."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{SECRET_FILE}-")  # mode 600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    return _kept(path)


SESSION = "quisait"
DEVICE = "quisait-device"
OF_HOST = "__Host-"
OF_TLS = "__Secure-"
"""A prefix by which browsers take the cookie over TLS alone, even below a sub-path."""


class SiteCookies:
    """Sets and reads cookies that no script reads, and no form of another site brings along."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = urlsplit(settings.public_url).path.rstrip("/") or "/"

    def read(self, request: Request, name: str) -> str:
        return request.cookies.get(self._full_name(request, name), "")

    def set(
        self, request: Request, response: Response, name: str, value: str, max_age_s: int | None
    ) -> None:
        """Sets a cookie for so long: 0 deletes it, None is until the browser is closed."""
        response.set_cookie(
            self._full_name(request, name),
            value,
            max_age=max_age_s,
            path=self._path,
            secure=self._is_secure(request),
            httponly=True,
            samesite="lax",
        )

    def _is_secure(self, request: Request) -> bool:
        return (self._settings.public_url or str(request.base_url)).startswith("https:")

    def _full_name(self, request: Request, name: str) -> str:
        if not self._is_secure(request):
            return name
        return f"{OF_HOST if self._path == '/' else OF_TLS}{name}"


def has_session_cookie(request: HTTPConnection) -> bool:
    return any(f"{prefix}{SESSION}" in request.cookies for prefix in ("", OF_HOST, OF_TLS))


REMEMBERED_S = 400 * 24 * 60 * 60
"""As long as browsers keep a cookie at most, counted from the last time of signing in."""


def device_cookie(secret: str, account: Account) -> str:
    return str(_signer(secret, account).dumps(secrets.token_urlsafe(9)))


def known_device(secret: str, account: Account, cookie: str) -> str:
    try:
        device = _signer(secret, account).loads(cookie, max_age=REMEMBERED_S)
    except BadSignature:
        return ""
    return str(device)


def device_name(user_agent: str) -> str:
    from ua_parser import parse_os, parse_user_agent

    user_agent = user_agent[:400]
    browser, system = parse_user_agent(user_agent), parse_os(user_agent)
    return ", ".join(found.family for found in (browser, system) if found)


def _signer(secret: str, account: Account) -> URLSafeTimedSerializer:
    return signing(secret, f"device {account.session_epoch} {account_key(account.name)}")
