import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.registers import jobs as jobs_module
from kb.registers.jobs import JobState
from web import supervisor as module
from web.supervisor import Supervisor, worker_command


def until(is_so: Callable[[], object], seconds: float = 120.0) -> None:
    """Waits until something is so, which it must be in time."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


class Looks:
    """Counts how often supervisors have looked for jobs."""

    def __init__(self) -> None:
        self.count = 0

    def wait_for_more(self) -> None:
        """Waits until a look has begun and ended after this call."""
        before = self.count
        until(lambda: self.count >= before + 2)


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.02)
    look, looks = Supervisor._look, Looks()

    def counted(supervisor: Supervisor) -> None:
        try:
            look(supervisor)
        finally:
            looks.count += 1

    monkeypatch.setattr(Supervisor, "_look", counted)
    return looks


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


@pytest.fixture
def supervise(base: KnowledgeBase) -> Iterator[Callable[[Workers], Supervisor]]:
    started: list[Supervisor] = []

    def start(workers: Workers) -> Supervisor:
        supervisor = Supervisor(base, workers.command)
        supervisor.start()
        started.append(supervisor)
        return supervisor

    yield start
    for supervisor in started:
        supervisor.stop()


Supervise = Callable[[Workers], Supervisor]


def test_a_worker_is_started_when_a_job_waits_and_not_before(
    base: KnowledgeBase, supervise: Supervise, tmp_path: Path, looks: Looks
) -> None:
    workers = Workers(tmp_path, "time.sleep(60)")
    supervise(workers)
    looks.wait_for_more()
    assert workers.started() == []
    base.jobs.add("dance", {}, by="")
    until(workers.started)
    looks.wait_for_more()
    assert len(workers.started()) == 1


def test_it_is_ended_with_the_server(
    base: KnowledgeBase, supervise: Supervise, tmp_path: Path
) -> None:
    workers = Workers(tmp_path, "time.sleep(60)")
    supervisor = supervise(workers)
    base.jobs.add("dance", {}, by="")
    until(workers.started)
    supervisor.stop()
    assert not is_running(workers.started()[0])


def test_the_job_of_a_dead_worker_is_given_to_a_new_one(
    base: KnowledgeBase, supervise: Supervise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "SILENCE_S", 0.1)
    base.jobs.add("dance", {}, by="")
    base.jobs.claim()
    workers = Workers(tmp_path, "time.sleep(60)")
    supervise(workers)
    until(workers.started)


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
