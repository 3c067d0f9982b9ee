"""The verbs of this room: `serve`, `report` and `mcp`."""

import click

from web.commands.mcp import mcp
from web.commands.report import report
from web.commands.serve import serve

COMMANDS: list[click.Command] = [serve, report, mcp]
