"""Assistants over standard input and output, on the folder of a knowledge base."""

from contextlib import closing

import anyio
from fastapi import HTTPException
from mcp.server.stdio import stdio_server

from kb.errors import SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import Account
from kb.settings import Settings
from web.api.tokens import account_with
from web.catalogue import pages as catalogue_pages
from web.http.assets import Assets
from web.http.templating import Renderer
from web.mcp.caller import Caller
from web.mcp.server import server_for
from web.search.evidence_text import filters as evidence_filters


def serve_stdio(settings: Settings) -> None:
    """Serves one assistant until it closes standard input.

    Raises:
        KnowledgeBaseError: there is no knowledge base to serve, or it cannot be used.
        SettingsError: the token of the settings is worth nothing.
    """
    with closing(KnowledgeBase.open(settings)) as knowledge_base:
        token = settings.mcp_token.get_secret_value()

        def find_account() -> Account | None:
            # Each time: a token may be revoked while this runs.
            return account_with(token, knowledge_base) if token else None

        try:
            find_account()
        except HTTPException as refusal:
            raise SettingsError(f"QUISAIT_MCP_TOKEN: {refusal.detail}") from None
        renderer = Renderer(
            Assets(mounted_at="/static"), (catalogue_pages.filters, evidence_filters)
        )
        name = knowledge_base.identity.current().identity.name
        root = settings.public_url.rstrip("/")
        anyio.run(_serve, Caller(knowledge_base, renderer, name, root, find_account))


async def _serve(caller: Caller) -> None:
    server = server_for(caller)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
