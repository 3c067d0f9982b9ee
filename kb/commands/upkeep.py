"""The commands that look after a base: its status, rebuilding, checks, and what backs it up."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.address import Place
from kb.commands.options import PlaceName, kb_option, open_base

if TYPE_CHECKING:
    from kb.upkeep.backup import Manifest
    from kb.upkeep.check import Finding


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
    damage = base.damaged_pages()
    if damage:
        problem = f"kb.sqlite is damaged ({damage[0]}): run `quisait check`, or restore a backup."
        found = replace(found, problems=(*found.problems, problem))
    plain = {
        **asdict(found),
        "folder": str(found.folder),
        "problems": list(found.problems),
        "pages": "damaged" if damage else "whole",
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


@click.command(short_help="Back up the base to one file, while it is in use.")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--without-secret", is_flag=True, help="Leave out what signs cookies and reports.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@kb_option
def backup(file: Path, without_secret: bool, overwrite: bool, kb: Place | None) -> None:
    """Back up the base to FILE: its database, its secret, and the uploads that wait for their job.

    The base is in a folder or in PostgreSQL; FILE is the same. The server and ingests go on
    meanwhile. Whoever has FILE has all that is in the base: only its
    owner may read it. With - for FILE, it is written to standard output.
    """
    from kb.settings import Settings
    from kb.upkeep.backup import back_up

    is_piped = str(file) == "-"
    if is_piped and sys.stdout.isatty():
        raise click.UsageError("Name a FILE, or send the output to one.")
    settings = Settings.from_environment(kb=kb)
    target = sys.stdout.buffer if is_piped else file
    made = back_up(settings, target, with_secret=not without_secret, overwrite=overwrite)
    click.echo(f"{file}: {_told(made)}.", err=is_piped)


@click.command(short_help="Bring a backup back.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Put aside what is there.")
@click.option(
    "--erased-from",
    metavar="DIR",
    type=PlaceName(),
    help="Erase again what was erased in this base; of what --replace replaces, it is.",
)
@kb_option
@click.pass_context
def restore(
    context: click.Context, file: Path, replace: bool, erased_from: Place | None, kb: Place | None
) -> None:
    """Bring the base back as it was when FILE was made by `quisait backup`.

    FILE is first read to its end. Stop the server before. The base is checked. One that was in a
    folder may come back in PostgreSQL, or the other way round.
    """
    from kb.settings import Settings
    from kb.upkeep.restore import restore as bring_back

    settings = Settings.from_environment(kb=kb)
    restored = bring_back(file, settings, replace=replace, erased_from=erased_from)
    click.echo(f"{settings.kb}: {_told(restored.manifest)}.")
    if restored.erased_again:
        click.echo(f"Erased again: {restored.erased_again}.")
    if restored.aside:
        click.echo(f"What was there is in {restored.aside}: delete it when you no longer need it.")
    _tell(restored.findings, "Nothing is wrong.")
    context.exit(_code(restored.findings))


@click.command(short_help="Copy the base to another folder, or between one and PostgreSQL.")
@click.argument("source", metavar="FROM", type=PlaceName())
@click.argument("target", metavar="TO", type=PlaceName())
def copy(source: Place, target: Place) -> None:
    """Copy the base FROM a folder or the address of a PostgreSQL database TO another.

    TO is an empty folder or database, or none yet. The server of FROM may go on: what is copied is
    its state of one moment. There is no base in TO before it is whole. Give passwords by PGPASSWORD
    or ~/.pgpass: others on the computer can read arguments.
    """
    from kb.settings import Settings
    from kb.upkeep.base_copy import copy_base

    copied = copy_base(*(Settings.from_environment(kb=place) for place in (source, target)))
    rows = copied.rows
    click.echo(
        f"{target}: {rows['actors']} actors, {rows['cases']} cases, {sum(rows.values())} rows in "
        f"{len(rows)} tables."
    )
    if copied.files:
        click.echo(f"Copied with it: {', '.join(copied.files)}.")


@click.command(short_help="Say what is wrong with the installation.")
@click.option(
    "--backups",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder of your backups, to see how old the newest is.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@kb_option
@click.pass_context
def doctor(context: click.Context, backups: Path | None, as_json: bool, kb: Place | None) -> None:
    """Say what is wrong with the installation: settings, computer, encoder, base, backups.

    Exits with 1 if something is wrong. Run it as the user of the server, with its settings.
    """
    from kb.upkeep.installation import Installation

    refuse = context.find_root().obj["refuse"]
    found = Installation(os.environ, kb, backups, refuse=refuse).findings()
    if as_json:
        click.echo(json.dumps([finding.plain() for finding in found], indent=2))
    else:
        _tell(found, "Nothing is wrong.")
    context.exit(_code(found))


@click.command(short_help="Look for damage, and repair what can be.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--quick", is_flag=True, help="All but vectors and the encoder: seconds.")
@click.option("--repair", is_flag=True, help="Make all that is derived anew, then check again.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@kb_option
@click.pass_context
def check(
    context: click.Context,
    file: Path | None,
    quick: bool,
    repair: bool,
    as_json: bool,
    kb: Place | None,
) -> None:
    """Look for damage: pages, texts and passages, vectors, orphans, files.

    With FILE, a backup is read to its end instead. Exits with 1 if
    something is wrong. The base may be in use meanwhile.
    """
    if file:
        if quick or repair or as_json:
            raise click.UsageError("--quick, --repair and --json are for a base, not for a FILE.")
        from kb.upkeep.backup import BackupFile

        with BackupFile(file) as backup:
            backup.verify()
        click.echo(f"{file}: {_told(backup.manifest)}. It is whole.")
        return
    from kb.settings import Settings
    from kb.upkeep.check import check_base

    found = check_base(Settings.from_environment(kb=kb), quick=quick, repair=repair)
    if as_json:
        click.echo(json.dumps([finding.plain() for finding in found], indent=2))
    else:
        _tell(found, "Nothing is wrong." if not quick else "Nothing is wrong, as far as looked at.")
    context.exit(_code(found))


def _tell(found: Sequence[Finding], nothing: str) -> None:
    for finding in found:
        click.echo(str(finding))
    if all(finding.is_note for finding in found):
        click.echo(nothing)


def _code(found: Sequence[Finding]) -> int:
    return int(any(not finding.is_note for finding in found))


def _told(made: Manifest) -> str:
    count = sum(name.startswith("uploads/") for name in made.names)
    uploads = f", {count} uploads" if count else ""
    secret = "" if made.has_secret else ", without the secret"
    return (
        f"{made.rows['actors']} actors, {made.rows['cases']} cases{uploads}{secret}; "
        f"made on {made.made_at[:16].replace('T', ' at ')} UTC"
    )
