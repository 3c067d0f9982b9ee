import pytest

from kb.evaluation.comparison import difference_of, mean_of, share_of


def test_a_mean_lies_in_its_interval_which_is_the_same_each_time() -> None:
    values = [0.0, 0.2, 0.4, 0.9, 1.0, 1.0]
    mean = mean_of(values)
    assert mean.value == pytest.approx(3.5 / 6)
    assert 0 < mean.low < mean.value < mean.high < 1
    assert mean == mean_of(values)


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


def test_shares_as_wilson_has_them() -> None:
    # Newcombe (1998), table I: 81 of 263 and 0 of 20.
    share = share_of(81, 263)
    assert (share.low, share.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (share_of(0, 20).low, share_of(0, 20).high) == pytest.approx((0, 0.1611), abs=5e-5)
    assert share_of(18, 18).high == 1
