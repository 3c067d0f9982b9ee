"""Sessions and wrong passwords as registers keep them, by a calendar that the tests turn."""

from datetime import UTC, datetime, timedelta

import pytest

from kb.errors import KnowledgeBaseError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.registers import clock
from kb.registers.access import ATTACK_TRIES, MOST_OF_ACCOUNT, BrowserSessions, WrongTries
from kb.registers.accounts import Account, AccountRole

PASSWORD = "du cirage au gel"


class Calendar:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += timedelta(days=days)


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    calendar = Calendar()
    monkeypatch.setattr(clock, "moment", calendar)
    return calendar


@pytest.fixture
def sessions(base: KnowledgeBase, calendar: Calendar) -> BrowserSessions:
    return base.sessions


@pytest.fixture
def lea(base: KnowledgeBase) -> Account:
    base.accounts.add("Chef", PASSWORD, AccountRole.ADMINISTRATOR)
    return base.accounts.add("Léa", PASSWORD, AccountRole.MODERATOR)


def rows(base: KnowledgeBase) -> int:
    with base._stores.lend() as connection:
        (count,) = connection.execute("select count(*) from sessions").fetchone()
    return int(count)


def test_a_session_replaces_the_one_before(
    base: KnowledgeBase, sessions: BrowserSessions, lea: Account
) -> None:
    sessions.add("one", lea, "")
    sessions.add("two", lea, "", replaced="one")
    assert sessions.find("one") is None
    assert rows(base) == 1


def test_a_session_that_is_over_is_deleted_when_somebody_signs_in(
    base: KnowledgeBase, sessions: BrowserSessions, calendar: Calendar, lea: Account
) -> None:
    sessions.add("one", lea, "")
    calendar.pass_days(14)
    assert sessions.find("one")
    calendar.pass_days(1)
    assert sessions.find("one") is None
    assert rows(base) == 1
    sessions.add("two", lea, "")
    assert rows(base) == 1


def test_the_day_of_a_page_is_noted_once(
    sessions: BrowserSessions, calendar: Calendar, lea: Account
) -> None:
    kept = sessions.add("one", lea, "")
    sessions.note_page(kept)
    assert sessions.find("one") == (lea, kept)
    calendar.pass_days(10)
    sessions.note_page(kept)
    found = sessions.find("one")
    assert found
    assert found[1].seen_on == "2026-03-11"


def test_what_changes_who_may_do_what_ends_the_sessions_of_the_account(
    base: KnowledgeBase, sessions: BrowserSessions, lea: Account
) -> None:
    accounts, ended = base.accounts, list[bool]()
    sessions.add("chef", accounts.get("Chef"), "")
    for change in (
        lambda: accounts.set_password("Léa", "un autre gel en flacon"),
        lambda: accounts.set_role("Léa", AccountRole.CONTRIBUTOR),
        lambda: (accounts.disable("Léa"), accounts.enable("Léa")),
        lambda: accounts.end_sessions("Léa"),
    ):
        for name in ("one", "two"):
            sessions.add(name, accounts.get("Léa"), "")
        token = accounts.issue_token("Léa", "import")
        change()
        ended.append(accounts.account_of_token(token) is None)
        assert sessions.find("one") is None
        assert sessions.find("two") is None
        assert sessions.find("chef")
        assert base.accounts.authenticate("Léa", PASSWORD) is None
        assert rows(base) == 1
    assert ended == [True, True, True, False]  # who signs out everywhere keeps the tokens


def test_an_account_has_so_many_sessions_and_no_more(
    base: KnowledgeBase, sessions: BrowserSessions, lea: Account
) -> None:
    for number in range(MOST_OF_ACCOUNT + 3):
        sessions.add(f"number {number}", lea, "")
    assert rows(base) == MOST_OF_ACCOUNT
    assert sessions.find("number 2") is None
    assert sessions.find("number 3")


def test_only_ones_own_session_is_ended_by_its_handle(
    base: KnowledgeBase, sessions: BrowserSessions, lea: Account
) -> None:
    mine, other = sessions.add("a" * 64, lea, ""), sessions.add("b" * 64, lea, "")
    chef = base.accounts.get("Chef")
    for handle in (mine.handle, "", "%", "a" * 64):
        with pytest.raises(UnknownRecord):
            sessions.end_one(chef, handle)
    sessions.end_one(lea, mine.handle)
    assert [one.hash for one in sessions.of_account(lea)] == [other.hash]


def test_while_another_process_writes_nobody_is_signed_in_or_out(
    base: KnowledgeBase, lea: Account, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.database.BUSY_TIMEOUT_S", 0.01)
    sessions = BrowserSessions(base._stores)
    kept = sessions.add("one", lea, "")
    with base._stores.lend() as other, other.writing():
        calendar.pass_days(1)
        sessions.note_page(kept)
        for change in (lambda: sessions.end(["one"]), lambda: sessions.add("two", lea, "")):
            with pytest.raises(KnowledgeBaseError, match="locked"):
                change()
        assert sessions.find("one") == (lea, kept)
        assert sessions.find("two") is None


def test_wrong_passwords_are_counted_by_day_for_a_month(
    base: KnowledgeBase, lea: Account, calendar: Calendar
) -> None:
    wrong = base.wrong_passwords
    assert wrong.of("Léa") == WrongTries()
    for name in ("léa", "LÉA", "Nobody"):
        wrong.note(name)
    calendar.pass_days(10)
    wrong.note("Léa")
    assert wrong.of("Léa") == WrongTries(3, 1, "2026-03-11")
    assert set(wrong.by_account()) == {"léa"}
    calendar.pass_days(20)
    assert wrong.of("Léa") == WrongTries(1, 0, "2026-03-11")
    wrong.note("Léa")
    with base._stores.lend() as connection:
        kept = connection.execute("select account, day, tried from wrong_passwords").fetchall()
    assert sorted(map(tuple, kept)) == [("léa", "2026-03-11", 1), ("léa", "2026-03-31", 1)]


def test_many_within_two_days_are_an_attack(
    base: KnowledgeBase, lea: Account, calendar: Calendar
) -> None:
    wrong = base.wrong_passwords
    for _ in range(ATTACK_TRIES - 1):
        wrong.note("Léa")
    assert not wrong.of("Léa").is_attack
    calendar.pass_days(1)
    wrong.note("Léa")
    assert wrong.of("Léa").is_attack
    calendar.pass_days(1)
    assert not wrong.of("Léa").is_attack
