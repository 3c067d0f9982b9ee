"""The command `quisait mail`: whether mails can be sent, and which were not.

Imports click and what is as light; the rest when a command runs.
"""

from __future__ import annotations

import click

from kb.address import Place
from kb.commands.options import kb_option, open_base


@click.group()
def mail() -> None:
    """Try the mail server, and look at the outbox."""


@mail.command(short_help="Send a mail to ADDRESS, to try.")
@click.argument("address")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
def test(address: str, lang: str) -> None:
    """Send a mail to ADDRESS at once, to try the settings. Exits with 1 if it is not taken."""
    from kb.errors import SettingsError
    from kb.registers.alerts.outbox import checked_address
    from kb.settings import Settings
    from web.http.assets import Assets
    from web.http.templating import Renderer
    from web.mail import MailServer, MailWriter, message_of

    settings = Settings.from_environment()
    server = MailServer.of(settings)
    if server is None:
        raise SettingsError(
            "No mail can be sent: set QUISAIT_SMTP_URL, QUISAIT_MAIL_FROM and QUISAIT_PUBLIC_URL."
        )
    writer = MailWriter(Renderer(Assets(mounted_at="/static")), settings)
    written = writer.write("mail/test", lang, recipient=checked_address(address), purpose="test")
    with server.connected() as connection:
        server.deliver(connection, message_of(written, settings.mail_from))
    click.echo(f"{server.host} took a mail for {written.recipient}.")


@mail.command()
@kb_option
def status(kb: Place | None) -> None:
    """Count the mails of the outbox, and list those that were not sent."""
    outbox = open_base(kb).outbox
    counts = outbox.counts()
    click.echo(
        f"{counts.waiting} waiting, {counts.sent} sent in 24 hours, {counts.failed} not sent"
    )
    for failure in outbox.failures():
        click.echo(f"{failure.queued_at}  {failure.mail.recipient}  {failure.problem}")
