import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.registers import jobs as jobs_module
from kb.registers.jobs import JobState
from web.supervisor import Supervisor, worker_command


def until(is_so: Callable[[], object], seconds: float = 120.0) -> None:
    """Waits until something is so, which it must be in time."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


class Workers:
    """A command that writes down each start of a worker, and then does as it is told."""

    def __init__(self, folder: Path, then: str) -> None:
        self._log = folder / "workers.txt"
        self._log.touch()
        start = f"import os, sys, time; open({str(self._log)!r}, 'a').write(f'{{os.getpid()}}\\n');"
        self.command = [sys.executable, "-c", f"{start} {then}"]

    def started(self) -> list[int]:
        return [int(line) for line in self._log.read_text().splitlines()]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_is_started_when_a_job_waits_and_ended_with_the_server(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    workers = Workers(tmp_path, "time.sleep(60)")
    with closing_supervisor(base, workers) as supervisor:
        supervisor._look()
        assert workers.started() == []
        base.jobs.add("dance", {}, by="")
        supervisor._look()
        until(workers.started)
        supervisor._look()
        assert len(workers.started()) == 1
    assert not is_running(workers.started()[0])


def test_the_job_of_a_dead_worker_is_given_to_a_new_one(
    base: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "SILENCE_S", -1)
    base.jobs.add("dance", {}, by="")
    base.jobs.claim()
    workers = Workers(tmp_path, "time.sleep(60)")
    with closing_supervisor(base, workers) as supervisor:
        supervisor._look()
        until(workers.started)


@contextmanager
def closing_supervisor(base: KnowledgeBase, workers: Workers) -> Iterator[Supervisor]:
    supervisor = Supervisor(base, workers.command)
    try:
        yield supervisor
    finally:
        supervisor.stop()


def test_the_worker_it_starts_by_itself_does_the_job(
    base: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A folder of another program's, where the server happens to be started.
    (tmp_path / "web.py").write_text("raise SystemExit(7)")
    monkeypatch.chdir(tmp_path)
    job = base.jobs.add("dance", {}, by="")
    supervisor = Supervisor(base)
    supervisor.start()
    try:
        until(lambda: base.jobs.get(job.id).state is JobState.FAILED)
    finally:
        supervisor.stop()
    assert base.jobs.get(job.id).message == "this version does no jobs of the kind 'dance'"
    assert str(base.folder) in worker_command(base)
