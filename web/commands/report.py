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
from kb.errors import FileError, KnowledgeBaseError

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase
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
    from kb.explanation import report_files
    from kb.knowledge_base import KnowledgeBase
    from kb.search.filters import filters_near
    from kb.search.results import Steering
    from kb.settings import Settings

    if bool(query) == bool(verify):
        raise click.UsageError("Give a QUERY to report on, or a FILE to --verify.")
    settings = Settings.from_environment(kb=kb)
    with closing(KnowledgeBase.open(settings)) as base:
        key = _key(settings, base)
        if verify:
            _verify(verify, key)
            return
        liked, unliked = _known(base, like), _known(base, unlike)
        if both := sorted(set(liked) & set(unliked)):
            raise FileError(
                f"{both[0]} is given with --like and with --unlike; choose one of them."
            )
        made = base.report(
            " ".join(query),
            filters=filters_near(department, theme, near, within),
            lang=lang,
            steering=Steering(liked, unliked, worded=not no_wording),
        )
    as_csv = format == report_files.ReportFormat.CSV
    written = report_files.as_csv(made, key, lang) if as_csv else report_files.as_json(made, key)
    if out is None:
        click.echo(written, nl=False)
        return
    try:
        out.write_bytes(written)
    except OSError as error:
        raise FileError(f"{out} cannot be written: {error.strerror}.") from None
    click.echo(f"{len(made.hits)} candidates written to {out}.")


def _known(base: KnowledgeBase, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the ids of known actors, each once; refuses others, which may be mistyped."""
    return tuple(dict.fromkeys(base.actor(id_).id for id_ in ids))


def _verify(file: Path, key: str) -> None:
    from kb.explanation.report_files import verify

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
    from web.http.security.secret import NoSecret, site_secret

    try:
        return site_secret(settings, base)
    except NoSecret:
        raise KnowledgeBaseError(
            f"Nothing can be signed off: no secret can be kept in {settings.kb}. Set "
            "QUISAIT_SECRET to 32 random characters or more."
        ) from None
