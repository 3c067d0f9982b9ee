"""The scripts that pages of other sites load. Anyone may: they are the same for all."""

import re
from functools import cache
from typing import cast

from fastapi import APIRouter, HTTPException, Request, Response

from web.embed.widget_scripts import CURRENT, PREFIX, WidgetScript, WidgetScripts
from web.http.assets import STATIC_FOLDER

_SHORT_LIVED = "public, max-age=300, stale-while-revalidate=3600"
_FOREVER = "public, max-age=31536000, immutable"

_FOR_ALL = {
    # Subresource Integrity needs an answer that the page may read; it holds no secret.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}

router = APIRouter(include_in_schema=False)


@router.api_route(f"{PREFIX}/{CURRENT}", methods=["GET", "HEAD"])
async def current_script(request: Request) -> Response:
    """The newest build: kept for minutes, so that a mended one arrives."""
    return _newest(request, cast("WidgetScripts", request.app.state.widget).current)


@router.api_route(f"{PREFIX}/frame.js", methods=["GET", "HEAD"])
async def frame_script(request: Request) -> Response:
    """What gives a frame the height of what it shows, in the page that embeds it."""
    return _newest(request, _frame_script())


# After those that have a name of their own.
@router.api_route(f"{PREFIX}/{{build}}.js", methods=["GET", "HEAD"])
async def build_script(request: Request, build: str) -> Response:
    """One build, by the hash of its content: kept for good."""
    script = cast("WidgetScripts", request.app.state.widget).build(f"{build}.js")
    if script is None:
        # With these, a browser says that it is not there, and not that it may not be read.
        raise HTTPException(404, headers=_FOR_ALL)
    return _script(script.content, {"Cache-Control": _FOREVER})


@cache
def _frame_script() -> WidgetScript:
    return WidgetScript((STATIC_FOLDER / "frame-host.js").read_bytes())


def _newest(request: Request, script: WidgetScript) -> Response:
    etag = f'"{script.integrity[7:31]}"'
    headers = {"Cache-Control": _SHORT_LIVED, "ETag": etag}
    if etag in re.split(r"\s*,\s*", request.headers.get("If-None-Match", "").replace("W/", "")):
        return Response(status_code=304, headers={**_FOR_ALL, **headers})
    return _script(script.content, headers)


def _script(content: bytes, headers: dict[str, str]) -> Response:
    return Response(
        content, media_type="text/javascript; charset=utf-8", headers={**_FOR_ALL, **headers}
    )
