"""A clock that is set back, or was far ahead, stops nothing: each register goes on by itself."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ingest.rereading.schedule import queue_due
from kb.knowledge_base import KnowledgeBase
from kb.registers import clock
from kb.registers.alerts.outbox import NewMail
from kb.registers.jobs import JobState
from kb.registers.rereading import Interval

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MAIL = NewMail("claire@example.org", "s", "t", "h", "fr", "digest")
SetClock = Callable[[timedelta], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Sets the clock of registers to a time after `START`."""

    def set_to(after: timedelta) -> None:
        monkeypatch.setattr(clock, "moment", lambda: START + after)

    set_to(timedelta())
    return set_to


BACK = [timedelta(minutes=-2), timedelta(hours=-1), timedelta(days=-400)]


@pytest.mark.parametrize("back", BACK)
def test_the_job_of_a_dead_worker_is_claimed_after_the_clock_was_set_back(
    base: KnowledgeBase, set_clock: SetClock, back: timedelta
) -> None:
    jobs = base.jobs
    job = jobs.add("feed", {}, by="léa")
    assert jobs.claim() is not None
    set_clock(back)
    assert jobs.waiting()
    assert not jobs.working()
    again = jobs.claim()
    assert again is not None
    assert again.id == job.id
    # A live worker's next beat is of the clock that is right.
    assert jobs.beat(job.id, 1, 2)
    assert jobs.working()
    assert not jobs.waiting()
    jobs.finish(job.id, JobState.DONE)
    assert jobs.get(job.id).state is JobState.DONE


@pytest.mark.parametrize("back", BACK)
def test_a_source_is_read_in_the_night_after_the_clock_was_set_back(
    base: KnowledgeBase, set_clock: SetClock, back: timedelta
) -> None:
    base.source_locations.add("Annuaire", "https://a.example/a.csv", Interval.DAY)
    assert queue_due(base, 3, START)
    job = base.jobs.claim()
    assert job is not None
    base.jobs.finish(job.id, JobState.DONE)
    set_clock(back)
    nights = range(1, 4)
    assert any(queue_due(base, 3, START + back + timedelta(days=night)) for night in nights)


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=365)])
def test_a_mail_that_a_clock_ahead_queued_is_sent(
    base: KnowledgeBase, set_clock: SetClock, ahead: timedelta
) -> None:
    set_clock(ahead)
    id_ = base.outbox.queue(MAIL)
    set_clock(timedelta())
    taken = base.outbox.take()
    assert taken is not None
    assert taken.id == id_
