"""The sources of actors: who sees the contacts of each, and the options that choose it."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb.commands.options import kb_option, open_base

if TYPE_CHECKING:
    from kb.reference.visibility import Visibility

_SEEN_BY = click.Choice(["public", "members", "none"])


def seen_by_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options `--contacts` and `--persons` to a command."""
    persons = click.option(
        "--persons",
        type=_SEEN_BY,
        default=None,
        help="The same for contacts of persons: their names, and e-mail addresses and mobile "
        "numbers that are theirs (at first: none).",
    )
    contacts = click.option(
        "--contacts",
        type=_SEEN_BY,
        default=None,
        help="Who sees the telephones, e-mail addresses and streets of this source: everybody, "
        "those who are signed in, or nobody; what nobody sees is not kept (at first: public). "
        "Remembered for the source.",
    )
    return contacts(persons(command))


def seen_by(contacts: str | None, persons: str | None) -> "dict[str, Visibility]":
    """Returns what was chosen, by what `kb.reference.visibility.ContactChoice` says of it."""
    from kb.reference.visibility import Visibility

    chosen = {"organisations": contacts, "persons": persons}
    return {of: Visibility(given) for of, given in chosen.items() if given}


@click.command()
@click.argument("source", metavar="[SOURCE]", default="")
@seen_by_options
@kb_option
def sources(source: str, contacts: str | None, persons: str | None, kb: Path | None) -> None:
    """List the sources of actors, or choose who sees the contacts of one.

    A choice holds at once, wherever contacts are shown. With none, the contacts that are known from
    SOURCE are forgotten: only another ingest brings them back.
    """
    from dataclasses import replace

    from kb.errors import InputError

    chosen = seen_by(contacts, persons)
    with closing(open_base(kb)) as base:
        known = dict(base.claims.sources())
        if source:
            if source not in known:
                raise InputError("unknown_source", name=source)
            before = base.contact_choices.of(source)
            base.choose_contacts(source, replace(before, **chosen))
        elif chosen:
            raise click.UsageError("Name the source that is meant.")
        for name, count in known.items():
            if source in {"", name}:
                choice = base.contact_choices.of(name)
                click.echo(
                    f"{name or '(unnamed)'}: {count:,} {'actor' if count == 1 else 'actors'}; "
                    f"contacts: {choice.organisations}; persons: {choice.persons}"
                )
