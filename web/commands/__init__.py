"""The verbs of this room: `serve`, `report`, `mcp`, `mail` and `digests`."""

import click

from web.commands.digests import digests
from web.commands.mail import mail
from web.commands.mcp import mcp
from web.commands.report import report
from web.commands.serve import serve

COMMANDS: list[click.Command] = [serve, report, mcp, mail, digests]
