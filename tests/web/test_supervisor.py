import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
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


@pytest.mark.slow
@pytest.mark.usefixtures("real_encoder")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_directory_is_ingested_beside_a_server_that_goes_on_answering(
    base: KnowledgeBase, tmp_path: Path, ending: signal.Signals
) -> None:
    rows = (f"f{n};Firme {n};Elle fabrique des pièces en bois de type {n}." for n in range(2000))
    path = tmp_path / "annuaire.csv"
    path.write_text("\n".join(["id;nom;activité", *rows]), encoding="utf-8")
    command = [sys.executable, "-m", "web", "serve", "--port", "0", "--kb", str(base.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        try:
            job = base.jobs.add("directory", {"path": str(path)}, by="")
            until(lambda: base.ids(Kind.ACTOR))
            found = httpx.get(f"{url}/api/search", params={"q": "pièces en bois"}).json()
        finally:
            server.send_signal(ending)
    assert found["hits"]
    # The job was not done when the search was answered: the worker ended with its server, and put
    # it back for the next; on a busy machine it is killed, and the next finds it silent.
    assert base.jobs.get(job.id).state in {JobState.QUEUED, JobState.RUNNING}
