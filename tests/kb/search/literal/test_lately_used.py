"""What was lately used is remembered, and never more than there is room for."""

from collections.abc import Collection

from kb.search.literal.lately_used import LatelyUsed


def test_what_is_larger_than_all_may_be_drives_nothing_out() -> None:
    known = LatelyUsed[str, int](10, int)
    known.of(["small"], lambda _: {"small": 4})
    for _ in range(2):
        assert known.of(["large"], lambda _: {"large": 11}) == {"large": 11}
    assert known.of(["small"], lambda _: {}) == {"small": 4}


def test_what_two_threads_read_at_once_counts_once() -> None:
    known = LatelyUsed[str, int](10, int)

    def read(keys: Collection[str]) -> dict[str, int]:
        known.of(keys, lambda _: {"word": 4})
        return {"word": 4}

    assert known.of(["word"], read) == {"word": 4}
    assert known.size_bytes == 4


def test_the_values_of_another_are_taken_as_they_are_now() -> None:
    former = LatelyUsed[str, int](10, int)
    former.of(["first", "second", "third"], lambda _: {"first": 2, "second": 3, "third": 4})
    former.of(["first"], lambda _: {})
    taken = LatelyUsed[str, int](7, int)
    taken.take(former, 3, lambda key, value: value + (key == "third"))
    # As there is room: what was used longest ago went first.
    assert taken.of(["first", "third"], lambda _: {}) == {"first": 2, "third": 5}
    assert taken.size_bytes == 7
    assert former.size_bytes == 9
    last = LatelyUsed[str, int](10, int)
    last.take(former, 2, lambda key, value: None if key == "third" else value)
    assert last.of(["second", "third"], lambda _: {}) == {}
    assert last.of(["first"], lambda _: {}) == {"first": 2}
