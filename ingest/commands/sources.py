"""The sources of actors: who sees the contacts of each, and which are read again."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.address import Place
from kb.commands.options import kb_option, open_base

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase
    from kb.reference.visibility import Visibility
    from kb.registers.jobs import Job
    from kb.registers.records.rereading import SourceLocation

SHOWN_READINGS = 5
SHOWN_CHANGES = 20


def _lines_about(
    base: "KnowledgeBase", location: "SourceLocation", *, whole: bool
) -> Iterator[str]:
    yield f"{location.location}, every {location.every}"
    if location.problem:
        times = f"{location.failures} times in a row" if location.failures > 1 else "once"
        yield f"failed {times}: {location.problem}"
    for job in base.jobs.of_source(location.name, SHOWN_READINGS if whole else 1):
        yield f"{(job.started_at or job.created_at)[:16].replace('T', ' ')} UTC: {_summary(job)}"
    gone = base.unlisted.of(location.name)
    if gone and not whole:
        yield f"no longer listed: {len(gone)} (quisait sources list {location.name!r} names them)"
    for record in gone if whole else ():
        yield f"no longer listed since {record.since[:10]}: {record.name} ({record.id})"


def _result_lines(job: "Job") -> Iterator[str]:
    yield f"{job.parameters['source']}: {_summary(job)}"
    report: Mapping[str, Any] = {} if job.message else job.report
    changes = report.get("changes", [])
    for change in changes[:SHOWN_CHANGES]:
        name = f"{change['name']} ({change['id']})"
        fields = "; ".join(map(_field_line, change["fields"]))
        yield f"  new: {name}" if change["is_new"] else f"  changed: {name}: {fields}"
    if len(changes) > SHOWN_CHANGES:
        yield f"  … and {len(changes) - SHOWN_CHANGES} more changes."
    for record in report.get("gone", []):
        yield f"  no longer listed: {record['name']} ({record['id']})"
    for note in report.get("failures", []):
        yield f"  {note['file']}{':' + str(note['row']) if note['row'] else ''}: {note['reason']}"
    for draft in report.get("drafts", []):
        yield f"  {draft['title']}: a draft waits for a moderator"


def _summary(job: "Job") -> str:
    if job.message:
        return f"failed: {job.message}"
    report: Mapping[str, Any] = job.report
    if not report:
        return job.state.value
    if report["is_same"]:
        return "nothing has changed there"
    counts = [
        f"{report['added']} new",
        f"{report['changed'] + report['completed']} changed",
        f"{len(report['gone'])} gone",
        f"{report['unchanged'] + len(report['known'])} unchanged",
    ]
    if report["drafts"]:
        counts.append(f"{len(report['drafts'])} drafted")
    if report["failures"]:
        counts.append(f"{len(report['failures'])} failed")
    return ", ".join(counts)


def _field_line(field: Mapping[str, str]) -> str:
    name = field["field"].removeprefix("fact:")
    if not (field["before"] or field["after"]):
        return name
    return f"{name}: {field['before'] or '–'} → {field['after'] or '–'}"


map_option = click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="HEADER=FIELD",
    help="How to read a column: a field, `fact` or `ignored`. Remembered for the source.",
)


def seen_by_options(command: Callable[..., Any]) -> Callable[..., Any]:
    seen_by_whom = click.Choice(["public", "members", "none"])
    persons = click.option(
        "--persons",
        type=seen_by_whom,
        help="The same for contacts of persons: their names, and e-mail addresses and mobile "
        "numbers that are theirs (at first: none).",
    )
    contacts = click.option(
        "--contacts",
        type=seen_by_whom,
        help="Who sees the telephones, e-mail addresses and streets of this source: everybody, "
        "those who are signed in, or nobody; what nobody sees is not kept (at first: public). "
        "Remembered for the source.",
    )
    return contacts(persons(command))


def seen_by(contacts: str | None, persons: str | None) -> "dict[str, Visibility]":
    from kb.reference.visibility import Visibility

    chosen = {"organisations": contacts, "persons": persons}
    return {of: Visibility(given) for of, given in chosen.items() if given}


class _SourcesGroup(click.Group):
    """Takes what is no verb for the arguments of `list`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, "--help"}:
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_SourcesGroup, short_help="List sources, or have them read again.")
def sources() -> None:
    """List the sources of actors, choose who sees their contacts, or have sources read again.

    Without a verb, `quisait sources` means `quisait sources list`.
    """


