"""The command that runs waiting jobs."""

from contextlib import closing

import click

from kb.address import Place
from kb.commands.options import kb_option


@click.command(short_help="Run waiting jobs.")
@click.option("--once", is_flag=True, help="Run one job, if one waits, and end.")
@click.option("--until-idle", is_flag=True, help="End when no job waits.")
@click.option(
    "--linger",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=0.0,
    help="With --until-idle: wait this long for another job before ending.",
)
@kb_option
def work(once: bool, until_idle: bool, linger: float, kb: Place | None) -> None:
    """Run waiting jobs, such as directories sent through the pages, and read sources again.

    `quisait serve` starts a worker automatically when a job waits. The worker runs at low priority,
    with half of the processors. It ends at a signal; its job then waits for the next worker.
    """
    import signal
    import threading

    from ingest import worker
    from kb.knowledge_base import KnowledgeBase
    from kb.log_lines import log_lines
    from kb.settings import Settings

    settings = Settings.from_environment(kb=kb)
    threads = worker.step_back()
    settings = settings.model_copy(update={"threads": min(settings.threads or threads, threads)})
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with (
        log_lines(settings.log, settings.log_level),
        closing(KnowledgeBase.open(settings)) as knowledge_base,
    ):
        if once:
            worker.run_next(knowledge_base, stopping)
        else:
            worker.work(knowledge_base, linger_s=linger if until_idle else None, stopping=stopping)
