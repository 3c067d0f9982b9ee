"""The verbs of `quisait` that bring knowledge in and out.

Imports click and nothing else at the top: `quisait --help` must answer at once.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest.commands import directories
from ingest.commands.work import work_command
from kb.commands.options import kb_option, open_base

if TYPE_CHECKING:
    from ingest.report import IngestReport

SHOWN_SKIPPED = 5
"""How many files that were skipped are named; the JSON report has the others."""


@click.command("ingest", short_help="Read directories, cases and articles.")
@click.argument("inputs", metavar="PATH_OR_URL...", nargs=-1, required=True)
@click.option(
    "--publish",
    is_flag=True,
    help="Publish the proposals for each article immediately, without a moderator.",
)
@click.option(
    "--prune",
    is_flag=True,
    help="Remove the actors and cases that the input no longer contains, unless a record failed.",
)
@click.option(
    "--source",
    default="",
    metavar="NAME",
    help="The source of the actors (default: the name of the file or folder).",
)
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="HEADER=FIELD",
    help="How to read a column: a field, `fact` or `ignored`. Remembered for the source.",
)
@click.option(
    "--dry-run", is_flag=True, help="Show how the directories would be read; change nothing."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@kb_option
def ingest_command(
    inputs: tuple[str, ...],
    publish: bool,
    prune: bool,
    source: str,
    mapped: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    kb: Path | None,
) -> None:
    """Read directories of actors, cases and articles into the knowledge base.

    PATH_OR_URL is a file, a folder with its subfolders, or a web address: actors in CSV, TSV, XLSX,
    ODS, JSON, JSON Lines or Parquet; cases in Markdown with front matter; articles in text,
    Markdown, HTML, PDF, DOCX or ODT, and their RSS or Atom feeds. An article becomes a draft that
    waits for a moderator. Exits with 1 if a record failed; the other records are kept.
    """
    import json
    from dataclasses import asdict

    from tqdm import tqdm

    from ingest.article_intake import ArticleIntake, is_address
    from ingest.directories.header_map import choices_in
    from ingest.input_files import refuse_missing
    from ingest.pipeline import ingest, refuse_unusable
    from kb.knowledge_base import KnowledgeBase
    from kb.settings import Settings

    addresses = [argument for argument in inputs if is_address(argument)]
    paths = [Path(argument) for argument in inputs if not is_address(argument)]
    choices = choices_in(mapped)
    refuse_unusable(source, choices)
    if dry_run:
        if not directories.dry_run(paths, source, choices, as_json, kb):
            raise click.exceptions.Exit(1)
        return
    refuse_missing(paths)  # before a knowledge base is made for nothing
    settings = Settings.from_environment(kb=kb)
    knowledge_base = KnowledgeBase.open(settings, create=True)
    try:
        # `disable=None` shows the bar on a terminal only.
        with tqdm(unit=" records", disable=None, leave=False) as bar:
            report = ingest(
                knowledge_base,
                paths,
                progress=bar.update,
                prune=prune,
                source=source,
                choices=choices,
                articles=ArticleIntake.from_settings(
                    knowledge_base, settings, publish=publish, progress=bar.update
                ),
                addresses=addresses,
            )
        if report.added or report.changed or report.removed:
            knowledge_base.save_index()
        pairs = knowledge_base.duplicates.count()
    finally:
        knowledge_base.close()
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2))
    else:
        _print_report(report)
        if prune and not report.pruned:
            click.echo("Nothing was pruned: correct the failures above, then ingest again.")
        if pairs:
            click.echo(f"Pairs of actors that may be one: {pairs}. See `quisait duplicates list`.")
    if report.failures:
        raise click.exceptions.Exit(1)


@click.command("export", short_help="Write files that `quisait ingest` can read.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@kb_option
def export_command(folder: Path, force: bool, kb: Path | None) -> None:
    """Write the knowledge base to DIR, as files that `quisait ingest` can read."""
    from ingest.export import export

    knowledge_base = open_base(kb)
    try:
        exported = export(knowledge_base, folder, force=force)
    finally:
        knowledge_base.close()
    click.echo(f"{exported.actors} actors and {exported.cases} cases written to {folder}.")


@click.command("evaluate-articles", short_help="Measure how well articles are read.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--kb",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The knowledge base with the known actors (default: the demonstration).",
)
@click.option("--details", is_flag=True, help="List each wrong or missing value.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.pass_context
def evaluate_articles_command(
    context: click.Context, folder: Path, kb: Path | None, details: bool, as_json: bool
) -> None:
    """Measure how well the labelled articles of DIR are read: precision and recall.

    The labels of each article are in the file NAME.json beside it. Exits with 1 if an article
    cannot be read.
    """
    import json

    from ingest.evaluation.article_findings import demonstration_actors, finder
    from ingest.evaluation.comparison import evaluate_articles
    from ingest.evaluation.printing import score_json, score_lines
    from ingest.extraction.gazetteer import KnownActors

    kb = kb or (context.obj or {}).get("kb")
    if kb is None:
        actors = demonstration_actors()
    else:
        knowledge_base = open_base(kb)
        try:
            actors = KnownActors.of(knowledge_base)
        finally:
            knowledge_base.close()
    scores = evaluate_articles(folder, finder(actors))
    if as_json:
        click.echo(json.dumps(score_json(scores), ensure_ascii=False, indent=2))
    else:
        lines = [*(map(str, scores.slips) if details else ()), *score_lines(scores)]
        for line in (*lines, *scores.unread):
            click.echo(line)
    if scores.unread:
        raise click.exceptions.Exit(1)


COMMANDS: list[click.Command] = [
    ingest_command,
    *directories.COMMANDS,
    export_command,
    work_command,
    evaluate_articles_command,
]


def _print_report(report: "IngestReport") -> None:
    from ingest.article_intake import NO_ARTICLES
    from ingest.records.entries import WHOLE_FILE

    counts = [
        f"{report.read} read",
        f"{report.added} added",
        f"{report.changed} changed",
        f"{report.unchanged} unchanged",
        f"{report.failed} failed",
    ]
    if report.pruned:
        counts.append(f"{report.removed} removed")
    if report.skipped:
        counts.append(f"{len(report.skipped) + report.untold.get('skipped', 0)} skipped")
    if report.drafts:
        counts.append(f"{len(report.drafts)} drafted")
    if report.known:
        counts.append(f"{len(report.known)} known already")
    click.echo(f"{', '.join(counts)}; passages embedded: {report.embedded}.")
    for note in (*report.failures, *report.drafts, *report.known, *report.remarks):
        click.echo(str(note))
    files = [
        note
        for note in report.skipped
        if note.row == WHOLE_FILE and Path(note.file).stem.lower() not in NO_ARTICLES
    ]
    for note in files[:SHOWN_SKIPPED]:
        click.echo(f"{note} (skipped)")
    if len(files) > SHOWN_SKIPPED:
        click.echo(f"… and {len(files) - SHOWN_SKIPPED} more skipped.")
    if report.untold:
        more = ", ".join(f"{count} more {kind}" for kind, count in report.untold.items())
        click.echo(f"… and {more}.")
