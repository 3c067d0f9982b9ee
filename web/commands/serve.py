"""The verbs `serve` and `mcp`: import the server only when asked for it."""

import os
from contextlib import suppress

import click

from kb.address import Place
from kb.commands.options import kb_option

_M_ARENA_MAX = -8  # <malloc.h>


@click.command()
@kb_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on; 0 chooses a free port.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="How many equal processes answer requests; 1 by default.",
)
@click.option("--access-log", is_flag=True, help="Log each request, without its words.")
def serve(kb: Place | None, host: str, port: int, workers: int | None, access_log: bool) -> None:
    """Serve the pages and the JSON API."""
    import gc

    from kb.settings import Settings

    share_arenas()
    gc.disable()  # until all is loaded
    click.get_current_context().call_on_close(gc.enable)
    settings = Settings.from_environment(kb=kb, workers=workers)

    from kb.log_lines import log_lines
    from web import server
    from web.operations.service import end_in_time

    try:
        with log_lines(settings.log, settings.log_level):
            server.serve(settings, host, port, access_log=access_log, on_ending=end_in_time)
    finally:
        # Python would look through millions of objects for cycles, for seconds, before it ends.
        gc.freeze()


def share_arenas() -> None:
    """Has all threads share two arenas of memory: each keeps what it once had."""
    import ctypes

    if "MALLOC_ARENA_MAX" not in os.environ:
        os.environ["MALLOC_ARENA_MAX"] = "2"  # of processes that are yet to start
        with suppress(AttributeError, OSError, TypeError):  # another C library
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


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
