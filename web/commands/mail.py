"""The commands `quisait mail` and `quisait digests`: the mails of the site, sent and counted.

Imports click and what is as light; the rest when a command runs.
"""

from __future__ import annotations

from contextlib import closing

import click

from kb.address import Place
from kb.commands.options import kb_option, open_base
from kb.errors import SettingsError

_NO_MAIL = "No mail can be sent: set QUISAIT_SMTP_URL, QUISAIT_MAIL_FROM and QUISAIT_PUBLIC_URL."


@click.group()
def mail() -> None:
    """Try the mail server, and look at the outbox."""


@mail.command(short_help="Send a mail to ADDRESS, to try.")
@click.argument("address")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
def test(address: str, lang: str) -> None:
    """Send a mail to ADDRESS at once, to try the settings. Exits with 1 if it is not taken."""
    from kb.registers.alerts.outbox import checked_address
    from kb.settings import Settings
    from web.http.assets import Assets
    from web.http.templating import Renderer
    from web.mail import MailServer, MailWriter, message_of

    settings = Settings.from_environment()
    server = MailServer.of(settings)
    if server is None:
        raise SettingsError(_NO_MAIL)
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


@click.group()
def digests() -> None:
    """Send the mails with news."""


@digests.command(short_help="Send the digests that are due.")
@click.option("--now", "all_now", is_flag=True, help="Send all, due or not.")
@kb_option
def send(all_now: bool, kb: Place | None) -> None:
    """Send the digests that are due, and the other mails that wait.

    `quisait serve` does so by itself: this is to try, or for a base that is not served. Nobody gets
    the same news twice, and nobody gets a mail without news.
    """
    from ingest.rereading.schedule import local_time
    from kb.knowledge_base import KnowledgeBase
    from kb.settings import Settings
    from web.alerts.digests import Digests
    from web.app import ROOM_FILTERS
    from web.http.assets import Assets
    from web.http.templating import Renderer
    from web.mail import MailSender

    settings = Settings.from_environment(kb=kb)
    if not settings.sends_mail:
        raise SettingsError(_NO_MAIL)
    with closing(KnowledgeBase.open(settings)) as base:
        renderer = Renderer(Assets(mounted_at="/static"), ROOM_FILTERS)
        queued = Digests(base, settings, renderer).queue_due(local_time(), all_now=all_now)
        sent = MailSender(base, settings).send_due()
        counts = base.outbox.counts()
    click.echo(f"Digests: {queued}. Mails sent: {sent}, waiting: {counts.waiting}.")
