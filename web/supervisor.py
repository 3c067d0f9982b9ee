"""Starts a worker of low priority whenever jobs wait; it ends when no job comes for a while."""

import contextlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ingest.schedule import local_time, queue_due
from kb.address import PostgresAddress
from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from web.regularly import Regularly

LOOK_EVERY_S = 1.0
LINGER_S = 60
ENDS_WITHIN_S = 7.0
_log = logging.getLogger(__name__)


def worker_command(knowledge_base: KnowledgeBase) -> list[str]:
    # -P: a folder called `web` where the server was started is not ours.
    worker = [sys.executable, "-P", "-m", "web", "work", "--until-idle", "--linger", str(LINGER_S)]
    if isinstance(knowledge_base.place, Path):
        worker += ["--kb", str(knowledge_base.place.absolute())]
    return worker


class Supervisor(Regularly):
    def __init__(self, knowledge_base: KnowledgeBase, command: Sequence[str] | None = None) -> None:
        super().__init__("supervisor", self._watch, LOOK_EVERY_S)
        self._knowledge_base = knowledge_base
        self._command = command
        self._sources_hour = Settings.from_environment().sources_hour
        self._worker: subprocess.Popen[bytes] | None = None
        self._failures = 0
        self._not_before = 0.0

    def start(self) -> None:
        if self._knowledge_base.writable:
            super().start()

    def stop(self) -> None:
        # The worker first: the thread may be waiting for a base that is locked.
        self._ending.set()
        self._end_worker()
        super().stop()
        self._end_worker()  # one that the thread was just starting

    def _end_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None or worker.poll() is not None:
            return
        worker.terminate()
        try:
            worker.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            # Its job is found to be without a worker after a while.
            worker.kill()
            worker.wait()

    def _watch(self) -> None:
        # What cannot be read or started now may be at the next look.
        with contextlib.suppress(KnowledgeBaseError, OSError):
            self._look()

    def _look(self) -> None:
        if (worker := self._worker) is not None:
            code = worker.poll()
            if code is None:
                return
            self._worker = None
            self._failures = self._failures + 1 if code else 0
            if code:
                pause = min(2.0**self._failures, 60.0)
                self._not_before = time.monotonic() + pause
                _log.warning("The worker ended with %s; the next starts in %.0f s.", code, pause)
        jobs = self._knowledge_base.jobs
        queue_due(self._knowledge_base, self._sources_hour, local_time())
        is_due = time.monotonic() >= self._not_before and jobs.waiting() and not jobs.working()
        if not is_due or self._ending.is_set():
            return
        place = self._knowledge_base.place
        # Not an argument, which everybody on a machine may read: it may hold a password.
        given = {"QUISAIT_KB": place.given} if isinstance(place, PostgresAddress) else {}
        self._worker = subprocess.Popen(
            self._command or worker_command(self._knowledge_base),
            stdin=subprocess.DEVNULL,
            # A session of its own: Ctrl-C reaches the server, which then ends its worker.
            start_new_session=True,
            env={**os.environ, **given},
        )
