"""The commands on a base as a whole: status and rebuild.

Imports click and what is as light; the rest when a command runs.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from kb.address import Place
from kb.commands.options import kb_option, open_base

if TYPE_CHECKING:
    from kb.status import Status

LOOKED_AT_PAGES_S = 5.0
"""Most time that a status takes to look at the pages of the database."""

_PART = "those looked at are whole: `quisait check` looks at all"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
@click.option("--schema", is_flag=True, help="Print the number of its schema alone; 0: no base.")
@kb_option
def status(as_json: bool, schema: bool, kb: Place | None) -> None:
    """Show what the knowledge base contains, and its state.

    With --schema, nothing is changed; else a base of an earlier version is brought up to date.
    """
    if schema:
        from kb.settings import Settings
        from kb.store.pool import schema_at

        click.echo(schema_at(Settings.from_environment(kb=kb).store))
        return
    base = open_base(kb)
    found = base.status()
    damage = base.damaged_pages(within_s=LOOKED_AT_PAGES_S)
    if damage:
        problem = f"kb.sqlite is damaged ({damage[0]}): run `quisait check`, or restore a backup."
        found = replace(found, problems=(*found.problems, problem))
    plain = {
        **plain_status(found),
        "pages": "damaged" if damage else "whole" if damage is not None else _PART,
        "trade_index": base.trade_index_state(),
    }
    if as_json:
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
    else:
        for name, value in plain.items():
            lines = value if isinstance(value, list) else [value]
            for line in lines:
                click.echo(f"{name:>14}  {line}")


@click.command(short_help="Make passages, embeddings and index again.")
@kb_option
def rebuild(kb: Place | None) -> None:
    """Make passages, embeddings and index again from the records, with the current encoder."""
    from tqdm import tqdm

    base = open_base(kb)
    with tqdm(unit=" passages", disable=not sys.stderr.isatty(), file=sys.stderr) as bar:
        found = base.rebuild(bar.update)
    click.echo(
        f"{found.actors} actors and {found.cases} cases, {found.passages} passages, "
        f"{bar.n} embedded by {found.model}."
    )


def plain_status(found: Status) -> dict[str, object]:
    """A status as JSON can hold it."""
    from dataclasses import asdict

    return {**asdict(found), "folder": str(found.folder), "problems": list(found.problems)}
