"""The command that reads directories, cases and articles, or shows how it would."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest.commands.sources import map_option, seen_by, seen_by_options
from kb.address import Place
from kb.commands.options import kb_option

if TYPE_CHECKING:
    from ingest.directories.readers import Preview
    from ingest.report import IngestReport, Note
    from kb.reference.visibility import Visibility


SHOWN_SKIPPED = 5  # most skipped files that are named; the JSON report has the others


@click.command(short_help="Read directories, cases and articles.")
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
@map_option
@seen_by_options
@click.option(
    "--dry-run", is_flag=True, help="Show how the directories would be read; change nothing."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@kb_option
def ingest(
    inputs: tuple[str, ...],
    publish: bool,
    prune: bool,
    source: str,
    mapped: tuple[str, ...],
    contacts: str | None,
    persons: str | None,
    dry_run: bool,
    as_json: bool,
    kb: Place | None,
) -> None:
    """Read directories of actors, cases and articles into the knowledge base.

    PATH_OR_URL is a file, a folder with its subfolders, or a web address: actors in CSV, TSV, XLSX,
    ODS, JSON, JSON Lines, GeoJSON or Parquet; cases in Markdown with front matter; articles in
    text, Markdown, HTML, PDF, DOCX or ODT, and their RSS or Atom feeds. An article becomes a draft
    that waits for a moderator. Exits with 1 if a record failed; the other records are kept.
    """
    import json
    from dataclasses import asdict

    from ingest import pipeline
    from ingest.article_intake import ArticleIntake, is_address
    from ingest.directories.columns_of import choices_in
    from ingest.records.entries import refuse_missing
    from ingest.report import IngestProgress
    from ingest.submission import Submissions
    from kb.errors import KnowledgeBaseError
    from kb.knowledge_base import KnowledgeBase
    from kb.settings import Settings

    addresses = [argument for argument in inputs if is_address(argument)]
    paths = [Path(argument) for argument in inputs if not is_address(argument)]
    choices = choices_in(mapped)
    pipeline.refuse_unusable(source, choices)
    chosen = seen_by(contacts, persons)
    if dry_run:
        if not _dry_run(paths, source, choices, chosen.get("persons"), as_json, kb):
            raise click.exceptions.Exit(1)
        return
    refuse_missing(paths)  # before a knowledge base is made for nothing
    settings = Settings.from_environment(kb=kb)
    with closing(KnowledgeBase.open(settings, create=True)) as knowledge_base:
        warned: list[Note] = []
        with closing(IngestProgress(pipeline.expected(paths))) as progress:

            def warn(note: Note) -> None:
                warned.append(note)
                progress.write(str(note))

            submissions = Submissions.from_settings(knowledge_base, settings)
            articles = ArticleIntake(knowledge_base, submissions, publish=publish, watch=progress)
            try:
                report = pipeline.ingest(
                    knowledge_base,
                    paths,
                    watch=progress,
                    prune=prune,
                    source=source,
                    choices=choices,
                    seen_by=chosen,
                    articles=articles,
                    addresses=addresses,
                    on_warning=warn,
                )
            except KnowledgeBaseError:
                kept = articles.report.added + articles.report.completed + articles.report.changed
                progress.write(f"{kept} records were kept before this; ingest again for the rest.")
                raise
        if report.added or report.completed or report.changed or report.removed:
            knowledge_base.save_index()
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2))
    else:
        _print_report(report, warned)
        if prune and not report.pruned:
            click.echo("Nothing was pruned: correct the failures above, then ingest again.")
        if report.duplicates:
            names = " ".join(f"--source {shlex.quote(source)}" for source in report.sources)
            where = f" --kb {shlex.quote(str(kb))}" if kb else ""
            click.echo(
                f"Possible duplicates: {report.duplicates}. Compare them:"
                f" quisait duplicates list {names}{where}"
            )
    if report.failures:
        raise click.exceptions.Exit(1)


def _print_report(report: IngestReport, warned: Sequence[Note]) -> None:
    """Prints a report, without the remarks that a person was warned with before."""
    from ingest.article_intake import NO_ARTICLES
    from ingest.records.entries import WHOLE_FILE

    optional = {
        "completed": report.completed or None,
        "removed": report.removed if report.pruned else None,
        "skipped": len(report.skipped) + report.untold.get("skipped", 0) or None,
        "drafted": len(report.drafts) or None,
        "known already": len(report.known) or None,
        "to check": report.to_check or None,
    }
    counts = [
        f"{report.read} read",
        f"{report.added} added",
        f"{report.changed} changed",
        f"{report.unchanged} unchanged",
        f"{report.failed} failed",
        *(f"{count} {what}" for what, count in optional.items() if count is not None),
    ]
    click.echo(f"{', '.join(counts)}; passages embedded: {report.embedded}.")
    remarks = [note for note in report.remarks if note not in warned]
    for note in (*report.failures, *report.drafts, *report.known, *remarks):
        click.echo(str(note))
    whole = (note for note in report.skipped if note.row == WHOLE_FILE)
    files = [note for note in whole if Path(note.file).stem.lower() not in NO_ARTICLES]
    for note in files[:SHOWN_SKIPPED]:
        click.echo(f"{note} (skipped)")
    if len(files) > SHOWN_SKIPPED:
        click.echo(f"… and {len(files) - SHOWN_SKIPPED} more skipped.")
    if report.untold:
        more = ", ".join(f"{count} more {kind}" for kind, count in report.untold.items())
        click.echo(f"… and {more}.")


def _dry_run(
    paths: Sequence[Path],
    source: str,
    choices: Mapping[str, str],
    persons: Visibility | None,
    as_json: bool,
    kb: Place | None,
) -> bool:
    """Shows how directories would be read; returns whether all would be kept."""
    import json
    from dataclasses import asdict

    from ingest.reading import preview_of
    from ingest.records.entries import NotInput, files, refuse_missing
    from kb.errors import InputError
    from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
    from kb.settings import Settings

    refuse_missing(paths)
    settings = Settings.from_environment(kb=kb)
    is_there = bool(settings.database) or (settings.folder / DATABASE_FILE).is_file()
    base = KnowledgeBase.open(settings) if is_there else None
    previews: list[Preview] = []
    failures: list[str] = []
    kept = None if persons is None else persons != "none"
    for path, is_named, found_source in files(paths):
        try:
            name = source or found_source
            shown = preview_of(path, name, choices, knowledge_base=base, persons_kept=kept)
            previews.append(shown)
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
        click.echo("\n".join([*failures, "Nothing was changed: this was a dry run."]))
    return not failures and not any(shown.failed for shown in previews)


def _print_preview(seen: Preview) -> None:
    click.echo(f"{seen.file}, source {seen.source!r}:")
    rows = [("column", "is read as", "for example")]
    for column in seen.columns:
        target = f"{column.target}{' (said)' if column.said else ''}"
        rows.append((column.header or "(no header)", target, " · ".join(column.examples)))
    widths = [min(max(len(row[cell]) for row in rows), 40) for cell in (0, 1)]
    for header, target, examples in rows:
        line = f"  {header[:40]:<{widths[0]}}  {target:<{widths[1]}}  {examples}"
        click.echo(line.rstrip())
    of_all = f" of about {seen.total_estimate}" if seen.total_estimate > seen.rows else ""
    left_out = seen.rows - seen.kept - seen.failed
    to_check = f" ({seen.to_check} to check)" if seen.to_check else ""
    click.echo(
        f"{seen.rows} rows looked at{of_all}: {seen.kept} would be kept{to_check}, "
        f"{seen.failed} would fail" + (f", {left_out} would be left out." if left_out > 0 else ".")
    )
    for problem in seen.problems:
        click.echo(str(problem))
