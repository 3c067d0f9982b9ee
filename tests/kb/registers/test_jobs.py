from concurrent.futures import ThreadPoolExecutor

import pytest

from kb.errors import TooManyJobs
from kb.knowledge_base import KnowledgeBase
from kb.registers import jobs as module
from kb.registers.jobs import Job, Jobs, JobState
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder


@pytest.fixture
def jobs(base: KnowledgeBase) -> Jobs:
    return base.jobs


@pytest.fixture
def other(open_base: OpenBase, word_counts: WordCountEncoder, base: KnowledgeBase) -> Jobs:
    """The same register as another process has it."""
    return open_base(word_counts).jobs


@pytest.fixture
def silent_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is taken for dead as soon as it does not beat."""
    monkeypatch.setattr(module, "SILENCE_S", 0.0)


def claimed(jobs: Jobs) -> Job:
    job = jobs.claim()
    assert job is not None
    return job


def test_a_job_waits_as_it_was_asked_for(jobs: Jobs) -> None:
    job = jobs.add("directory", {"path": "é.csv"}, by="léa")
    assert job == jobs.get(job.id)
    assert (job.parameters, job.state, job.created_by) == (
        {"path": "é.csv"}, JobState.QUEUED, "léa",
    )  # fmt: skip


def test_no_more_are_added_at_once_than_may_wait_or_run(jobs: Jobs, other: Jobs) -> None:
    def added(number: int) -> bool:
        try:
            (jobs, other)[number % 2].add("feed", {}, by="léa", most=5)
        except TooManyJobs:
            return False
        return True

    with ThreadPoolExecutor(12) as threads:
        assert sum(threads.map(added, range(60))) == 5
    assert jobs.unfinished("léa") == 5
    jobs.add("feed", {}, by="max", most=1)
    jobs.add("feed", {}, by="léa")


def test_the_oldest_is_claimed_first_and_once(jobs: Jobs, other: Jobs) -> None:
    first, second = jobs.add("feed", {}, by=""), jobs.add("feed", {}, by="")
    assert jobs.waiting()
    assert not jobs.working()
    assert claimed(jobs).id == first.id
    assert claimed(other).id == second.id
    assert jobs.claim() is None
    assert not jobs.waiting()
    assert jobs.working()
    running = jobs.get(first.id)
    assert running.state is JobState.RUNNING
    assert running.started_at >= running.created_at


def test_each_of_many_jobs_is_claimed_by_one_of_many_workers(
    open_base: OpenBase, word_counts: WordCountEncoder
) -> None:
    registers = [open_base(word_counts).jobs for _ in range(4)]
    asked_for = {registers[0].add("feed", {}, by="").id for _ in range(20)}

    def take(number: int) -> str | None:
        job = registers[number % 4].claim()
        return job.id if job else None

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(take, range(30)))
    assert sorted(filter(None, taken)) == sorted(asked_for)


@pytest.mark.parametrize("engine", ["postgres"])
def test_no_worker_waits_for_who_writes_something_else(
    jobs: Jobs, base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.database.BUSY_TIMEOUT_S", 0.001)
    first, second = (jobs.add("feed", {}, by="léa") for _ in range(2))
    with base._stores.lend() as store, store.changing():
        store.set_property("what an ingest writes", "1")
        assert claimed(jobs).id == first.id
        assert jobs.beat(first.id, 1, 2)
        jobs.release(first.id)
        assert claimed(jobs).id == first.id
        jobs.finish(first.id, JobState.DONE)
        assert claimed(jobs).id == second.id
    assert jobs.get(first.id).state is JobState.DONE


def test_a_job_ends_with_its_report(jobs: Jobs) -> None:
    job = jobs.add("feed", {}, by="")
    claimed(jobs)
    jobs.finish(job.id, JobState.DONE, {"added": 3, "failures": ["é"]}, "all")
    ended = jobs.get(job.id)
    assert ended.state is JobState.DONE
    assert ended.report == {"added": 3, "failures": ["é"]}
    assert ended.message == "all"
    assert ended.finished_at >= ended.started_at
    assert not jobs.working()


def test_a_final_state_is_final(jobs: Jobs) -> None:
    for state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED):
        job = jobs.add("feed", {}, by="")
        claimed(jobs)
        jobs.finish(job.id, state, {}, "")
        jobs.cancel(job.id)
        assert not jobs.beat(job.id, 1, 1)
        jobs.finish(job.id, JobState.FAILED, {}, "late")
        jobs.release(job.id)
        assert jobs.get(job.id).state is state
        assert jobs.get(job.id).message == ""
        assert jobs.claim() is None


def test_a_running_job_hears_of_its_cancelling_at_its_next_beat(jobs: Jobs, other: Jobs) -> None:
    job, waiting = jobs.add("feed", {}, by=""), jobs.add("feed", {}, by="")
    claimed(jobs)
    jobs.cancel(waiting.id)
    assert jobs.get(waiting.id).state is JobState.CANCELLED
    assert jobs.beat(job.id, 3, 10)
    assert (jobs.get(job.id).done, jobs.get(job.id).total) == (3, 10)
    other.cancel(job.id)
    assert other.get(job.id).cancel_asked
    assert other.get(job.id).state is JobState.RUNNING
    assert not jobs.beat(job.id, 1, 1)
    jobs.finish(job.id, JobState.CANCELLED)
    assert other.get(job.id).state is JobState.CANCELLED


@pytest.mark.usefixtures("silent_at_once")
def test_the_job_of_a_silent_worker_is_another_s(jobs: Jobs, other: Jobs) -> None:
    job = jobs.add("feed", {}, by="")
    claimed(jobs)
    assert jobs.waiting()
    assert claimed(other).id == job.id
    # The first worker was only slow: it hears that the job is not its own any more.
    assert not jobs.beat(job.id, 5, 10)
    jobs.finish(job.id, JobState.DONE)
    assert other.get(job.id).state is JobState.RUNNING
    assert other.beat(job.id, 1, 10)
    other.finish(job.id, JobState.DONE)
    assert jobs.get(job.id).state is JobState.DONE


@pytest.mark.usefixtures("silent_at_once")
def test_what_was_to_be_cancelled_when_its_worker_died_is_cancelled(
    jobs: Jobs, other: Jobs
) -> None:
    first, second = jobs.add("feed", {}, by=""), jobs.add("feed", {}, by="")
    claimed(jobs)
    jobs.cancel(first.id)
    assert claimed(other).id == second.id
    assert jobs.get(first.id).state is JobState.CANCELLED


@pytest.mark.usefixtures("silent_at_once")
def test_a_job_that_kills_its_workers_fails_in_the_end(jobs: Jobs) -> None:
    job = jobs.add("feed", {}, by="")
    for _ in range(module.MAX_CLAIMS):
        assert claimed(jobs).id == job.id
    assert jobs.claim() is None
    assert jobs.get(job.id).state is JobState.FAILED
    assert jobs.get(job.id).message == "The worker died 5 times at this job."


def test_a_job_that_is_put_back_is_claimed_again_as_often_as_need_be(
    jobs: Jobs, other: Jobs
) -> None:
    job = jobs.add("feed", {}, by="")
    for _ in range(module.MAX_CLAIMS + 1):
        assert claimed(jobs).id == job.id
        jobs.release(job.id)
        assert jobs.get(job.id).state is JobState.QUEUED
    assert claimed(other).id == job.id
