"""A clock that is set back, or was far ahead, stops no source, digest or link."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ingest.schedule import is_due, queue_due
from kb.knowledge_base import KnowledgeBase
from kb.registers import clock
from kb.registers.alerts.outbox import NewMail
from kb.registers.alerts.subscriptions import CONFIRM, Frequency, NewsTopic, TopicKind
from kb.registers.records.rereading import Interval
from web.alerts import digests
from web.mail import SignedLinks

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SetClock = Callable[[timedelta], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Sets the clock of registers to a time after `START`."""

    def set_to(after: timedelta) -> None:
        monkeypatch.setattr(clock, "moment", lambda: START + after)

    set_to(timedelta())
    return set_to


def test_a_source_that_was_read_by_a_clock_ahead_is_read_again(
    base: KnowledgeBase, set_clock: SetClock
) -> None:
    location = base.source_locations.add("Annuaire", "https://a.example/a.csv", Interval.WEEK)
    set_clock(timedelta(days=365))
    assert queue_due(base, 3, START + timedelta(days=365))
    base.source_locations.succeeded(location, location.validators)
    set_clock(timedelta())
    assert is_due(base.source_locations.get("Annuaire"), 3, START)
    assert queue_due(base, 3, START)


def _confirming() -> NewMail:
    return NewMail("claire@example.org", "s", "t", "h", "fr", CONFIRM)


@pytest.mark.parametrize("frequency", Frequency)
def test_a_digest_is_due_again_after_a_clock_was_ahead(
    base: KnowledgeBase, set_clock: SetClock, frequency: Frequency
) -> None:
    set_clock(timedelta(days=365))
    topic = NewsTopic(TopicKind.CASES)
    asked = base.subscriptions.ask(
        "claire@example.org", "fr", topic, frequency, lambda _: _confirming()
    )
    assert asked is not None
    confirmed = base.subscriptions.confirm(asked.id)
    assert not digests.is_due(confirmed, 7, START + timedelta(days=365, hours=1))
    assert digests.is_due(confirmed, 7, START)
    until = (START - timedelta(minutes=1)).isoformat(timespec="milliseconds")
    set_clock(timedelta())
    assert base.subscriptions.digested([confirmed], None, until=until)
    [now_told] = base.subscriptions.confirmed()
    assert not digests.is_due(now_told, 7, START)
    assert digests.is_due(now_told, 7, START + timedelta(days=8))


def test_a_link_in_a_mail_of_a_clock_ahead_can_be_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    links = SignedLinks("a secret of thirty-two characters")
    token = links.sign("confirm", "x")
    made_at = datetime.now(UTC)
    for after, value in (
        (timedelta(hours=-1), "x"), (timedelta(hours=1), "x"), (timedelta(days=-3), None),
        (timedelta(days=3), None),
    ):  # fmt: skip
        monkeypatch.setattr("web.mail.moment", lambda at=made_at + after: at)
        assert links.read("confirm", token, within_s=2 * 24 * 3600) == value
    assert links.read("confirm", token) == "x"
