"""Who reads next: in the order of asking, and of each who asks one at a time."""

import pytest

from ingest.sandbox.pool import ASKER, Turn, Turns
from kb.errors import ReadersBusy


class Asking:
    """Asks for turns, and notes which have begun."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self.turns = Turns(at_once, waiting)
        self.begun: list[str] = []

    def ask(self, asker: str, name: str) -> Turn:
        token = ASKER.set(asker)
        try:
            return self.turns.ask(lambda: self.begun.append(name))
        finally:
            ASKER.reset(token)


def test_each_who_asks_has_one_turn_and_the_next_is_anothers() -> None:
    asking = Asking(2, 8)
    first = asking.ask("anne", "anne 1")
    asking.ask("anne", "anne 2")
    asking.ask("anne", "anne 3")
    assert asking.begun == ["anne 1"]
    second = asking.ask("paul", "paul 1")
    asking.ask("léa", "léa 1")
    assert asking.begun == ["anne 1", "paul 1"]
    asking.turns.end(second)
    assert asking.begun == ["anne 1", "paul 1", "léa 1"]
    asking.turns.end(first)
    assert asking.begun[3:] == ["anne 2"]


def test_nobody_fills_the_queue_alone() -> None:
    asking = Asking(1, 4)
    for name in ("now", "waits", "waits too"):
        asking.ask("anne", name)
    with pytest.raises(ReadersBusy):
        asking.ask("anne", "one too many")
    asking.ask("paul", "paul 1")
    assert asking.turns.waiting == 3
