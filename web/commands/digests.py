"""The command `quisait digests`: the mails with news, as they are due, or at once to try.

Imports click and what is as light; the rest when a command runs.
"""

from __future__ import annotations

import click

from kb.address import Place
from kb.commands.options import kb_option


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
    from ingest.schedule import local_time
    from kb.errors import SettingsError
    from kb.knowledge_base import KnowledgeBase
    from kb.settings import Settings
    from web.alerts.digests import Digests
    from web.app import ROOM_FILTERS
    from web.http.assets import Assets
    from web.http.templating import Renderer
    from web.mail import MailSender

    settings = Settings.from_environment(kb=kb)
    if not settings.sends_mail:
        raise SettingsError(
            "No mail can be sent: set QUISAIT_SMTP_URL, QUISAIT_MAIL_FROM and QUISAIT_PUBLIC_URL."
        )
    base = KnowledgeBase.open(settings)
    try:
        renderer = Renderer(Assets(mounted_at="/static"), ROOM_FILTERS)
        queued = Digests(base, settings, renderer).queue_due(local_time(), all_now=all_now)
        sent = MailSender(base, settings).send_due()
        counts = base.outbox.counts()
    finally:
        base.close()
    click.echo(f"Digests: {queued}. Mails sent: {sent}, waiting: {counts.waiting}.")
