from collections.abc import Collection

from kb.search.context import OfGeneration


class Base:
    """A base of numbers, which notes those that are read."""

    def __init__(self) -> None:
        self.read: list[int] = []
        self.factor = 10

    def of(self, keys: Collection[int]) -> dict[int, int]:
        self.read += keys
        return {key: key * self.factor for key in keys if key > 0}


def test_what_is_known_of_a_generation_is_not_read_again() -> None:
    base, known = Base(), OfGeneration[int, int](10)
    assert known.of([1, 2], "1-a", base.of) == {1: 10, 2: 20}
    assert known.of([2, 3, -1], "1-a", base.of) == {2: 20, 3: 30}
    assert base.read == [1, 2, 3, -1]


def test_nothing_of_another_generation_is_known() -> None:
    base, known = Base(), OfGeneration[int, int](10)
    known.of([1], "1-a", base.of)
    base.factor = 100
    assert known.of([1], "2-b", base.of) == {1: 100}
    base.factor = 10
    assert known.of([1], "1-a", base.of) == {1: 10}


def test_no_more_than_the_most_are_known() -> None:
    base, known = Base(), OfGeneration[int, int](3)
    assert len(known.of(range(1, 10), "1-a", base.of)) == 9
    for key in range(1, 100):
        known.of([key], "1-a", base.of)
    base.read.clear()
    known.of(range(1, 100), "1-a", base.of)
    assert len(base.read) >= 96
