"""The verb `serve`: imports the server only when asked for it."""

from pathlib import Path

import click

from kb.commands.options import kb_option


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
@click.option("--access-log", is_flag=True, help="Log each request, without its words.")
def serve(kb: Path | None, host: str, port: int, access_log: bool) -> None:
    """Serve the pages and the JSON API."""
    import gc

    from kb.log_lines import log_lines
    from kb.settings import Settings
    from web import server
    from web.operations.ending import end_in_time

    settings = Settings.from_environment(kb=kb)
    try:
        with log_lines(settings.log, settings.log_level):
            server.serve(settings, host, port, access_log=access_log, on_ending=end_in_time)
    finally:
        # Python would look through millions of objects for cycles, for seconds, before it ends.
        gc.freeze()
