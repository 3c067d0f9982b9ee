import io
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ingest import worker as module
from ingest.pipeline import BATCH_RECORDS
from ingest.uploads import keep_upload
from ingest.worker import RUNNERS, Progress, run_next, work
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.registers.jobs import JobState
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder

ROOT = Path(__file__).parents[2]


def directory(folder: Path, rows: int, name: str = "annuaire.csv") -> Path:
    lines = [
        "id;nom;activité",
        *(f"f{n};Firme {n};Elle fabrique la pièce {n}." for n in range(rows)),
    ]
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def until(is_so: Callable[[], object], seconds: float = 120.0) -> None:
    """Waits until something is so, which it must be in time."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Callable[[module.Runner], None]:
    """Gives jobs of the kind "test" something that does them."""
    return lambda run: monkeypatch.setitem(RUNNERS, "test", run)


def test_a_directory_is_ingested_and_its_report_kept(base: KnowledgeBase, tmp_path: Path) -> None:
    path = directory(tmp_path, 3)
    path.write_text(path.read_text() + "f9;;Sans nom.\n")
    job = base.jobs.add("directory", {"path": str(path)}, by="léa")
    assert run_next(base)
    done = base.jobs.get(job.id)
    assert done.state is JobState.DONE
    assert (done.done, done.total) == (4, 4)
    assert done.report["added"] == 3
    failures = done.report["failures"]
    assert isinstance(failures, list)
    assert [failure["row"] for failure in failures] == [5]
    assert base.ids(Kind.ACTOR) == {"f0", "f1", "f2"}
    assert not run_next(base)


def test_a_directory_is_of_its_source_and_read_as_its_mapping_says(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    path = tmp_path / "annuaire.csv"
    path.write_text("nom;truc\nAvel;Elle fabrique des cirages.\n", encoding="utf-8")
    parameters = {
        "path": str(path),
        "source": "CCI",
        "mapping": json.dumps({"truc": "description"}),
    }
    base.jobs.add("directory", parameters, by="léa")
    run_next(base)
    (actor,) = base.actors()
    assert actor.description == "Elle fabrique des cirages."
    assert {statement.source for statement in base.claims.of(actor.id)} == {"CCI"}
    assert base.history(Kind.ACTOR, actor.id)[0].by == "léa"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InputError("missing_path", path="a.csv,\nb.csv"), "a.csv, b.csv does not exist"),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
    ],
)
def test_whatever_goes_wrong_is_told_and_the_next_job_done(
    base: KnowledgeBase,
    runner: Callable[[module.Runner], None],
    error: Exception,
    message: str,
) -> None:
    def run(_: KnowledgeBase, parameters: Mapping[str, str], __: Progress) -> dict[str, object]:
        if "fail" in parameters:
            raise error
        return {"done": "well"}

    runner(run)
    first, second = base.jobs.add("test", {"fail": ""}, by=""), base.jobs.add("test", {}, by="")
    work(base, linger_s=0, stopping=threading.Event())
    assert base.jobs.get(first.id).state is JobState.FAILED
    assert base.jobs.get(first.id).message == message
    assert base.jobs.get(second.id).report == {"done": "well"}


def test_progress_is_written_down_while_a_job_runs(
    base: KnowledgeBase,
    runner: Callable[[module.Runner], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SAVED_EVERY_S", 0.0)
    seen = []

    def run(base: KnowledgeBase, _: Mapping[str, str], progress: Progress) -> dict[str, object]:
        assert progress.by == "léa"
        progress.total = 2
        for _number in range(3):
            progress.advance()
            (job,) = base.jobs.list()
            seen.append((job.state, job.done, job.total))
        return {}

    runner(run)
    base.jobs.add("test", {}, by="léa")
    run_next(base)
    # A total that was estimated too low never shows more done than there is.
    assert seen == [(JobState.RUNNING, 1, 2), (JobState.RUNNING, 2, 2), (JobState.RUNNING, 3, 3)]


def test_a_cancelled_job_stops_and_leaves_what_was_done(
    base: KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAVED_EVERY_S", 0.0)
    job = base.jobs.add("directory", {"path": str(directory(tmp_path, 800))}, by="léa")
    beat = base.jobs.beat

    def cancel_halfway(id_: str, done: int, total: int, *_place: Any) -> bool:
        if done == 600:
            base.jobs.cancel(job.id)
        return beat(id_, done, total, *_place)

    monkeypatch.setattr(base.jobs, "beat", cancel_halfway)
    run_next(base)
    cancelled = base.jobs.get(job.id)
    assert cancelled.state is JobState.CANCELLED
    assert (cancelled.done, cancelled.total) == (600, 800)
    under_way = 2 * BATCH_RECORDS
    assert 600 - under_way <= len(base.ids(Kind.ACTOR)) < 600
    assert not run_next(base)


def test_a_worker_that_is_to_end_puts_its_job_back(
    base: KnowledgeBase, runner: Callable[[module.Runner], None]
) -> None:
    stopping = threading.Event()

    def run(_: KnowledgeBase, __: Mapping[str, str], progress: Progress) -> dict[str, object]:
        stopping.set()
        progress.advance()
        raise AssertionError("it goes no further")

    runner(run)
    job, other = base.jobs.add("test", {}, by=""), base.jobs.add("test", {}, by="")
    work(base, linger_s=None, stopping=stopping)
    assert base.jobs.get(job.id).state is JobState.QUEUED
    assert base.jobs.get(other.id).started_at == ""


# Uploads


def test_an_upload_is_deleted_when_its_job_has_ended(base: KnowledgeBase, tmp_path: Path) -> None:
    sent = directory(tmp_path, 2).read_bytes()
    path, waiting = (keep_upload(base, "a.csv", io.BytesIO(sent)) for _ in range(2))
    base.jobs.add("directory", {"path": str(path)}, by="léa")
    base.jobs.add("directory", {"path": json.dumps([str(waiting)])}, by="léa")
    run_next(base)
    assert base.ids(Kind.ACTOR) == {"f0", "f1"}
    assert not path.exists()
    assert waiting.exists()


def test_a_file_that_is_no_upload_is_left_alone(base: KnowledgeBase, tmp_path: Path) -> None:
    path = directory(tmp_path, 1)
    keep_upload(base, "a.csv", io.BytesIO(b"nom\nAvel\n"))
    base.jobs.add("directory", {"path": str(path)}, by="léa")
    run_next(base)
    assert path.exists()


# Processes


@pytest.mark.thorough
def test_a_killed_worker_s_job_is_finished_by_the_next_and_nothing_is_done_twice(
    open_base: OpenBase, tmp_path: Path
) -> None:
    base = open_base(WordCountEncoder(dimension=64))
    rows = 4 * BATCH_RECORDS
    job = base.jobs.add("directory", {"path": str(directory(tmp_path, rows))}, by="léa")
    log = tmp_path / "embedded.txt"

    def embedded() -> list[str]:
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    command = [sys.executable, "-m", "tests.ingest.busy_worker", str(base.folder), str(log)]
    with subprocess.Popen(command, cwd=ROOT) as first:
        until(lambda: len(embedded()) >= 1.5 * BATCH_RECORDS)
        first.kill()
    before = len(embedded())
    assert before < rows
    assert base.jobs.get(job.id).state is JobState.RUNNING
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    assert base.jobs.get(job.id).state is JobState.DONE
    assert base.ids(Kind.ACTOR) == {f"f{n}" for n in range(rows)}
    assert all(len(base.history(Kind.ACTOR, f"f{n}")) == 1 for n in range(0, rows, 100))
    times = Counter(embedded())
    assert len(times) == rows
    assert sum(times.values()) - rows <= 2 * BATCH_RECORDS
    assert base.search("pièce 299").hits[0].actor.id == "f299"


def quisait_work(base: KnowledgeBase, *options: str) -> list[str]:
    return [sys.executable, "-P", "-m", "web", "work", "--kb", str(base.folder), *options]


@pytest.mark.parametrize("option", ["--once", "--until-idle"])
def test_the_command_ends_when_there_is_nothing_to_do(base: KnowledgeBase, option: str) -> None:
    run = subprocess.run(
        quisait_work(base, option), capture_output=True, text=True, timeout=120, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_the_command_does_jobs_until_it_is_told_to_end(base: KnowledgeBase) -> None:
    job = base.jobs.add("dance", {}, by="léa")
    with subprocess.Popen(quisait_work(base), stderr=subprocess.PIPE, text=True) as worker:
        until(lambda: base.jobs.get(job.id).state is JobState.FAILED)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
        assert worker.stderr is not None
        assert worker.stderr.read() == ""
