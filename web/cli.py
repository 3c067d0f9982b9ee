"""The command `quisait`, and the verbs of this room; imports nothing heavy before they run."""

from __future__ import annotations

import os
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import ingest.commands
import kb.commands
from kb.address import Place
from kb.commands.options import kb_option, near_option, open_base, within_option
from kb.errors import FileError, KnowledgeBaseError, QuisaitError, SettingsError

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase
    from kb.settings import Settings

# NumPy's own threads slow small products down on a busy machine; read at its first import.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class Rooms(click.Group):
    """A group that prints foreseen errors in one line, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except QuisaitError as error:
            click.echo(f"quisait: {error}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            ctx.exit(130)  # 128 + SIGINT, as shells expect


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="quisait", prog_name="quisait")
@kb_option
@click.pass_context
def main(context: click.Context, kb: Place | None) -> None:
    """Qui sait faire ? A knowledge base and search of what organisations know how to do."""
    context.obj = {"kb": kb, "refuse": _refuse}


def _refuse(settings: Settings) -> None:
    """Refuses settings with which the server does not start, for `quisait doctor`."""
    from web.app import refuse_taken_path

    refuse_taken_path(settings)


_M_ARENA_MAX = -8  # <malloc.h>


@click.command()
@kb_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on; 0 chooses a free port.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="How many equal processes answer requests; 1 by default.",
)
@click.option("--access-log", is_flag=True, help="Log each request, without its words.")
def serve(kb: Place | None, host: str, port: int, workers: int | None, access_log: bool) -> None:
    """Serve the pages and the JSON API."""
    import gc

    from kb.settings import Settings

    share_arenas()
    gc.disable()  # until all is loaded
    click.get_current_context().call_on_close(gc.enable)
    settings = Settings.from_environment(kb=kb, workers=workers)

    from kb.log_lines import log_lines
    from web import server
    from web.operations.serving import end_in_time

    try:
        with log_lines(settings.log, settings.log_level):
            server.serve(settings, host, port, access_log=access_log, on_ending=end_in_time)
    finally:
        # Python would look through millions of objects for cycles, for seconds, before it ends.
        gc.freeze()


def share_arenas() -> None:
    """Has all threads share two arenas of memory: each keeps what it once had."""
    import ctypes

    if "MALLOC_ARENA_MAX" not in os.environ:
        os.environ["MALLOC_ARENA_MAX"] = "2"  # of processes that are yet to start
        with suppress(AttributeError, OSError, TypeError):  # another C library
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


@click.command(short_help="Answer an assistant over standard input and output.")
@kb_option
def mcp(kb: Place | None) -> None:
    """Answer an assistant that starts this command, in the Model Context Protocol.

    It searches the knowledge base as a visitor, or, with QUISAIT_MCP_TOKEN, as the account of that
    token. Assistants that connect over HTTP find the same at /mcp of a site (`quisait serve`).
    """
    from kb.settings import Settings
    from web.mcp.server import serve_stdio

    serve_stdio(Settings.from_environment(kb=kb))


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
    from web.http.security.cookies import NoSecret, site_secret

    try:
        return site_secret(settings, base)
    except NoSecret:
        raise KnowledgeBaseError(
            f"Nothing can be signed off: no secret can be kept in {settings.kb}. Set "
            "QUISAIT_SECRET to 32 random characters or more."
        ) from None


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
    from web.http.templating import Assets, Renderer
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
    from ingest.schedule import local_time
    from kb.knowledge_base import KnowledgeBase
    from kb.settings import Settings
    from web.alerts.digests import Digests
    from web.app import ROOM_FILTERS
    from web.http.templating import Assets, Renderer
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


OWN: list[click.Command] = [serve, report, mcp, mail, digests]
for command in (*kb.commands.COMMANDS, *ingest.commands.COMMANDS, *OWN):
    main.add_command(command)
