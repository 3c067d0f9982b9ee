"""The commands that decide about duplicates, write a knowledge base as files, and run jobs."""

from contextlib import closing
from pathlib import Path
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


@click.command(short_help="Run waiting jobs.")
@click.option("--once", is_flag=True, help="Run one job, if one waits, and end.")
@click.option("--until-idle", is_flag=True, help="End when no job waits.")
@click.option(
    "--linger",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=0.0,
    help="With --until-idle: wait this long for another job before ending.",
)
@kb_option
def work(once: bool, until_idle: bool, linger: float, kb: Place | None) -> None:
    """Run waiting jobs, such as directories sent through the pages, and read sources again.

    `quisait serve` starts a worker automatically when a job waits. The worker runs at low priority,
    with half of the processors. It ends at a signal; its job then waits for the next worker.
    """
    import signal
    import threading

    from ingest import worker
    from kb.knowledge_base import KnowledgeBase
    from kb.log_lines import log_lines
    from kb.settings import Settings

    settings = Settings.from_environment(kb=kb)
    threads = worker.step_back()
    settings = settings.model_copy(update={"threads": min(settings.threads or threads, threads)})
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with (
        log_lines(settings.log, settings.log_level),
        closing(KnowledgeBase.open(settings)) as knowledge_base,
    ):
        if once:
            worker.run_next(knowledge_base, stopping)
        else:
            worker.work(knowledge_base, linger_s=linger if until_idle else None, stopping=stopping)
