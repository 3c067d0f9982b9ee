"""Subscriptions: confirmed before they tell anything, and forgotten with all that was kept."""

from collections.abc import Callable

import pytest

from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.registers.alerts import subscriptions as register
from kb.registers.alerts.outbox import NewMail
from kb.registers.alerts.subscriptions import (
    CONFIRM,
    DIGEST,
    FIND,
    MOST_MAILS_A_DAY,
    Frequency,
    NewsTopic,
    Subscriber,
    Subscription,
    Subscriptions,
    TopicKind,
)
from kb.registers.personal_data.traits import Retention
from kb.settings import Settings

GEL = NewsTopic(TopicKind.SEARCH, "gel", "16")
CASES = NewsTopic(TopicKind.CASES, theme="Santé")
CLAIRE = "claire@example.org"
MONDAY = "2026-03-02T09:00:00.000+00:00"
TUESDAY = "2026-03-03T09:30:00.000+00:00"
THURSDAY = "2026-03-05T09:30:00.000+00:00"
KEPT = Retention.of(Settings())


def mail_to(subscriber: Subscriber, purpose: str) -> NewMail:
    return NewMail(subscriber.email, "s", "t", "h", subscriber.lang, purpose)


def to_confirm(asked: Subscription) -> NewMail:
    return mail_to(asked.subscriber, CONFIRM)


def to_find(subscriber: Subscriber) -> NewMail:
    return mail_to(subscriber, FIND)


@pytest.fixture
def subscriptions(base: KnowledgeBase) -> Subscriptions:
    return base.subscriptions


Ask = Callable[..., Subscription]


@pytest.fixture
def ask(subscriptions: Subscriptions) -> Ask:
    def asked(
        topic: NewsTopic = GEL, email: str = CLAIRE, at: str = MONDAY, account: str = ""
    ) -> Subscription:
        found = subscriptions.ask(
            email, "fr", topic, Frequency.WEEKLY, to_confirm, account=account, at=at
        )
        assert found is not None
        return found

    return asked


def test_nothing_is_told_until_it_is_confirmed(
    base: KnowledgeBase, subscriptions: Subscriptions, ask: Ask
) -> None:
    asked = ask(email="Claire@Example.org")
    assert base.outbox.counts().waiting == 1
    assert subscriptions.confirmed() == []
    assert subscriptions.of_subscriber(asked.subscriber.id) == []
    confirmed = subscriptions.confirm(asked.id, TUESDAY)
    assert subscriptions.confirmed() == [confirmed]
    assert confirmed.subscriber.email == CLAIRE
    assert confirmed.topic == GEL
    assert confirmed.confirmed_at == confirmed.digested_at == confirmed.told_until == TUESDAY
    assert subscriptions.confirm(asked.id, THURSDAY) == confirmed


def test_what_is_not_confirmed_in_time_is_forgotten_with_its_address(
    base: KnowledgeBase, subscriptions: Subscriptions, ask: Ask
) -> None:
    asked = ask()
    base.personal_data.forget_old(KEPT, TUESDAY)
    assert subscriptions.get(asked.id) == asked
    base.personal_data.forget_old(KEPT, THURSDAY)
    with pytest.raises(UnknownRecord):
        subscriptions.confirm(asked.id, THURSDAY)
    assert base.outbox.counts().waiting == 0


def test_nobody_can_flood_the_mailbox_of_another(
    base: KnowledgeBase, subscriptions: Subscriptions, ask: Ask
) -> None:
    for number in range(MOST_MAILS_A_DAY):
        ask(NewsTopic(TopicKind.SEARCH, f"gel {number}"))

    def once_more(at: str) -> Subscription | None:
        return subscriptions.ask(CLAIRE, "fr", GEL, Frequency.DAILY, to_confirm, at=at)

    assert once_more(MONDAY) is None
    assert base.outbox.counts().waiting == MOST_MAILS_A_DAY
    assert ask(email="other@example.org")
    assert once_more(TUESDAY)


def test_a_topic_that_is_asked_for_again_is_told_once(
    subscriptions: Subscriptions, ask: Ask
) -> None:
    first = subscriptions.confirm(ask().id, MONDAY)
    second = subscriptions.ask(CLAIRE, "fr", GEL, Frequency.DAILY, to_confirm, at=TUESDAY)
    assert second is not None
    assert subscriptions.of_subscriber(first.subscriber.id) == [first]
    confirmed = subscriptions.confirm(second.id, TUESDAY)
    assert confirmed.frequency is Frequency.DAILY
    assert subscriptions.of_subscriber(first.subscriber.id) == [confirmed]


