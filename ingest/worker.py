"""The worker: does the jobs of a knowledge base; one that was left in the middle is begun again."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Self

from ingest.report import Pace, Phase
from ingest.schedule import local_time, queue_due
from ingest.uploads import tidy_uploads, upload_at, without_upload_folders
from kb.address import PostgresAddress
from kb.errors import InputError, KnowledgeBaseError, QuisaitError
from kb.knowledge_base import KnowledgeBase
from kb.registers.jobs import CONTACTS_JOB, FINAL_STATES, SOURCE_JOB, Job, JobState
from kb.remarks import Remark
from kb.settings import Settings
from kb.store.connection import ALL_ROWS

logger = logging.getLogger(__name__)
SAVED_EVERY_S = 0.5  # least time between two saves of a job's progress
BEAT_EVERY_S = 5.0  # time between two heartbeats of a job that makes no progress
LOOK_EVERY_S = 1.0
MAX_REPORTED = 500  # most items of each list of a report kept with a job
NICENESS = 10


class Stopped(Exception):
    """The job is to be cancelled, or the worker is to end: its runner goes no further."""


class Progress(Pace):
    """Progress of a job, for which a thread beats while it is open; `by` asked for it."""

    def __init__(self, knowledge_base: KnowledgeBase, job: Job, stopping: threading.Event) -> None:
        super().__init__()
        self.by = job.created_by
        self.goes_on = True
        self._base = knowledge_base
        self._job_id = job.id
        self._stopping = stopping
        self._saved_at = 0.0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep_beating, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._closed.set()
        self._thread.join()

    @property
    def is_ending(self) -> bool:
        return self._stopping.is_set()

    def at(self, phase: Phase, file: str) -> None:
        super().at(phase, without_upload_folders(self._base.folder, file))

    def advance(self, count: int = 1) -> None:
        super().advance(count)
        if time.monotonic() - self._saved_at >= SAVED_EVERY_S:
            self.save()
        if self.is_ending or not self.goes_on:
            raise Stopped

    def save(self) -> None:
        self._saved_at = time.monotonic()
        total = max(self.total, self.done) if self.total else 0
        place = self.file, self.phase.value if self.file else "", self.per_second
        try:
            self.goes_on &= self._base.jobs.beat(self._job_id, self.done, total, *place)
        except KnowledgeBaseError as error:
            # A base that is locked for long now need not be at the next beat.
            logger.info("Job %s: %s", self._job_id, error)
        if line := self.due_line():
            logger.info("Job %s: %s", self._job_id, line)

    def _keep_beating(self) -> None:
        while not self._closed.wait(BEAT_EVERY_S):
            self.save()


Report = Mapping[str, object]
Runner = Callable[[KnowledgeBase, Mapping[str, str], Progress], Report]


def _directory(base: KnowledgeBase, given: Mapping[str, str], progress: Progress) -> Report:
    """Reads a directory of actors: its `path`, its `source`, and as JSON its `mapping`, if any."""
    from ingest.pipeline import ingest
    from ingest.reading import count_of

    with upload_at(base, given["path"]) as path:
        progress.total = count_of(path)
        source, choices = given.get("source", ""), json.loads(given.get("mapping") or "{}")
        report = ingest(
            base, [path], watch=progress, by=progress.by, source=source, choices=choices
        )
    if isinstance(base.place, PostgresAddress):
        # Nobody else has the server make its index, once there are many: a process saves its own.
        base.save_index(lambda: not progress.is_ending)
    return asdict(report)


def _articles(base: KnowledgeBase, given: Mapping[str, str], progress: Progress) -> Report:
    """Drafts articles: lists `paths`, `texts`, `urls` in JSON, or a feed's `url`."""
    from ingest.article_intake import ArticleIntake
    from ingest.submission import Submissions

    submitted = bool(given.get("submitted", "yes"))
    submissions = Submissions.from_settings(
        base, Settings.from_environment(), by=progress.by, submitted=submitted
    )
    intake = ArticleIntake(base, submissions, watch=progress)
    texts, paths, urls = (json.loads(given.get(name, "[]")) for name in ("texts", "paths", "urls"))
    progress.expect(len(texts) + len(paths) + len(urls))
    for upload in (*texts, *paths):
        with upload_at(base, upload) as path:
            progress.at(Phase.READING, path.name)
            if upload in texts:
                intake.take_text(path.read_bytes().decode(), path.name)
            else:
                intake.take_file(path, path.name)
    for url in urls:
        progress.at(Phase.READING, url)
        intake.take_url(url)
    if feed := given.get("url"):
        progress.at(Phase.READING, feed)
        intake.take_feed(feed)
    return asdict(intake.report)


