import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ingest.schedule import is_due, queue_due
from ingest.worker import work
from kb.knowledge_base import KnowledgeBase
from kb.registers.clock import now
from kb.registers.records.rereading import Interval, SourceLocation, Validators

PARIS = timezone(timedelta(hours=1))


def location(
    tried: str = "", read: str = "", every: Interval = Interval.DAY, failures: int = 0
) -> SourceLocation:
    """A source that was tried and read at these times of Paris, such as 2026-11-26 04:00."""

    def written(moment: str) -> str:
        if not moment:
            return ""
        at = datetime.fromisoformat(moment).replace(tzinfo=PARIS)
        return at.astimezone(UTC).isoformat(timespec="milliseconds")

    return SourceLocation(
        "cci", "/srv/cci", every, "", "", written(tried), written(read), failures, "", Validators()
    )


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=PARIS)


DAILY, WEEKLY = Interval.DAY, Interval.WEEK


@pytest.mark.parametrize(
    ("source", "moment", "due"),
    [
        (location(), "2026-11-26 15:00", True),
        (location("2026-11-25 03:10", "2026-11-25 03:11"), "2026-11-26 02:59", False),
        (location("2026-11-25 03:10", "2026-11-25 03:11"), "2026-11-26 03:00", True),
        (location("2026-11-25 03:10", "2026-11-25 03:11"), "2026-11-28 17:00", True),
        (location("2026-11-26 03:00", "2026-11-25 03:11", failures=1), "2026-11-26 23:00", False),
        (location("2026-11-26 03:00", "", failures=1), "2026-11-27 03:00", True),
        (location("2026-11-20 03:00", "2026-11-20 03:00", WEEKLY), "2026-11-26 03:00", False),
        (location("2026-11-20 03:05", "2026-11-20 03:06", WEEKLY), "2026-11-27 03:00", True),
        (location("2026-11-25 03:00", "2026-11-24 03:00", WEEKLY, 1), "2026-11-26 03:00", True),
        # The clock was wrong, or is a little behind that of another machine.
        (location("2038-01-19 03:00", "2038-01-19 03:01"), "2026-11-26 03:00", True),
        (location("2026-11-26 03:01", "2026-11-25 03:01"), "2026-11-26 03:00", False),
    ],
)
def test_a_source_is_due_from_an_hour_of_the_night(
    source: SourceLocation, moment: str, due: bool
) -> None:
    assert is_due(source, 3, at(moment)) == due


def test_what_is_due_becomes_a_job_once(base: KnowledgeBase) -> None:
    base.source_locations.add("cci", "/srv/cci", Interval.DAY, by="léa")
    moment = datetime.fromisoformat(now())
    (job,) = queue_due(base, 3, moment)
    assert (job.kind, job.parameters["source"], job.created_by) == ("source", "cci", "léa")
    assert queue_due(base, 3, moment) == []
    assert len(queue_due(base, 3, moment + timedelta(days=1))) == 1


def test_a_worker_reads_what_is_due_by_its_clock(base: KnowledgeBase, tmp_path: Path) -> None:
    path = tmp_path / "cci.csv"
    path.write_text("Nom;Métier\nAvel;Cirages\n", encoding="utf-8")
    base.source_locations.add("cci", str(path), Interval.DAY)
    today = datetime.fromisoformat(now()).astimezone(PARIS)

    def night_after(days: int) -> None:
        moment = today + timedelta(days=days)
        work(base, linger_s=0, stopping=threading.Event(), clock=lambda: moment)

    for days, readings in ((0, 1), (0, 1), (1, 2)):
        night_after(days)
        assert len(base.jobs.of_source("cci")) == readings
    assert [actor.name for actor in base.actors()] == ["Avel"]
