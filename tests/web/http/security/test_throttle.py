"""Attempts slowed down, by a clock that the tests move."""

import threading
from pathlib import Path

import pytest

from web.http.security import throttle as module
from web.http.security.throttle import SharedCounts, Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_first_attempts_are_free_and_the_next_wait_twice_as_long_each() -> None:
    clock = Clock()
    throttle = Throttle(free=3, longest_s=10, clock=clock)
    assert [throttle.attempt("a") for _ in range(3)] == [0, 0, 0]
    waits = []
    for _ in range(6):
        wait = throttle.attempt("a")
        waits.append(wait)
        clock.now += wait
        assert throttle.attempt("a") == 0
    assert waits == [1, 2, 4, 8, 10, 10]


def test_an_attempt_that_came_too_early_does_not_lengthen_the_wait() -> None:
    clock = Clock()
    throttle = Throttle(free=1, clock=clock)
    throttle.attempt("a")
    assert [throttle.attempt("a") for _ in range(50)] == [1] * 50
    clock.now += 0.75
    assert throttle.attempt("a") == 0.25
    clock.now += 0.25
    assert throttle.attempt("a") == 0


def test_keys_do_not_wait_for_each_other() -> None:
    throttle = Throttle(free=1, clock=Clock())
    throttle.attempt("a")
    assert throttle.attempt("a") > 0
    assert throttle.attempt("b") == 0


def test_success_forgets_all_attempts_or_gives_one_back() -> None:
    throttle = Throttle(free=2, clock=Clock())
    for _ in range(2):
        throttle.attempt("a")
        throttle.attempt("b")
    throttle.succeeded("a")
    throttle.succeeded("b", forget=False)
    throttle.succeeded("unknown")
    throttle.succeeded("unknown", forget=False)
    assert [throttle.attempt("a") for _ in range(2)] == [0, 0]
    assert throttle.attempt("b") == 0
    assert throttle.attempt("b") > 0


def test_a_key_that_rests_is_new_again() -> None:
    clock = Clock()
    throttle = Throttle(free=1, forgotten_after_s=100, clock=clock)
    for _ in range(9):
        throttle.attempt("a")
    clock.now += 101
    assert throttle.attempt("a") == 0
    assert throttle.attempt("a") == 1


def test_no_crowd_of_names_fills_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CAPACITY", 100)
    monkeypatch.setattr(module, "TRIMMED_EVERY", 10)
    clock = Clock()
    throttle = Throttle(free=1, forgotten_after_s=10_000, clock=clock)
    for number in range(1000):
        clock.now += 0.001
        throttle.attempt(str(number))
    assert throttle.attempt("999") > 0
    assert throttle.attempt("0") == 0


def test_workers_count_together_and_keep_no_address(tmp_path: Path) -> None:
    clock = Clock()
    one = SharedCounts(tmp_path / "counts")
    other = SharedCounts(one.file, one.secret)
    throttles = [Throttle(counts, "sign in", free=2, clock=clock) for counts in (one, other)]
    assert [throttles[n % 2].attempt("192.0.2.1") for n in range(4)] == [0, 0, 1, 1]
    assert Throttle(one, "flags", free=1, clock=clock).attempt("192.0.2.1") == 0
    assert not any(b"192.0.2.1" in file.read_bytes() for file in tmp_path.iterdir())


def test_many_attempts_at_once_are_many() -> None:
    throttle = Throttle(free=5, clock=Clock())
    let_through: list[float] = []
    crowd = [
        threading.Thread(target=lambda: let_through.append(throttle.attempt("a")))
        for _ in range(40)
    ]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert let_through.count(0) == 5
