import pytest

from ingest.pace import SAID_EVERY_S, Pace, Phase


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_line_says_file_record_rate_and_phase(clock: Clock) -> None:
    pace = Pace(clock)
    pace.total = 5000
    pace.at(Phase.EMBEDDING, "firms.csv")
    for _second in range(10):
        clock.seconds += 1
        pace.advance(120)
    assert pace.line() == "firms.csv: record 1,200 of 5,000, 120.0 records/s, 32 s left, embedding"


def test_without_a_total_or_a_rate_neither_is_said(clock: Clock) -> None:
    pace = Pace(clock)
    pace.advance(3)
    assert pace.line() == "record 3, reading"


@pytest.mark.parametrize(
    ("total", "left"),
    [(0, ""), (100, ""), (160, ", 1 min left"), (7600, ", 2 h 05 min left"), (139, ", 39 s left")],
)
def test_the_time_left_is_said_in_its_largest_units(clock: Clock, total: int, left: str) -> None:
    pace = Pace(clock)
    pace.total = total
    for _second in range(100):
        clock.seconds += 1
        pace.advance(1)
    of_all = f" of {total:,}" if total else ""
    assert pace.line() == f"record 100{of_all}, 1.0 records/s{left}, reading"


def test_the_rate_is_that_of_the_last_minute(clock: Clock) -> None:
    pace = Pace(clock)
    for per_second in [100] * 60 + [10] * 120:
        clock.seconds += 1
        pace.advance(per_second)
    assert pace.per_second == pytest.approx(10)


def test_lines_come_by_time_and_not_by_record(clock: Clock) -> None:
    pace = Pace(clock)
    lines = []
    for _record in range(1000):
        clock.seconds += SAID_EVERY_S / 100
        pace.advance(1)
        lines.append(pace.due_line())
    assert len([line for line in lines if line]) in {9, 10}
