"""The time as registers write it: ISO 8601 in UTC, so that times sort as text."""

from datetime import UTC, datetime, timedelta

DAY_S = 24 * 3600


def now() -> str:
    return before(0)


def today() -> str:
    return now()[:10]


def day(days_ago: int) -> str:
    return before(days_ago * DAY_S)[:10]


def later(at: str, seconds: float) -> str:
    then = datetime.fromisoformat(at) + timedelta(seconds=seconds)
    return then.isoformat(timespec="milliseconds")


def before(seconds: float) -> str:
    return (moment() - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def to_come(seconds: float) -> str:
    return before(-seconds)


def moment() -> datetime:
    return datetime.now(UTC)


def seconds_left(done: int, total: int, per_second: float) -> float:
    """Returns how long the rest of a whole takes; 0 where the whole or the rate is not known."""
    return max(0, total - done) / per_second if per_second > 0 else 0.0
