"""The command `quisait personal-data`: what a person asks to see, or to have erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kb.address import Place
from kb.commands.options import kb_option, open_base

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase

# As in kb.registers.personal_data.traits and kb.editorial.personal_data, not imported for `--help`.
ERASED_KINDS = (
    "actor", "case", "draft", "notice", "answer", "flag", "hold", "subscriber", "mail", "account",
    "dossier", "job", "need",
)  # fmt: skip
BY = "command line"

KEPT = {
    "sent_mail": "to whom a mail was sent",
    "session": "a session, after its last page",
    "wrong_passwords": "wrong passwords, counted by day",
    "unconfirmed": "an address that was not confirmed",
    "failed_mail": "a mail that could not be sent",
    "job": "a job that has ended, with its report",
    "need": "a need that nothing answered",
    "searches": "the numbers of searches",
    "contact": "contacts and private answers of a need or an offer that is over",
    "silent": "the same of one that nobody closed, after its last change",
    "refused": "what moderators refused, and problems that they settled",
}

UNREACHED = {
    "aside": "which a restored backup replaced: delete it when you no longer need it.",
    "under_way": "in which a process makes a copy or a backup: look again when it is done.",
    "upload": "which goes when its job has ended, or after a day.",
}


@click.group("personal-data")
def personal_data() -> None:
    """Find what is kept of a person, and erase it."""


@personal_data.command(short_help="List everything that names TERM.")
@click.argument("term")
@kb_option
def find(term: str, kb: Place | None) -> None:
    """List everything that names TERM: a name, an e-mail address or a telephone number.

    Case, accents and the order of a name do not matter. Each line has what `erase` takes.
    """
    base = open_base(kb)
    findings = base.personal_data.find(term)
    for finding in findings:
        rows = ", ".join(f"{table}: {count}" for table, count in sorted(finding.tables.items()))
        click.echo(f"{finding.kind} {finding.id}  ({rows})")
        for excerpt in finding.excerpts:
            click.echo(f"    {excerpt}")
    if not findings:
        click.echo("Nothing here names it.", err=True)
    _name_unreached(base)


@personal_data.command(short_help="Erase a thing of KIND with this ID.")
@click.argument("kind", type=click.Choice(ERASED_KINDS))
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@kb_option
def erase(kind: str, id: str, yes: bool, kb: Place | None) -> None:
    """Erase what `find` listed, with all its traces in the files. This cannot be undone."""
    from kb.registers.personal_data.traits import PersonalKind

    base = open_base(kb)
    if not yes:
        click.confirm(f"Erase the {kind} {id} for good?", abort=True)
    base.personal_data.erase(PersonalKind(kind), id, by=BY)
    click.echo(f"The {kind} {id} is erased.")
    _name_unreached(base)


@personal_data.command("take-out", short_help="Take TERM out of every text.")
@click.argument("term")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@kb_option
def take_out(term: str, yes: bool, kb: Place | None) -> None:
    """Take a name, an address or a number out of every text, past versions among them.

    What it stood in stays, with "[…]" in its place. This cannot be undone.
    """
    base = open_base(kb)
    if not yes:
        count = len(base.personal_data.find(term))
        click.confirm(f"Take it out of {count} things for good?", abort=True)
    changed = base.personal_data.take_out(term, by=BY)
    click.echo(f"Taken out of {changed} texts.")
    _name_unreached(base)


def _name_unreached(base: KnowledgeBase) -> None:
    for what, place in base.personal_data.unreached():
        click.echo(f"Neither searched nor erased: {place}, {UNREACHED[what]}", err=True)


@personal_data.command("forget-old", short_help="Delete what is older than it is kept.")
@kb_option
def forget_old(kb: Place | None) -> None:
    """Delete what is older than it is kept. `quisait serve` does so by itself, each hour."""
    from kb.registers.personal_data.traits import Retention
    from kb.settings import Settings

    retention = Retention.of(Settings.from_environment(kb=kb))
    click.echo(f"Deleted: {open_base(kb).personal_data.forget_old(retention)}. Days kept at most:")
    for kept, days in retention.days.items():
        click.echo(f"{days:>6}  {KEPT[kept]}")
