"""The commands that look after a base: check, and what backs it up.

Imports click and what is as light; the rest when a command runs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.commands.options import kb_option

if TYPE_CHECKING:
    from kb.upkeep.finding import Finding


@click.command(short_help="Look for damage, and repair what can be.")
@click.option("--quick", is_flag=True, help="Only pages, counts and files: seconds, not minutes.")
@click.option("--repair", is_flag=True, help="Mend what can be mended without loss.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@kb_option
@click.pass_context
def check(
    context: click.Context, quick: bool, repair: bool, as_json: bool, kb: Path | None
) -> None:
    """Look for damage: pages, texts and passages, vectors, index, orphans, files.

    Exits with 1 if something is wrong. The base may be in use meanwhile.
    """
    from kb.settings import Settings
    from kb.upkeep.check import check_base

    found = check_base(Settings.from_environment(kb=kb), quick=quick, repair=repair)
    if as_json:
        click.echo(json.dumps([finding.plain() for finding in found], indent=2))
    else:
        _tell(found, "Nothing is wrong." if not quick else "Nothing is wrong, as far as looked at.")
    context.exit(int(any(not finding.is_note for finding in found)))


def _tell(found: Sequence[Finding], nothing: str) -> None:
    for finding in found:
        click.echo(str(finding))
    if all(finding.is_note for finding in found):
        click.echo(nothing)
