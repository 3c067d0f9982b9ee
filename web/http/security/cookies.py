"""The site's cookies: their names, where browsers send them, and who may read them."""

from urllib.parse import urlsplit

from fastapi import Request
from starlette.requests import HTTPConnection
from starlette.responses import Response

from kb.settings import Settings

SESSION = "quisait"
DEVICE = "quisait-device"

OF_HOST = "__Host-"
OF_TLS = "__Secure-"
"""What begins a name on https: a browser takes the cookie from this host alone, over TLS.

A cookie of a part of a host cannot be the host's; it says at least that it came over TLS.
"""


class SiteCookies:
    """Sets and reads cookies that no script reads, and no form of another site brings along."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = cookie_path(settings)

    def read(self, request: Request, name: str) -> str:
        """Returns the value of a cookie, empty if the browser sent none."""
        return request.cookies.get(self._full_name(request, name), "")

    def set(
        self, request: Request, response: Response, name: str, value: str, max_age_s: int | None
    ) -> None:
        """Sets a cookie for so long; until the browser is closed if `max_age_s` is None."""
        response.set_cookie(
            self._full_name(request, name),
            value,
            max_age=max_age_s,
            path=self._path,
            secure=self._is_secure(request),
            httponly=True,
            samesite="lax",
        )

    def delete(self, request: Request, response: Response, name: str) -> None:
        response.delete_cookie(
            self._full_name(request, name),
            path=self._path,
            secure=self._is_secure(request),
            httponly=True,
            samesite="lax",
        )

    def _is_secure(self, request: Request) -> bool:
        public_url = self._settings.public_url
        return (public_url or str(request.base_url)).startswith("https:")

    def _full_name(self, request: Request, name: str) -> str:
        if not self._is_secure(request):
            return name
        return f"{OF_HOST if self._path == '/' else OF_TLS}{name}"


def cookie_path(settings: Settings) -> str:
    """Returns the path under which browsers send the site's cookies: that of its public address."""
    return urlsplit(settings.public_url).path.rstrip("/") or "/"


def has_session_cookie(request: HTTPConnection) -> bool:
    return any(f"{prefix}{SESSION}" in request.cookies for prefix in ("", OF_HOST, OF_TLS))