def _source(base: KnowledgeBase, given: Mapping[str, str], progress: Progress) -> Report:
    from ingest.source_reading import SourceReading, directory_fetcher
    from ingest.submission import Submissions

    settings = Settings.from_environment()
    submissions = Submissions.from_settings(base, settings, by=progress.by)
    reading = SourceReading(base, submissions, directory_fetcher(settings), progress)
    try:
        return asdict(reading.read(given["source"]))
    except (QuisaitError, OSError, Stopped):
        raise
    except Exception as error:
        base.source_locations.failed(given["source"], _line_of(error))
        raise


def _contacts(base: KnowledgeBase, given: Mapping[str, str], progress: Progress) -> Report:
    """Carries out who was chosen to see contacts, those of `source` and of any other."""
    progress.total = dict(base.claims.sources()).get(given["source"], 0)
    base.finish_choices(progress.advance)
    return {"changed": progress.done}


RUNNERS: dict[str, Runner] = {
    "directory": _directory,
    "articles": _articles,
    "feed": _articles,
    SOURCE_JOB: _source,
    CONTACTS_JOB: _contacts,
}


def work(
    knowledge_base: KnowledgeBase,
    *,
    linger_s: float | None,
    stopping: threading.Event,
    clock: Callable[[], datetime] = local_time,
) -> None:
    """Does job after job, until none has come for `linger_s` seconds or `stopping` is set."""
    tidy(knowledge_base)
    hour = Settings.from_environment().sources_hour
    idle_since = time.monotonic()
    while not stopping.is_set():
        queue_due(knowledge_base, hour, clock())
        if run_next(knowledge_base, stopping):
            idle_since = time.monotonic()
        elif linger_s is not None and time.monotonic() - idle_since >= linger_s:
            return
        else:
            stopping.wait(LOOK_EVERY_S)


def run_next(
    knowledge_base: KnowledgeBase, stopping: threading.Event | None = None, *, only: str = ""
) -> bool:
    """Does the oldest waiting job, or `only` that; queues it again once `stopping` is set."""
    jobs = knowledge_base.jobs
    if (job := jobs.claim(only)) is None:
        return False
    stopping = stopping or threading.Event()
    state, report, message = JobState.DONE, dict[str, object](), ""
    with Progress(knowledge_base, job, stopping) as progress:
        try:
            report = dict(_runner(job.kind)(knowledge_base, job.parameters, progress))
            progress.total = progress.done
        except Stopped:
            state = JobState.CANCELLED
        except (QuisaitError, OSError) as error:
            state, message = JobState.FAILED, str(error)
        except Exception as error:
            logger.exception("Job %s (%s) failed", job.id, job.kind)
            state, message = JobState.FAILED, _line_of(error)
        progress.save()
    if state is JobState.CANCELLED and progress.goes_on:
        jobs.release(job.id)
    else:
        # Where uploads lie on this machine is nobody's concern.
        kept = json.dumps([_shortened(report), " ".join(message.split())], ensure_ascii=False)
        jobs.finish(job.id, state, *json.loads(without_upload_folders(knowledge_base.folder, kept)))
        tidy(knowledge_base)
    return True


def tidy(knowledge_base: KnowledgeBase) -> None:
    """Deletes uploads without a waiting job; a pasted text that made no draft stays for a day."""
    wanted: list[str] = []
    done_with: list[str] = []
    for job in knowledge_base.jobs.list(limit=ALL_ROWS):
        if job.state not in FINAL_STATES:
            wanted.extend(job.parameters.values())
        elif not is_text_without_draft(job):
            done_with.extend(job.parameters.values())
    tidy_uploads(knowledge_base, wanted, done_with)


def is_text_without_draft(job: Job) -> bool:
    is_over = job.state in FINAL_STATES
    made = job.report.get("drafts") or job.report.get("known")
    return is_over and "texts" in job.parameters and not made


def step_back() -> int:
    """Lowers this process's priority; returns how many threads its encoder may take, half."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    return max(1, (os.cpu_count() or 1) // 2)


def _line_of(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _runner(kind: str) -> Runner:
    if kind not in RUNNERS:
        raise InputError("unknown_job", kind=kind)
    return RUNNERS[kind]


def _shortened(report: Mapping[str, object]) -> dict[str, object]:
    more: dict[str, int] = {}
    plain: dict[str, object] = {}
    for name, value in report.items():
        plain[name] = value
        if isinstance(value, list):
            if len(value) > MAX_REPORTED:
                more[name] = len(value) - MAX_REPORTED
            plain[name] = [
                {**item, "remark": item["reason"].parts()}
                if isinstance(item, dict) and isinstance(item.get("reason"), Remark)
                else item
                for item in value[:MAX_REPORTED]
            ]
    shortened: dict[str, object] = json.loads(json.dumps(plain, default=str))
    return {**shortened, "more": more} if more else shortened
