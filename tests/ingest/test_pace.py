import pytest

from ingest.pace import Pace, Phase


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
