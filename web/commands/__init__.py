"""The verbs of this room: `serve` and `report`."""

import click

from web.commands.report import report
from web.commands.serve import serve

COMMANDS: list[click.Command] = [serve, report]
