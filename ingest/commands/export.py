"""The command that writes a knowledge base as files."""

from contextlib import closing
from pathlib import Path

import click

from kb.address import Place
from kb.commands.options import kb_option, open_base


@click.command(short_help="Write files that `quisait ingest` can read.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@click.option(
    "--for-members", is_flag=True, help="Write the contacts that only members may see, too."
)
@kb_option
def export(folder: Path, force: bool, for_members: bool, kb: Place | None) -> None:
    """Write the knowledge base to DIR, as files that `quisait ingest` can read."""
    from ingest.export import export as export_base

    with closing(open_base(kb)) as knowledge_base:
        exported = export_base(knowledge_base, folder, force=force, for_members=for_members)
    click.echo(f"{exported.actors} actors and {exported.cases} cases written to {folder}.")
