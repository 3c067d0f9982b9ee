"""The commands of this room; each module imports little, so that `quisait --help` is quick."""

import click

from ingest.commands.duplicates import duplicates
from ingest.commands.export import export
from ingest.commands.ingest import ingest
from ingest.commands.sources import sources
from ingest.commands.work import work

COMMANDS: list[click.Command] = [ingest, sources, duplicates, export, work]
