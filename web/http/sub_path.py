"""The part of its host that the site is, such as `/savoir` of https://net.example/savoir.

Inside of `UnderSubPath` the site is at the root of its host: routes, and what looks at the path of
a request, know of no other. What goes out to browsers is written here: paths by `SubPath.on_site`,
which templates call, and the header `Location` by the middleware.
"""

from dataclasses import dataclass
from typing import Self

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.errors import SettingsError
from kb.settings import Settings


@dataclass(frozen=True, slots=True)
class SubPath:
    """`prefix` is empty, or begins with a slash and does not end with one."""

    prefix: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.public_path)

    def on_site(self, path: str) -> str:
        """Returns the path as browsers ask for it; as it is if it is no path, or has the prefix."""
        if (path and not path.startswith("/")) or path.startswith("//") or self._has(path):
            return path
        return self.prefix + path

    def inside(self, path: str) -> str:
        """Returns the path of a request as routes know it, with or without the prefix."""
        return path.removeprefix(self.prefix) or "/" if self._has(path) else path

    def _has(self, path: str) -> bool:
        """Whether the path is under the prefix, which is no path of a route (`refuse_taken`)."""
        rest = path.removeprefix(self.prefix)
        return bool(self.prefix) and rest != path and (not rest or rest[0] in "/?#")

    def refuse_taken(self, names: set[str]) -> None:
        """Refuses a prefix that begins as a route does: it could not be told from its paths.

        Raises:
            SettingsError: the first name of the prefix is among `names`.
        """
        first = self.prefix.partition("/")[2].partition("/")[0]
        if self.prefix and first in names:
            raise SettingsError(
                f"QUISAIT_PUBLIC_URL: /{first} is an address of this program. Choose another path."
            )


WHOLE_HOST = SubPath()


class UnderSubPath:
    """ASGI middleware that takes the prefix off paths of requests, and puts it on redirects."""

    def __init__(self, app: ASGIApp, sub_path: SubPath) -> None:
        self._app = app
        self._sub_path = sub_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._sub_path.prefix or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # In place: the answer to an unforeseen exception is made outside of every middleware.
        scope["path"] = self._sub_path.inside(scope["path"])

        async def send_on_site(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "Location" in headers:
                    headers["Location"] = self._sub_path.on_site(headers["Location"])
            await send(message)

        await self._app(scope, receive, send_on_site)
