"""The time as registers write it: ISO 8601 in UTC, so that times sort as text."""

from datetime import UTC, datetime, timedelta


def now() -> str:
    return before(0)


def today() -> str:
    """The day: ISO 8601, in UTC."""
    return now()[:10]


def before(seconds: float) -> str:
    """The time that many seconds ago."""
    moment = datetime.now(UTC) - timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds")
