"""What is counted of wrong passwords: numbers by day, for as long as a month."""

from datetime import UTC, datetime, timedelta

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.registers import clock
from kb.registers.access import ATTACK_TRIES, WrongPasswords, WrongTries
from kb.registers.accounts import AccountRole

PASSWORD = "du cirage au gel"


@pytest.fixture
def lea(base: KnowledgeBase) -> str:
    return base.accounts.add("Léa", PASSWORD, AccountRole.MODERATOR).name


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    day = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    monkeypatch.setattr(clock, "moment", lambda: day[0])
    return day


def test_wrong_passwords_are_counted_by_day_for_a_month(
    base: KnowledgeBase, lea: str, day: list[datetime]
) -> None:
    wrong = base.wrong_passwords
    assert wrong.of(lea) == WrongTries()
    for name in ("léa", "LÉA", "Nobody"):
        wrong.note(name)
    day[0] += timedelta(days=10)
    wrong.note(lea)
    # Another process reads them, too.
    assert WrongPasswords(base._stores).of(lea) == WrongTries(3, 1, "2026-03-11")
    assert set(wrong.by_account()) == {"léa"}
    day[0] += timedelta(days=20)
    assert wrong.of(lea) == WrongTries(1, 0, "2026-03-11")
    wrong.note(lea)
    with base._stores.lend() as connection:
        kept = connection.execute("select account, day, tried from wrong_passwords").fetchall()
    assert sorted(map(tuple, kept)) == [("léa", "2026-03-11", 1), ("léa", "2026-03-31", 1)]


def test_many_within_two_days_are_an_attack(
    base: KnowledgeBase, lea: str, day: list[datetime]
) -> None:
    wrong = base.wrong_passwords
    for _ in range(ATTACK_TRIES - 1):
        wrong.note(lea)
    assert not wrong.of(lea).is_attack
    day[0] += timedelta(days=1)
    wrong.note(lea)
    assert wrong.of(lea).is_attack
    day[0] += timedelta(days=1)
    assert not wrong.of(lea).is_attack
