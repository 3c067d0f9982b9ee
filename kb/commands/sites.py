"""The command `quisait site`: the sites that may show the search, for the server's operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.address import Place
from kb.commands.options import kb_option, open_base

if TYPE_CHECKING:
    from kb.registers.sites import Site, SiteUse


@click.group()
def site() -> None:
    """Manage the sites that embed the search."""


@site.command(short_help="Let a site embed the search.")
@click.argument("name")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    required=True,
    metavar="URL",
    help="An address of the site, for example https://www.reseau.example; can be repeated.",
)
@click.option(
    "--department", default="", metavar="CODE", help="The default department, for example 16."
)
@click.option("--theme", default="", metavar="NAME", help="The default theme.")
@click.option(
    "--per-day",
    type=int,
    metavar="NUMBER",
    help="The maximum number of searches per day (default: 20000).",
)
@kb_option
def add(
    name: str,
    origins: tuple[str, ...],
    department: str,
    theme: str,
    per_day: int | None,
    kb: Place | None,
) -> None:
    """Let the site NAME embed the search; prints its public key."""
    from kb.registers.sites import DEFAULT_PER_DAY

    per_day = DEFAULT_PER_DAY if per_day is None else per_day
    added = open_base(kb).sites.add(
        name, origins, department=department, theme=theme, per_day=per_day
    )
    click.echo(f"{added.name} can show the search. Its public key:\n{added.key}")
    _warn_of_origins_without_frame(added)


@site.command("list")
@kb_option
def list_(kb: Place | None) -> None:
    """List the sites, with their use in the last 30 days."""
    sites = open_base(kb).sites
    known = sites.list()
    for number, listed in enumerate(known):
        if number:
            click.echo()
        _print(listed, sites.use(listed.key))
    if not known:
        click.echo("There is no site yet: add one with `quisait site add`.", err=True)


@site.command(short_help="Change a site.")
@click.argument("key")
@click.option("--name", metavar="NAME", help="The new name.")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="URL",
    help="A new address, which replaces all previous ones; can be repeated.",
)
@click.option("--department", metavar="CODE", help="The new default department; '' for none.")
@click.option("--theme", metavar="NAME", help="The new default theme; '' for none.")
@click.option(
    "--per-day", type=int, metavar="NUMBER", help="The new maximum number of searches per day."
)
@kb_option
def change(
    key: str,
    name: str | None,
    origins: tuple[str, ...],
    department: str | None,
    theme: str | None,
    per_day: int | None,
    kb: Place | None,
) -> None:
    """Change the site with the public key KEY; other values stay."""
    sites = open_base(kb).sites
    known = sites.get(key)
    changed = sites.change(
        key,
        name=known.name if name is None else name,
        origins=origins or known.origins,
        department=known.department if department is None else department,
        theme=known.theme if theme is None else theme,
        per_day=known.per_day if per_day is None else per_day,
    )
    _print(changed, sites.use(key))
    _warn_of_origins_without_frame(changed)


@site.command(short_help="Switch a site off.")
@click.argument("key")
@kb_option
def disable(key: str, kb: Place | None) -> None:
    """Switch the site with the public key KEY off, until it is enabled."""
    click.echo(f"{open_base(kb).sites.disable(key).name} is switched off.")


@site.command(short_help="Switch a site on again.")
@click.argument("key")
@kb_option
def enable(key: str, kb: Place | None) -> None:
    """Switch the site with the public key KEY on again."""
    click.echo(f"{open_base(kb).sites.enable(key).name} can show the search again.")


@site.command(short_help="Delete a site and its counts.")
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do not ask.")
@kb_option
def delete(key: str, yes: bool, kb: Place | None) -> None:
    """Delete the site with the public key KEY and its counts, permanently."""
    sites = open_base(kb).sites
    known = sites.get(key)
    if not yes:
        click.confirm(f"Forget {known.name}, its key and what was counted for it?", abort=True)
    sites.delete(key)
    click.echo(f"{known.name} is forgotten.")


def _warn_of_origins_without_frame(shown: Site) -> None:
    if shown.without_frame:
        origins = ", ".join(shown.without_frame)
        click.echo(f"The frame cannot be shown at {origins}: only the widget can.", err=True)


def _print(shown: Site, use: SiteUse) -> None:
    filters = [f"department {shown.department}"] if shown.department else []
    filters += [f"theme {shown.theme}"] if shown.theme else []
    lately = use.lately
    click.echo(click.style(shown.name, bold=True) + (" (switched off)" if shown.disabled else ""))
    for label, value in (
        ("key", shown.key),
        *(("origin", origin) for origin in shown.origins),
        *([("begins with", ", ".join(filters))] if filters else []),
        ("today", f"{use.today.requests:,} of {shown.per_day:,} searches, typing included"),
        (
            "30 days",
            f"{lately.searches:,} searches, {lately.empty:,} without anything that fits, "
            f"{lately.selections:,} results opened",
        ),
    ):
        click.echo(f"{label:>11}  {value}")
