"""Digests: told when they are due, what is new since the last, and nothing twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.registers.alerts.outbox import NewMail, QueuedMail
from kb.registers.alerts.subscriptions import CONFIRM, Frequency, NewsTopic, Subscription, TopicKind
from kb.settings import Settings
from tests.web.sample_base import ANGOULEME, AVEL, DISTILLERY, PERFUMER
from tests.web.signed_in import SITE, client_of
from web.alerts.digests import Digests, is_due
from web.app import ROOM_FILTERS
from web.http.templating import Assets, Renderer

SETTINGS = Settings(
    public_url=SITE + "/",
    smtp_url=SecretStr("smtp://127.0.0.1:9"),
    mail_from="alertes@quisait.example",
    secret=SecretStr("a secret of thirty-two characters"),
)
PARIS = ZoneInfo("Europe/Paris")
LONG_AGO = "2026-01-05T10:00:00.000+00:00"
CASES = NewsTopic(TopicKind.CASES)
GEL = NewsTopic(TopicKind.SEARCH, "gel sanitiser")
ALL = NewsTopic(TopicKind.CATALOGUE)

LATER = datetime.now(PARIS) + timedelta(days=8)
"""When all that a test publishes is settled, and every digest is due."""


@pytest.fixture
def digests(base: KnowledgeBase) -> Digests:
    renderer = Renderer(Assets(mounted_at="/static"), ROOM_FILTERS)
    return Digests(base, SETTINGS, renderer)


Subscribe = Callable[..., Subscription]


@pytest.fixture
def subscribe(base: KnowledgeBase) -> Subscribe:
    def subscribed(
        topic: NewsTopic,
        frequency: Frequency = Frequency.WEEKLY,
        email: str = "claire@example.org",
        lang: str = "fr",
        at: str = LONG_AGO,
    ) -> Subscription:
        def write(asked: Subscription) -> NewMail:
            return NewMail(asked.subscriber.email, "s", "t", "h", lang, CONFIRM)

        asked = base.subscriptions.ask(email, lang, topic, frequency, write, at=at)
        assert asked is not None
        mail = base.outbox.take(at)
        assert mail is not None
        base.outbox.sent(mail.id, at)
        return base.subscriptions.confirm(asked.id, at)

    return subscribed


def queued(base: KnowledgeBase) -> list[QueuedMail]:
    mails = []
    while mail := base.outbox.take((LATER + timedelta(days=99)).isoformat()):
        mails.append(mail)
    return mails


def test_a_digest_has_the_news_of_all_topics_each_with_its_evidence(
    base: KnowledgeBase, digests: Digests, subscribe: Subscribe
) -> None:
    base.put([AVEL, DISTILLERY, PERFUMER, ANGOULEME])
    subscribe(GEL)
    subscribe(CASES)
    assert digests.queue_due(LATER) == 1
    (mail,) = queued(base)
    assert mail.mail.recipient == "claire@example.org"
    assert mail.mail.subject == "Vos alertes\N{NO-BREAK SPACE}: 4 nouveautés"
    text, html = mail.mail.text, mail.mail.html
    assert "QUI SAIT\N{NO-BREAK SPACE}: «\N{NO-BREAK SPACE}GEL SANITISER" in text
    assert "* Avel (Saphir)\n  Magnac-Lavalette · Charente (16)\n" in text
    assert "  Montré – fabrique et conditionne le gel\n" in text
    assert f"  {SITE}/fr/acteurs/avel\n" in text
    assert "&#" not in text
    assert "<strong>Montré</strong> – <span>fabrique et conditionne le gel</span>" in html
    assert f'<a href="{SITE}/fr/cas/angouleme">' in html
    assert "<img" not in html
    assert html.count("http") == html.count(SITE)
    assert mail.mail.unsubscribe_url in text
    client = client_of(base, SETTINGS)
    for word in [word for word in text.split() if word.startswith(SITE)]:
        assert client.get(word).status_code == 200, word


def test_nothing_is_told_twice_and_nothing_new_is_no_mail(
    base: KnowledgeBase, digests: Digests, subscribe: Subscribe
) -> None:
    base.put([AVEL])
    subscribe(ALL, Frequency.DAILY)
    assert digests.queue_due(LATER) == 1
    assert digests.queue_due(LATER) == 0
    assert digests.queue_due(LATER + timedelta(days=1)) == 0
    (subscription,) = base.subscriptions.confirmed()
    assert datetime.fromisoformat(subscription.digested_at) == (LATER + timedelta(days=1)).replace(
        microsecond=LATER.microsecond // 1000 * 1000
    )
    assert len(queued(base)) == 1


def test_what_changed_is_told_as_changed(
    base: KnowledgeBase, digests: Digests, subscribe: Subscribe
) -> None:
    base.put([AVEL, DISTILLERY])
    since = base.publication_times(Kind.ACTOR, [AVEL.id])[AVEL.id][1]
    subscribe(ALL, lang="en", at=since)
    base.put([replace(AVEL, place="Angoulême")])
    assert digests.queue_due(LATER) == 1
    (mail,) = queued(base)
    assert "* Avel (Saphir) (changed)\n" in mail.mail.text
    assert DISTILLERY.name not in mail.mail.text
    assert mail.mail.subject == "What is new in the catalogue: 1 new"


def test_digests_are_due_at_an_hour_of_the_place(base: KnowledgeBase, subscribe: Subscribe) -> None:
    def at(written: str) -> datetime:
        return datetime.fromisoformat(written).replace(tzinfo=PARIS)

    asked = subscribe(ALL)
    for frequency, digested, moment, due in (
        # 2 March 2026 is a Monday.
        (Frequency.DAILY, "2026-03-02T07:00", "2026-03-03T06:59", False),
        (Frequency.DAILY, "2026-03-02T07:00", "2026-03-03T07:00", True),
        (Frequency.WEEKLY, "2026-03-02T07:00", "2026-03-09T06:59", False),
        (Frequency.WEEKLY, "2026-03-09T08:00", "2026-03-09T09:00", False),
        # Summer time begins on 29 March.
        (Frequency.WEEKLY, "2026-03-23T07:00", "2026-03-30T07:00", True),
    ):
        written = at(digested).astimezone(ZoneInfo("UTC")).isoformat(timespec="milliseconds")
        told = replace(asked, frequency=frequency, digested_at=written)
        assert is_due(told, 7, at(moment)) is due, moment
