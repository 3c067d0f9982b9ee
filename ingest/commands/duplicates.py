"""The commands that list possible duplicates, and decide."""

from contextlib import closing
from typing import TYPE_CHECKING

import click

from kb.address import Place
from kb.commands.options import kb_option, open_base

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase
    from kb.registers.records.duplicates import Duplicate


@click.group()
def duplicates() -> None:
    """List possible duplicates, and decide."""


@duplicates.command("list")
@click.option(
    "--state",
    type=click.Choice(["open", "related", "same", "different"]),
    default="open",
    show_default=True,
    help="Which pairs: undecided, two establishments of one firm, or decided as the same or"
    " different.",
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME",
    help="Only pairs with an actor of this source.",
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the pairs as JSON.")
@kb_option
def list_command(
    state: str, sources: tuple[str, ...], limit: int, as_json: bool, kb: Place | None
) -> None:
    """List pairs of actors that may be the same, likeliest first."""
    import json
    from dataclasses import asdict

    from kb.registers.records.duplicates import DuplicateState

    with closing(open_base(kb)) as base:
        pairs = base.duplicates.list(DuplicateState(state), limit, sources)
        if as_json:
            click.echo(json.dumps([asdict(pair) for pair in pairs], ensure_ascii=False, indent=2))
            return
        for pair in pairs:
            _print_pair(base, pair)
        count = base.duplicates.count(DuplicateState(state), sources)
    more = f", {len(pairs)} of them shown" if count > len(pairs) else ""
    click.echo(f"{count} {'pair' if count == 1 else 'pairs'}{more}.")


@duplicates.command("decide")
@click.argument("left", metavar="ID")
@click.argument("right", metavar="OTHER_ID")
@click.option(
    "--same/--different", "same", required=True, help="Whether the two are the same actor."
)
@click.option("--keep", default="", metavar="ID", help="Which id to keep (default: the first).")
@kb_option
def decide_command(left: str, right: str, same: bool, keep: str, kb: Place | None) -> None:
    """Decide whether two actors are the same. If so, merge them; both ids lead to the result."""
    with closing(open_base(kb)) as base:
        base.duplicates.decide(left, right, same=same, keep=keep)
        if same:
            base.save_index()
    if same:
        click.echo(f"{left} and {right} are one now: {keep or left}.")
    else:
        click.echo(f"{left} and {right} are two: they will not be asked about again.")


def _print_pair(base: "KnowledgeBase", pair: "Duplicate") -> None:
    from kb.errors import UnknownRecord

    reasons = ", ".join(reason.replace("_", " ") for reason in pair.reasons)
    click.echo(f"{pair.score:.2f}  {reasons}")
    for actor_id in (pair.left_id, pair.right_id):
        try:
            actor = base.actor(actor_id)
        except UnknownRecord:
            click.echo(f"      {actor_id}: gone")
            continue
        where = ", ".join(part for part in (actor.place, actor.department, actor.siret) if part)
        click.echo(f"      {actor_id}: {actor.name}" + (f" ({where})" if where else ""))
