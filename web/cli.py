"""The command `quisait`, and its errors in one line each; imports nothing heavy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

import ingest.commands
import kb.commands
import web.commands
from kb.address import Place
from kb.commands.options import kb_option
from kb.errors import QuisaitError

if TYPE_CHECKING:
    from kb.settings import Settings

# NumPy's own threads are for larger products than a search's: on a busy machine they wait for each
# other many times as long as they work. It is read when NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class Rooms(click.Group):
    """A group that prints foreseen errors in one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except QuisaitError as error:
            click.echo(f"quisait: {error}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            ctx.exit(130)  # 128 + SIGINT, as shells expect


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="quisait", prog_name="quisait")
@kb_option
@click.pass_context
def main(context: click.Context, kb: Place | None) -> None:
    """Qui sait faire ? A knowledge base and search of what organisations know how to do."""
    context.obj = {"kb": kb, "refuse": _refuse}


def _refuse(settings: Settings) -> None:
    """Refuses settings with which the server does not start, for `quisait doctor`."""
    from web.app import refuse_taken_path

    refuse_taken_path(settings)


for command in (*kb.commands.COMMANDS, *ingest.commands.COMMANDS, *web.commands.COMMANDS):
    main.add_command(command)
