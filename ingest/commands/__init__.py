"""The commands of this room; each module imports little, so that `quisait --help` is quick."""

import click

from ingest.commands.ingest import ingest
from ingest.commands.sources import sources
from ingest.commands.upkeep import duplicates, export, work

COMMANDS: list[click.Command] = [ingest, sources, duplicates, export, work]
