"""The verb `mcp`: imports the server only when asked for it."""

import click

from kb.address import Place
from kb.commands.options import kb_option


@click.command(short_help="Answer an assistant over standard input and output.")
@kb_option
def mcp(kb: Place | None) -> None:
    """Answer an assistant that starts this command, in the Model Context Protocol.

    It searches the knowledge base as a visitor, or, with QUISAIT_MCP_TOKEN, as the account of that
    token. Assistants that connect over HTTP find the same at /mcp of a site (`quisait serve`).
    """
    from kb.settings import Settings
    from web.mcp.server import serve_stdio

    serve_stdio(Settings.from_environment(kb=kb))
