"""The page that says how to connect an assistant, also for who opens `/mcp` in a browser."""

import json
from collections.abc import Mapping

from fastapi import HTTPException
from starlette.responses import RedirectResponse, Response

from web.http.dependencies import APageRequest
from web.http.routing import PageRouter
from web.http.urls import MCP_PATH, Page, address

router = PageRouter()

_TOKEN = "Bearer qsf_…"  # noqa: S105 (what a token looks like)


@router.shows(Page.ASSISTANTS)
def assistants(request: APageRequest) -> Response:
    server = {"type": "http", "url": request.root + MCP_PATH}
    return request.page(
        "mcp/assistants.html",
        here=address(Page.ASSISTANTS),
        endpoint=server["url"],
        configuration=_configuration(server),
        with_token=_configuration({**server, "headers": {"Authorization": _TOKEN}}),
    )


def _configuration(server: Mapping[str, object]) -> str:
    """Returns the lines that most assistants read in their configuration."""
    return json.dumps({"mcpServers": {"quisait": server}}, ensure_ascii=False, indent=2)


@router.api_route(MCP_PATH, methods=["GET", "HEAD"])
async def show_how(request: APageRequest) -> Response:
    if not request.wants_a_page:
        # What asks for a stream, as the protocol allows, is told that there is none.
        raise HTTPException(405, headers={"Allow": "POST"})
    path = address(Page.ASSISTANTS).path(request.language)
    return RedirectResponse(path, 303, {"Vary": "Accept, Accept-Language"})
