"""The command `quisait user`: accounts, the first of them too, for the server's operator."""

from __future__ import annotations

import sys
from contextlib import suppress

import click

from kb.address import Place
from kb.commands.options import kb_option, open_base

# As in kb.registers.accounts, which is not imported for `--help`.
ACCOUNT_ROLES = ("holder", "contributor", "moderator", "administrator")

_password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, for scripts."
)
_role_type = click.Choice(ACCOUNT_ROLES)
_COUNTED = """
Count searches, to see which needs the catalogue does not answer? Kept are numbers by day, and the
words of a need that nothing answered on {threshold} different days, for {days} days; never who
searched. The privacy page tells visitors; the dashboard changes it."""


def _asked_password(*, from_stdin: bool) -> str:
    """The password, typed twice and not shown; never an argument, which others could see."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt="Once more")
    return password


@click.group()
def user() -> None:
    """Manage accounts and their roles."""


@user.command()
@click.argument("name")
@click.option("--role", type=_role_type, default="contributor", show_default=True)
@click.option(
    "--email", default="", metavar="ADDRESS", help="Where links for a new password are sent."
)
@_password_option
@kb_option
def add(name: str, role: str, email: str, password_stdin: bool, kb: Place | None) -> None:
    """Create the account NAME; asks for its password."""
    from kb.registers.accounts import AccountRole
    from kb.registers.alerts.outbox import checked_address

    email = checked_address(email) if email else ""
    base = open_base(kb, create=True)
    accounts, demand = base.accounts, base.demand
    account = accounts.add(name, _asked_password(from_stdin=password_stdin), AccountRole(role))
    if email:
        accounts.set_email(name, email)
    click.echo(f"{account.name} can sign in as {account.role}.")
    may_choose = account.role is AccountRole.ADMINISTRATOR and not demand.choice().at
    if may_choose and not password_stdin:
        kept = _COUNTED.format(threshold=demand.THRESHOLD_DAYS, days=demand.NEED_DAYS)
        with suppress(click.Abort):  # no answer leaves it to the dashboard
            demand.choose(counted=click.confirm(kept, default=False), by=account.name)


@user.command("list")
@kb_option
def list_(kb: Place | None) -> None:
    """List the accounts with their roles."""
    accounts = open_base(kb).accounts.list()
    for account in accounts:
        click.echo(
            f"{account.role:<13}  {account.created_at[:10]}  {account.name}"
            + (" (disabled)" if account.disabled else "")
        )
    if not accounts:
        click.echo("There is no account yet: make one with `quisait user add`.", err=True)


@user.command("role")
@click.argument("name")
@click.argument("role", type=_role_type)
@kb_option
def change_role(name: str, role: str, kb: Place | None) -> None:
    """Change the role of the account NAME; ends its sessions and its API tokens."""
    from kb.registers.accounts import AccountRole

    account = open_base(kb).accounts.set_role(name, AccountRole(role))
    click.echo(f"{account.name} is {account.role} now.")


@user.command("password", short_help="Change the password of NAME.")
@click.argument("name")
@_password_option
@kb_option
def change_password(name: str, password_stdin: bool, kb: Place | None) -> None:
    """Change the password of the account NAME; ends its sessions and its API tokens."""
    accounts = open_base(kb).accounts
    accounts.get(name)  # refuses an unknown name before it asks for a password
    account = accounts.set_password(name, _asked_password(from_stdin=password_stdin))
    click.echo(f"{account.name} has another password; its sessions and API tokens are ended.")


@user.command("email")
@click.argument("name")
@click.argument("address")
@kb_option
def change_email(name: str, address: str, kb: Place | None) -> None:
    """Change the e-mail address of the account NAME."""
    from kb.registers.alerts.outbox import checked_address

    account = open_base(kb).accounts.set_email(name, checked_address(address))
    click.echo(f"{account.name} gets links for a new password at {account.email} now.")


@user.command()
@click.argument("name")
@kb_option
def sessions(name: str, kb: Place | None) -> None:
    """List the browsers in which NAME is signed in."""
    base = open_base(kb)
    found = base.sessions.of_account(base.accounts.get(name))
    for session in found:
        click.echo(
            f"{session.handle}  signed in {session.created_at[:10]}  last seen {session.seen_on}"
            f"  {session.device or 'unknown browser'}"
        )
    if not found:
        click.echo(f"{name} is signed in nowhere.", err=True)


@user.command("sign-out")
@click.argument("name")
@kb_option
def sign_out(name: str, kb: Place | None) -> None:
    """Sign NAME out everywhere; its API tokens stay valid."""
    account = open_base(kb).accounts.end_sessions(name)
    click.echo(f"{account.name} is signed out everywhere.")


@user.command()
@click.argument("name")
@kb_option
def tokens(name: str, kb: Place | None) -> None:
    """List the API tokens of NAME."""
    found = open_base(kb).accounts.tokens(name)
    for token in found:
        used = f"last used {token.used_at[:10]}" if token.used_at else "never used"
        until = f"valid until {token.expires_on}" if token.expires_on else "valid until revoked"
        click.echo(
            f"{token.handle}  created {token.created_at[:10]}  {used}  {until}  {token.label}"
        )
    if not found:
        click.echo(f"{name} has no API token.", err=True)


@user.command()
@click.argument("name")
@click.argument("token", required=False)
@click.option("--all", "all_", is_flag=True, help="Revoke all its tokens.")
@kb_option
def revoke(name: str, token: str | None, all_: bool, kb: Place | None) -> None:
    """Revoke an API token of NAME: TOKEN is what `quisait user tokens` lists first, or --all."""
    if all_ == (token is not None):
        raise click.UsageError("Name one token, or give --all.")
    accounts = open_base(kb).accounts
    if token is not None:
        accounts.revoke_token(name, token)
    count = 1 if token is not None else accounts.revoke_tokens(name)
    click.echo(f"Revoked of {accounts.get(name).name}: {count} API token{'s' * (count != 1)}.")


@user.command(short_help="Sign NAME out and block it.")
@click.argument("name")
@kb_option
def disable(name: str, kb: Place | None) -> None:
    """Sign the account NAME out, revoke its tokens, and block it."""
    account = open_base(kb).accounts.disable(name)
    click.echo(f"{account.name} is disabled.")


@user.command()
@click.argument("name")
@kb_option
def enable(name: str, kb: Place | None) -> None:
    """Let the account NAME sign in again."""
    account = open_base(kb).accounts.enable(name)
    click.echo(f"{account.name} can sign in again, as {account.role}.")
