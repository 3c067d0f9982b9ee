"""The verbs of `quisait` about directories: what a dry run shows, and what may be one actor.

Imports click and nothing else at the top: `quisait --help` must answer at once.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.commands.options import kb_option, open_base

if TYPE_CHECKING:
    from ingest.directories.preview import Preview
    from kb.knowledge_base import KnowledgeBase
    from kb.registers.duplicates import Duplicate


def dry_run(
    paths: Sequence[Path], source: str, choices: Mapping[str, str], as_json: bool, kb: Path | None
) -> bool:
    """Shows how the directories at these paths would be read; returns whether all would be kept.

    Changes nothing, and makes no knowledge base where there is none.
    """
    import json
    from dataclasses import asdict

    from ingest.directories.preview import preview
    from ingest.input_files import files, refuse_missing
    from ingest.records.entries import NotInput
    from kb.errors import InputError
    from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
    from kb.settings import Settings

    refuse_missing(paths)
    settings = Settings.from_environment(kb=kb)
    is_there = (settings.kb / DATABASE_FILE).is_file()
    base = KnowledgeBase.open(settings) if is_there else None
    previews: list[Preview] = []
    failures: list[str] = []
    for path, is_named, found_source in files(paths):
        try:
            previews.append(preview(path, source or found_source, choices, knowledge_base=base))
        except NotInput as not_input:
            if is_named:
                failures.append(f"{path}: {not_input}: a dry run shows directories only")
        except InputError as error:
            failures.append(f"{path}: {error}")
    if base is not None:
        base.close()
    if as_json:
        found = {"previews": [asdict(shown) for shown in previews], "failures": failures}
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for shown in previews:
            _print_preview(shown)
        for failure in failures:
            click.echo(failure)
        click.echo("Nothing was changed: this was a dry run.")
    return not failures and not any(shown.failed for shown in previews)


def _print_preview(seen: "Preview") -> None:
    from ingest.directories.preview import table

    click.echo(f"{seen.file}, source {seen.source!r}:")
    for line in table(seen.columns):
        click.echo(line)
    of_all = f" of about {seen.total_estimate}" if seen.total_estimate > seen.rows else ""
    left_out = seen.rows - seen.kept - seen.failed
    click.echo(
        f"{seen.rows} rows looked at{of_all}: {seen.kept} would be kept, {seen.failed} would fail"
        + (f", {left_out} would be left out." if left_out > 0 else ".")
    )
    for problem in seen.problems:
        click.echo(str(problem))


@click.group()
def duplicates() -> None:
    """List possible duplicates, and decide."""


@duplicates.command("list")
@click.option(
    "--state",
    type=click.Choice(["open", "same", "different"]),
    default="open",
    show_default=True,
    help="Which pairs: undecided, or decided as the same or different.",
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the pairs as JSON.")
@kb_option
def list_command(state: str, limit: int, as_json: bool, kb: Path | None) -> None:
    """List pairs of actors that may be the same, likeliest first."""
    import json
    from dataclasses import asdict

    from kb.registers.duplicates import DuplicateState

    base = open_base(kb)
    try:
        pairs = base.duplicates.list(DuplicateState(state), limit)
        if as_json:
            click.echo(json.dumps([asdict(pair) for pair in pairs], ensure_ascii=False, indent=2))
            return
        for pair in pairs:
            _print_pair(base, pair)
        count = base.duplicates.count(DuplicateState(state))
    finally:
        base.close()
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
def decide_command(left: str, right: str, same: bool, keep: str, kb: Path | None) -> None:
    """Decide whether two actors are the same. If so, merge them; both ids lead to the result."""
    base = open_base(kb)
    try:
        base.duplicates.decide(left, right, same=same, keep=keep)
        if same:
            base.save_index()
    finally:
        base.close()
    if same:
        kept = keep or left
        click.echo(f"{left} and {right} are one now: {kept}.")
    else:
        click.echo(f"{left} and {right} are two: they will not be asked about again.")


COMMANDS: list[click.Command] = [duplicates]


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
