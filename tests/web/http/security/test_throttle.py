"""Attempts slowed down, by a clock that the tests move."""

from pathlib import Path

import pytest

from web.http.security import throttle as module
from web.http.security.throttle import SharedCounts, Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


def test_the_first_attempts_are_free_and_the_next_wait_twice_as_long_each(clock: Clock) -> None:
    throttle = Throttle(free=3, longest_s=10)
    assert [throttle.attempt("a") for _ in range(3)] == [0, 0, 0]
    waits = []
    for _ in range(6):
        wait = throttle.attempt("a")
        waits.append(wait)
        clock.now += wait
        assert throttle.attempt("a") == 0
    assert waits == [1, 2, 4, 8, 10, 10]


def test_no_crowd_of_names_fills_memory(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CAPACITY", 100)
    monkeypatch.setattr(module, "TRIMMED_EVERY", 10)
    throttle = Throttle(free=1, forgotten_after_s=10_000)
    for number in range(1000):
        clock.now += 0.001
        throttle.attempt(str(number))
    assert throttle.attempt("999") > 0
    assert throttle.attempt("0") == 0


def test_workers_count_together_and_keep_no_address(clock: Clock, tmp_path: Path) -> None:
    one = SharedCounts(tmp_path / "counts")
    other = SharedCounts(one.file, one.secret)
    throttles = [Throttle(counts, "sign in", free=2) for counts in (one, other)]
    assert [throttles[n % 2].attempt("192.0.2.1") for n in range(4)] == [0, 0, 1, 1]
    assert Throttle(one, "flags", free=1).attempt("192.0.2.1") == 0
    assert not any(b"192.0.2.1" in file.read_bytes() for file in tmp_path.iterdir())
