"""The schedule of sources: which are to be read now, and the jobs that read them."""

from datetime import UTC, datetime, timedelta

from kb.knowledge_base import KnowledgeBase
from kb.registers.jobs import SOURCE_JOB, Job
from kb.registers.records.rereading import Interval, SourceLocation

KEPT_READINGS = 30  # most ended readings of a source that are kept as its history
_DAY = timedelta(days=1)
_WEEK_BUT_A_NIGHT = timedelta(days=6, hours=12)


def local_time() -> datetime:
    return datetime.now(UTC).astimezone()


def queue_due(knowledge_base: KnowledgeBase, hour: int, moment: datetime) -> list[Job]:
    """Adds a job for each source that is due, once, whichever processes look."""
    locations = knowledge_base.source_locations
    return [
        queue_reading(knowledge_base, location)
        for location in locations.list()
        if is_due(location, hour, moment) and locations.take(location, _written(moment))
    ]


def queue_reading(knowledge_base: KnowledgeBase, location: SourceLocation, by: str = "") -> Job:
    """Adds the job that reads a source, by who asks for it or registered it."""
    knowledge_base.jobs.forget_readings(location.name, KEPT_READINGS)
    parameters = {"source": location.name, "name": location.name}
    return knowledge_base.jobs.add(SOURCE_JOB, parameters, by=by or location.added_by)


def is_due(location: SourceLocation, hour: int, moment: datetime) -> bool:
    """Whether a source is to be read at a moment, with its time zone."""
    if (night := moment.replace(hour=hour, minute=0, second=0, microsecond=0)) > moment:
        night -= timedelta(days=1)
    if not location.tried_at or location.tried_at > _written(moment + _DAY):
        return True  # a time to come was written while a clock was wrong
    if location.tried_at >= _written(night):
        return False
    if location.every is Interval.DAY or location.failures or not location.read_at:
        return True
    return location.read_at <= _written(night - _WEEK_BUT_A_NIGHT)


def _written(moment: datetime) -> str:
    """A moment as registers write it (`kb.registers.clock`)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
