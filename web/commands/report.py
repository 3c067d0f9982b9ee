"""The verb `report`: records a search in a file signed with the secret of the base.

Here and not beside `search`, because the secret is kept in this room.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.address import Place
from kb.commands.options import kb_option, near_option, within_option

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase
    from kb.search.results import Filters, Steering
    from kb.settings import Settings


@click.command(short_help="Record a search for QUERY in a signed report.")
@click.argument("query", nargs=-1)
@click.option(
    "--department", default="", metavar="CODE", help="Only this department, for example 16."
)
@click.option("--theme", default="", metavar="NAME", help="Only actors with this theme.")
@near_option
@within_option
@click.option(
    "--like",
    multiple=True,
    metavar="ID",
    help="The id of an example: prefer actors with a similar trade. Can be repeated.",
)
@click.option(
    "--unlike",
    multiple=True,
    metavar="ID",
    help="The id of an actor to leave out; its trade counts against others. Can be repeated.",
)
@click.option("--no-wording", is_flag=True, help="Do not ask the language model, if one is set.")
@click.option(
    "--lang",
    type=click.Choice(["fr", "en"]),
    default="en",
    show_default=True,
    help="Language of the cases, if they exist in several, and of a CSV.",
)
@click.option("--format", type=click.Choice(["json", "csv"]), default="json", show_default=True)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the report to FILE (default: print it).",
)
@click.option(
    "--verify",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Check that FILE is an unchanged report of this base.",
)
@kb_option
def report(
    query: tuple[str, ...],
    department: str,
    theme: str,
    near: str,
    within: int,
    like: tuple[str, ...],
    unlike: tuple[str, ...],
    no_wording: bool,
    lang: str,
    format: str,
    out: Path | None,
    verify: Path | None,
    kb: Place | None,
) -> None:
    """Record a search for QUERY: the query, the state of the base, and every candidate.

    The report lists every actor that the filters keep, in order, with the parts of its score. It is
    signed: later, --verify checks with the secret of the base that a JSON or CSV file comes from
    this base and was not changed. Exits with 1 if the check fails.
    """
    from kb.search.filters import filters_near
    from kb.search.results import Steering
    from kb.settings import Settings

    if bool(query) == bool(verify):
        raise click.UsageError("Give a QUERY to report on, or a FILE to --verify.")
    settings = Settings.from_environment(kb=kb)
    if verify:
        _verify(verify, settings)
    else:
        filters = filters_near(department, theme, near, within)
        steering = Steering(like, unlike, worded=not no_wording)
        _report(" ".join(query), filters, steering, lang, format, out, settings)


def _report(
    query: str,
    filters: Filters,
    steering: Steering,
    lang: str,
    format: str,
    out: Path | None,
    settings: Settings,
) -> None:
    from kb.errors import FileError
    from kb.explanation.report_files import ReportFormat, as_csv, as_json
    from kb.knowledge_base import KnowledgeBase

    base = KnowledgeBase.open(settings)
    try:
        key = _key(settings, base)
        steering = _known(base, steering)
        made = base.report(query, filters=filters, lang=lang, steering=steering)
    finally:
        base.close()
    written = as_json(made, key) if format == ReportFormat.JSON else as_csv(made, key, lang)
    if out is None:
        click.echo(written, nl=False)
        return
    try:
        out.write_bytes(written)
    except OSError as error:
        raise FileError(f"{out} cannot be written: {error.strerror}.") from None
    click.echo(f"{len(made.hits)} candidates written to {out}.")


def _known(base: KnowledgeBase, steering: Steering) -> Steering:
    """Returns the steering by known actors; refuses unknown ids, which may be mistyped."""
    from dataclasses import replace

    from kb.errors import FileError

    liked, unliked = (
        tuple(dict.fromkeys(base.actor(id_).id for id_ in ids))
        for ids in (steering.like, steering.unlike)
    )
    for id_ in liked:
        if id_ in unliked:
            raise FileError(f"{id_} is given with --like and with --unlike; choose one of them.")
    return replace(steering, like=liked, unlike=unliked)


def _verify(file: Path, settings: Settings) -> None:
    from kb.errors import FileError
    from kb.explanation.report_files import verify
    from kb.knowledge_base import KnowledgeBase

    with closing(KnowledgeBase.open(settings)) as base:
        key = _key(settings, base)
    try:
        written = file.read_bytes()
    except OSError as error:
        raise FileError(f"{file} cannot be read: {error.strerror}.") from None
    if not verify(written, key):
        raise FileError(
            f"{file} is no report that was given out with this base's secret, or it was changed."
        )
    click.echo(f"{file} was given out with this base's secret, and says what it said then.")


def _key(settings: Settings, base: KnowledgeBase) -> str:
    from kb.errors import KnowledgeBaseError
    from web.http.security.secret import NoSecret, site_secret

    try:
        return site_secret(settings, base)
    except NoSecret:
        raise KnowledgeBaseError(
            f"Nothing can be signed off: no secret can be kept in {settings.kb}. Set "
            "QUISAIT_SECRET to 32 random characters or more."
        ) from None
