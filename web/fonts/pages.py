"""The route of fonts. A name holds a hash of what it names, so browsers keep it."""

from typing import cast

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from web.fonts.web_fonts import PREFIX, WebFonts

_MEDIA_TYPES = {"woff2": "font/woff2", "css": "text/css"}

router = APIRouter(include_in_schema=False)


@router.api_route(PREFIX + "{name}", methods=["GET", "HEAD"])
async def font(name: str, request: Request) -> Response:
    fonts = cast("WebFonts", request.app.state.fonts)
    if name not in fonts.files:
        raise HTTPException(404)
    return Response(
        fonts.files[name],
        media_type=_MEDIA_TYPES[name.rpartition(".")[2]],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
