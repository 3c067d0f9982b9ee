"""Assistants: the SDK's own client, on the application in this process."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import anyio
import httpx2
import pytest
from fastapi import FastAPI
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from kb.settings import Settings
from tests.web.sample_base import SampleBase
from web.app import create_app

SITE = "https://quisait.example"
Found = TypeVar("Found")


class Assistant:
    """Connects to a site anew for each thing that it does."""

    def __init__(self, app: FastAPI, site: str = SITE) -> None:
        self._app = app
        self._site = site

    def does(
        self,
        work: Callable[[Client], Awaitable[Found]],
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Found:
        async def connected() -> Found:
            http = httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=self._app), headers=dict(headers or {})
            )
            async with http:
                transport = streamable_http_client(f"{self._site}/mcp", http_client=http)
                async with Client(transport, **options) as client:
                    return await work(client)

        return anyio.run(connected)

    def calls(self, tool: str, /, token: str = "", **arguments: object) -> Any:
        """Returns the result of a tool."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.does(lambda client: client.call_tool(tool, arguments), headers)

    def reads(self, tool: str, /, token: str = "", **arguments: object) -> str:
        """Returns the text of a tool's result, or of its refusal."""
        return str(self.calls(tool, token, **arguments).content[0].text)


@pytest.fixture
def assistant(knowledge_base: SampleBase, settings: Settings) -> Assistant:
    return Assistant(create_app(knowledge_base, settings))
