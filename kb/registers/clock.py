"""The time as registers write it: ISO 8601 in UTC, so that times sort as text."""

from datetime import UTC, datetime, timedelta


def now() -> str:
    return before(0)


def today() -> str:
    """The day: ISO 8601, in UTC."""
    return now()[:10]


def later(at: str, seconds: float) -> str:
    """The time that many seconds after another."""
    return (datetime.fromisoformat(at) + timedelta(seconds=seconds)).isoformat(
        timespec="milliseconds"
    )


def before(seconds: float) -> str:
    """The time that many seconds ago."""
    moment = datetime.now(UTC) - timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds")