@sources.command("list")
@click.argument("source", metavar="[SOURCE]", default="")
@seen_by_options
@kb_option
def list_(source: str, contacts: str | None, persons: str | None, kb: Place | None) -> None:
    """List the sources, or choose who sees the contacts of one.

    A choice holds at once for the public, wherever contacts are shown. With none, the contacts that
    are known from SOURCE are forgotten: only another ingest brings them back. After an
    interruption, the same command goes on. Of a source that is read again, the
    last readings are told; of SOURCE alone, also what it no longer lists.
    """
    from dataclasses import replace

    from kb.errors import InputError

    chosen = seen_by(contacts, persons)
    with closing(open_base(kb)) as base:
        known = dict(base.claims.sources())
        locations = {location.name: location for location in base.source_locations.list()}
        if source:
            if source not in {*known, *locations}:
                raise InputError("unknown_source", name=source)
            if chosen:
                before = base.contact_choices.of(source)
                base.choose_contacts(source, replace(before, **chosen))
        elif chosen:
            raise click.UsageError("Name the source that is meant.")
        for name in sorted({*known, *locations}):
            if source not in {"", name}:
                continue
            count, choice = known.get(name, 0), base.contact_choices.of(name)
            click.echo(
                f"{name or '(unnamed)'}: {count:,} {'actor' if count == 1 else 'actors'}; "
                f"contacts: {choice.organisations}; persons: {choice.persons}"
            )
            if name in locations:
                for line in _lines_about(base, locations[name], whole=bool(source)):
                    click.echo(f"  {line}")


@sources.command()
@click.argument("location", metavar="PATH_OR_URL")
@click.option(
    "--name",
    default="",
    metavar="NAME",
    help="The name of the source (default: the name of the file or folder, or the site).",
)
@click.option(
    "--every",
    type=click.Choice(["day", "week"]),
    default="day",
    show_default=True,
    help="How often it is read again.",
)
@map_option
@seen_by_options
@kb_option
def add(
    location: str,
    name: str,
    every: str,
    mapped: tuple[str, ...],
    contacts: str | None,
    persons: str | None,
    kb: Place | None,
) -> None:
    """Have a source read again, each night or each week.

    PATH_OR_URL is the address of a directory, of an RSS or Atom feed, of a page (its feed is read,
    if it names one), or a file or folder of this computer. The worker reads it in the next minute,
    and then at the hour QUISAIT_SOURCES_HOUR.
    """
    from dataclasses import replace

    from ingest.article_intake import is_address
    from ingest.directories.columns_of import choices_in
    from ingest.pipeline import refuse_unusable
    from ingest.records.entries import refuse_missing, source_of
    from ingest.source_reading import checked_address, name_of_address
    from kb.registers.records.rereading import Interval
    from kb.settings import Settings

    if is_address(location):
        location = checked_address(location, Settings.from_environment(kb=kb))
        name = name or name_of_address(location)
    else:
        path = Path(location).resolve()
        refuse_missing([path])
        location, name = str(path), name or source_of(path)
    choices = choices_in(mapped)
    refuse_unusable(name, choices)
    with closing(open_base(kb, create=True)) as base:
        added = base.source_locations.add(name, location, Interval(every))
        before = base.contact_choices.of(added.name)
        if (after := replace(before, **seen_by(contacts, persons))) != before:
            base.choose_contacts(added.name, after)
        if choices:
            earlier = base.column_choices.mapping(added.name)
            base.column_choices.remember(added.name, {**earlier, **choices})
    click.echo(
        f"{added.name}: {location} is read again every {every}. "
        f"To read it now: quisait sources run {shlex.quote(added.name)}"
    )


@sources.command()
@click.argument("name")
@kb_option
def remove(name: str, kb: Place | None) -> None:
    """Read a source no more. What was read of it stays."""
    with closing(open_base(kb)) as base:
        base.source_locations.remove(name)
    click.echo(f"{name} is not read again. What was read of it stays.")


@sources.command()
@click.argument("name", metavar="[NAME]", default="")
@kb_option
def run(name: str, kb: Place | None) -> None:
    """Read a source now, or, without NAME, those whose night has come (for cron).

    Exits with 1 if a source could not be read.
    """
    from ingest import worker
    from ingest.schedule import local_time, queue_due, queue_reading
    from kb.log_lines import log_lines
    from kb.registers.jobs import JobState
    from kb.settings import Settings

    settings = Settings.from_environment(kb=kb)
    failed = False
    with closing(open_base(kb)) as base:
        if name:
            location = base.source_locations.get(name)
            base.source_locations.take(location)
            jobs = [queue_reading(base, location)]
        else:
            jobs = queue_due(base, settings.sources_hour, local_time())
        if not jobs:
            click.echo("No source is due.")
        for job in jobs:
            with log_lines(settings.log, settings.log_level):
                if not worker.run_next(base, only=job.id):
                    click.echo(f"{job.parameters['source']}: a worker is reading it already.")
                    continue
            done = base.jobs.get(job.id)
            failed |= done.state is not JobState.DONE or bool(done.report.get("failures"))
            for line in _result_lines(done):
                click.echo(line)
        if any(base.jobs.get(job.id).state is JobState.DONE for job in jobs):
            base.save_index()
    if failed:
        raise click.exceptions.Exit(1)
