"""The scripts that other sites load. Earlier builds stay: sites may pin them by hash."""

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256, sha384
from importlib.resources import files
from pathlib import Path
from typing import cast

from fastapi import APIRouter, HTTPException, Request, Response

from web.http.templating import STATIC_FOLDER
from web.http.urls import WIDGET_PREFIX

BUILDS = Path(str(files("web").joinpath("embed", "widget", "builds")))
CURRENT = "quisait.js"


def build_name(content: bytes) -> str:
    return f"quisait.{sha256(content).hexdigest()[:16]}.js"


@dataclass(frozen=True, slots=True)
class WidgetScript:
    content: bytes

    @property
    def address(self) -> str:
        return f"{WIDGET_PREFIX}/{build_name(self.content)}"

    @property
    def integrity(self) -> str:
        return f"sha384-{b64encode(sha384(self.content).digest()).decode()}"


class WidgetScripts:
    current_address = f"{WIDGET_PREFIX}/{CURRENT}"

    def __init__(self) -> None:
        self.current = WidgetScript((BUILDS / CURRENT).read_bytes())
        scripts = [WidgetScript(path.read_bytes()) for path in sorted(BUILDS.glob("*.js"))]
        self.builds = {build_name(script.content): script for script in scripts}


_FRAME_SCRIPT = WidgetScript((STATIC_FOLDER / "frame-host.js").read_bytes())
_FOREVER = "public, max-age=31536000, immutable"

_FOR_ALL = {
    # Subresource Integrity needs an answer that the page may read; it holds no secret.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}

router = APIRouter(include_in_schema=False)


@router.api_route(f"{WIDGET_PREFIX}/{CURRENT}", methods=["GET", "HEAD"])
async def current_script(request: Request) -> Response:
    """The newest build: kept for minutes, so that a mended one arrives."""
    return _newest(request, cast("WidgetScripts", request.app.state.widget).current)


@router.api_route(f"{WIDGET_PREFIX}/frame.js", methods=["GET", "HEAD"])
async def frame_script(request: Request) -> Response:
    return _newest(request, _FRAME_SCRIPT)


# After those that have a name of their own.
@router.api_route(f"{WIDGET_PREFIX}/{{build}}.js", methods=["GET", "HEAD"])
async def build_script(request: Request, build: str) -> Response:
    script = cast("WidgetScripts", request.app.state.widget).builds.get(f"{build}.js")
    if script is None:
        raise HTTPException(404, headers=_FOR_ALL)
    return _script(script.content, {"Cache-Control": _FOREVER})


def _newest(request: Request, script: WidgetScript) -> Response:
    etag = f'"{script.integrity[7:31]}"'
    headers = {"Cache-Control": "public, max-age=300, stale-while-revalidate=3600", "ETag": etag}
    if etag in re.split(r"\s*,\s*", request.headers.get("If-None-Match", "").replace("W/", "")):
        return Response(status_code=304, headers={**_FOR_ALL, **headers})
    return _script(script.content, headers)


def _script(content: bytes, headers: dict[str, str]) -> Response:
    return Response(
        content, media_type="text/javascript; charset=utf-8", headers={**_FOR_ALL, **headers}
    )
