"""The verbs of this room: `serve`, `report`, `mcp`, `mail` and `digests`."""

import click

from web.commands.mail import digests, mail
from web.commands.report import report
from web.commands.serve import mcp, serve

COMMANDS: list[click.Command] = [serve, report, mcp, mail, digests]