def test_an_address_has_so_many_topics(
    subscriptions: Subscriptions, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "MOST_OF_ONE", 1)
    subscriptions.confirm(ask().id, MONDAY)
    with pytest.raises(InputError, match="1 alerts"):
        subscriptions.confirm(ask(CASES).id, MONDAY)


def test_alerts_are_changed_and_stopped_one_by_one(
    base: KnowledgeBase, subscriptions: Subscriptions, ask: Ask
) -> None:
    gel, cases = (subscriptions.confirm(ask(topic).id, MONDAY) for topic in (GEL, CASES))
    subscriptions.change(gel.id, Frequency.DAILY)
    subscriptions.set_language(gel.subscriber.id, "en")
    assert [one.frequency for one in subscriptions.confirmed()] == [
        Frequency.DAILY,
        Frequency.WEEKLY,
    ]
    assert {one.subscriber.lang for one in subscriptions.confirmed()} == {"en"}
    subscriptions.stop(gel.id)
    assert [one.id for one in subscriptions.confirmed()] == [cases.id]
    assert base.outbox.counts().waiting == 2
    subscriptions.stop(cases.id)
    subscriptions.stop(cases.id)
    assert subscriptions.of_subscriber(gel.subscriber.id) == []
    assert base.outbox.counts().waiting == 0


def test_an_address_is_forgotten_with_everything_that_was_kept_of_it(
    base: KnowledgeBase, subscriptions: Subscriptions, ask: Ask
) -> None:
    claire = subscriptions.confirm(ask().id, MONDAY).subscriber
    ask(CASES)
    other = subscriptions.confirm(ask(email="other@example.org").id, MONDAY)
    subscriptions.forget(claire.id)
    assert [one.id for one in subscriptions.confirmed()] == [other.id]
    with base._stores.lend() as store:
        tables = ("subscribers", "subscriptions", "outbox")
        kept = "\n".join(
            repr(tuple(row)) for table in tables for row in store.execute(f"select * from {table}")
        )
    assert CLAIRE not in kept
    assert "other@example.org" in kept


def test_the_alerts_of_an_address_are_found_by_a_mail_to_it_alone(
    base: KnowledgeBase, subscriptions: Subscriptions, ask: Ask
) -> None:
    subscriptions.find(CLAIRE, to_find, MONDAY)
    asked = ask()
    subscriptions.find(CLAIRE, to_find, MONDAY)
    assert base.outbox.counts().waiting == 1  # the one that is to be confirmed
    subscriptions.confirm(asked.id, MONDAY)
    for _ in range(MOST_MAILS_A_DAY + 1):
        subscriptions.find(CLAIRE, to_find, MONDAY)
    assert base.outbox.counts().waiting == 1 + MOST_MAILS_A_DAY


def test_an_account_has_the_alerts_that_it_asked_for_and_no_others_of_the_address(
    subscriptions: Subscriptions, ask: Ask
) -> None:
    subscriptions.confirm(ask(GEL).id, MONDAY)
    asked = ask(CASES, account="Vincent")
    assert subscriptions.of_account("Vincent") == []
    subscriptions.confirm(asked.id, MONDAY)
    assert [one.topic for one in subscriptions.of_account("Vincent")] == [CASES]


def test_of_two_processes_one_tells_the_news(
    base: KnowledgeBase, subscriptions: Subscriptions, ask: Ask
) -> None:
    told = [subscriptions.confirm(ask().id, MONDAY)]
    mail = mail_to(told[0].subscriber, DIGEST)
    assert subscriptions.digested(told, mail, until=TUESDAY, at=TUESDAY)
    assert not subscriptions.digested(told, mail, until=TUESDAY, at=TUESDAY)
    assert base.outbox.counts().waiting == 2
    (after,) = subscriptions.confirmed()
    assert (after.digested_at, after.told_until) == (TUESDAY, TUESDAY)
    subscriptions.stop(after.id)
    assert not subscriptions.digested([after], mail, until=THURSDAY, at=THURSDAY)
