"""Static files under addresses that change with their content, so that browsers keep them."""

import os
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC_FOLDER = Path(str(files("web").joinpath("static")))

_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class Assets(StaticFiles):
    """Serves the static folder; `url` gives the address of a file with a hash of its content."""

    def __init__(self, mounted_at: str, installed: Mapping[str, Path] = {}) -> None:
        """`installed` are files of installed packages, by the name that they are served under."""
        super().__init__(directory=STATIC_FOLDER)
        self._mounted_at = mounted_at
        self._installed = installed
        ours = {
            path.relative_to(STATIC_FOLDER).as_posix(): path
            for path in sorted(STATIC_FOLDER.rglob("*"))
            if path.is_file()
        }
        self._hashes = {
            name: sha256(path.read_bytes()).hexdigest()[:12]
            for name, path in {**ours, **installed}.items()
        }

    def url(self, name: str) -> str:
        return f"{self._mounted_at}/{name}?v={self._hashes[name]}"

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        if installed := self._installed.get(path):
            return str(installed), installed.stat()
        return super().lookup_path(path)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        name = self.get_path(scope)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
        unchanged = asked == self._hashes.get(name)
        response.headers["Cache-Control"] = _FOREVER if unchanged else _ASK_AGAIN
        # To our frame in a sandbox, we are another origin.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response
