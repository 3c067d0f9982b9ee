"""Sessions as the register keeps them, by a calendar that the tests turn."""

from datetime import UTC, datetime, timedelta

import pytest

from kb.errors import KnowledgeBaseError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.registers.access.sessions import MOST_OF_ACCOUNT, BrowserSessions
from kb.registers.accounts import Account, AccountRole
from kb.store.pool import StorePool

PASSWORD = "du cirage au gel"


class Calendar:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += timedelta(days=days)


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def sessions(base: KnowledgeBase, calendar: Calendar) -> BrowserSessions:
    base.sessions._now = calendar
    return base.sessions


@pytest.fixture
def lea(base: KnowledgeBase) -> Account:
    base.accounts.add("Chef", PASSWORD, AccountRole.ADMINISTRATOR)
    return base.accounts.add("Léa", PASSWORD, AccountRole.MODERATOR)


def rows(base: KnowledgeBase) -> int:
    with base._stores.lend() as connection:
        (count,) = connection.execute("select count(*) from sessions").fetchone()
    return int(count)


def test_a_session_opens_its_account(sessions: BrowserSessions, lea: Account) -> None:
    kept = sessions.add("abc", lea, "Firefox, Linux")
    assert sessions.find("abc") == (lea, kept)
    assert sessions.find("abd") is None
    assert (kept.seen_on, kept.device) == ("2026-03-01", "Firefox, Linux")


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


@pytest.mark.parametrize("change", ["password", "role", "disable", "sign out"])
def test_what_changes_who_may_do_what_ends_the_sessions_of_the_account(
    base: KnowledgeBase, sessions: BrowserSessions, lea: Account, change: str
) -> None:
    for name in ("one", "two"):
        sessions.add(name, lea, "")
    sessions.add("chef", base.accounts.get("Chef"), "")
    if change == "password":
        base.accounts.set_password("Léa", "un autre gel en flacon")
    elif change == "role":
        base.accounts.set_role("Léa", AccountRole.CONTRIBUTOR)
    elif change == "disable":
        base.accounts.disable("Léa")
        base.accounts.enable("Léa")
    else:
        base.accounts.end_sessions("Léa")
    assert sessions.find("one") is None
    assert sessions.find("two") is None
    assert sessions.find("chef")
    assert rows(base) == 1


def test_who_signs_in_while_the_password_changes_is_not_in(
    base: KnowledgeBase, sessions: BrowserSessions, lea: Account
) -> None:
    base.accounts.set_password("Léa", "un autre gel en flacon")
    sessions.add("late", lea, "")
    assert sessions.find("late") is None


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


def test_another_process_sees_at_once_what_was_ended(
    base: KnowledgeBase, sessions: BrowserSessions, lea: Account, calendar: Calendar
) -> None:
    other = BrowserSessions(base._stores, calendar)
    sessions.add("one", lea, "")
    assert other.find("one")
    sessions.end(["one"])
    assert other.find("one") is None


def test_where_another_process_writes_what_was_ended_is_over_here_and_soon_everywhere(
    base: KnowledgeBase,
    lea: Account,
    calendar: Calendar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kb.store.database.BUSY_TIMEOUT_S", 0.01)
    here, there = (BrowserSessions(base._stores, calendar) for _ in range(2))
    kept = here.add("one", lea, "")
    here.add("two", lea, "")
    with base._stores.lend() as other, other.writing():
        calendar.pass_days(1)
        here.note_page(kept)
        assert here.find("one") == (lea, kept)
        with pytest.raises(KnowledgeBaseError, match="locked"):
            here.end(["one"])
        assert here.find("one") is None
        assert [one.hash for one in here.of_account(lea)] == ["two"]
        assert there.find("one")
        # Whoever signs in meanwhile is in, and out of the session before.
        here.add("three", lea, "", replaced="two")
        assert here.find("three")
        assert here.find("two") is None
    assert here.find("three")  # any request
    assert there.find("one") is None
    assert there.find("two") is None
    base.accounts.set_password("Léa", "un autre gel en flacon")
    assert here.find("three") is None


def test_where_nothing_can_be_written_sessions_are_kept_in_this_process(
    base: KnowledgeBase, lea: Account, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = base._stores.place
    written = BrowserSessions(StorePool(path), calendar)
    written.add("before", lea, "")
    monkeypatch.setattr("kb.store.database.is_writable", lambda _: False)
    sessions, other = (BrowserSessions(StorePool(path), calendar) for _ in range(2))
    kept = sessions.add("one", lea, "")
    assert sessions.find("one") == (lea, kept)
    assert other.find("one") is None
    calendar.pass_days(10)
    sessions.note_page(kept)
    calendar.pass_days(10)
    assert sessions.find("one")
    sessions.add("two", lea, "", replaced="one")
    assert sessions.find("one") is None
    sessions.end(["two"])
    assert sessions.find("two") is None
    # Whoever may write has changed the password meanwhile.
    sessions.add("three", lea, "")
    base.accounts.set_password("Léa", "un autre gel en flacon")
    assert sessions.find("three") is None
    for number in range(MOST_OF_ACCOUNT + 9):
        sessions.add(f"number {number}", base.accounts.get("Léa"), "")
    assert len(sessions._in_memory) <= MOST_OF_ACCOUNT + 1


def test_what_was_written_before_is_ended_in_a_process_that_cannot_write(
    base: KnowledgeBase, lea: Account, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = base._stores.place
    BrowserSessions(StorePool(path), calendar).add("before", lea, "")
    monkeypatch.setattr("kb.store.database.is_writable", lambda _: False)
    sessions = BrowserSessions(StorePool(path), calendar)
    assert sessions.find("before")
    sessions.end(["before"])
    assert sessions.find("before") is None
