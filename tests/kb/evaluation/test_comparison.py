import itertools
import random

import pytest

from kb.evaluation.comparison import difference_of, mean_of, share_of


def test_a_mean_lies_in_its_interval_which_is_the_same_each_time() -> None:
    values = [0.0, 0.2, 0.4, 0.9, 1.0, 1.0]
    mean = mean_of(values)
    assert mean.value == pytest.approx(3.5 / 6)
    assert 0 < mean.low < mean.value < mean.high < 1
    assert mean == mean_of(values)


def test_an_interval_covers_the_truth_about_as_often_as_its_level() -> None:
    chance = random.Random(1)
    covered = 0
    for _ in range(60):
        mean = mean_of([chance.random() for _ in range(40)])
        covered += mean.low <= 0.5 <= mean.high
    assert covered >= 52


def test_values_that_do_not_differ_leave_no_doubt() -> None:
    assert mean_of([1.0, 1.0]) == mean_of([1.0, 1.0])
    assert (mean_of([0.5]).low, mean_of([0.5]).high, mean_of([0.5]).n) == (0.5, 0.5, 1)


def test_a_difference_is_paired_by_query() -> None:
    first = {"q1": 0.1, "q2": 0.5, "q3": 0.9}
    second = {"q3": 1.0, "q1": 0.2, "q2": 0.6}
    difference = difference_of(first, second)
    assert difference.value == pytest.approx(0.1)
    # However much queries differ among themselves, each gained the same.
    assert difference.low == pytest.approx(0.1)
    assert difference.high == pytest.approx(0.1)
    # Of the eight ways to give the values to either run, two differ as much.
    assert difference.p == pytest.approx(2 / 8)


def test_a_p_value_by_counting() -> None:
    gains = [0.3, -0.1, 0.25, 0.05, 0.4, 0.12]
    signs = list(itertools.product([1, -1], repeat=len(gains)))
    sums = [sum(s * g for s, g in zip(sign, gains, strict=True)) for sign in signs]
    as_large = sum(abs(total) >= sum(gains) - 1e-12 for total in sums)
    found = difference_of(
        {str(i): 0.0 for i in range(6)} | {"same": 0.7},
        {str(i): gain for i, gain in enumerate(gains)} | {"same": 0.7},
    )
    assert found.p == pytest.approx(as_large / len(signs))


def test_runs_that_are_the_same_do_not_differ() -> None:
    same = difference_of({"q1": 0.3, "q2": 1.0}, {"q1": 0.3, "q2": 1.0})
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)
    assert difference_of({"q1": 0.3}, {"q1": 1.0}).p == 1


def test_shares_as_wilson_has_them() -> None:
    # Newcombe (1998), table I: 81 of 263 and 0 of 20.
    share = share_of(81, 263)
    assert (share.low, share.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (share_of(0, 20).low, share_of(0, 20).high) == pytest.approx((0, 0.1611), abs=5e-5)
    assert share_of(18, 18).high == 1
