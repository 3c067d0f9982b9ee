"""Digests: the news of all topics of a subscriber in one mail, sent when due and not empty."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from ingest.schedule import local_time
from kb.errors import KnowledgeBaseError, QueryError, QuisaitError
from kb.knowledge_base import KnowledgeBase
from kb.registers.alerts.outbox import NewMail
from kb.registers.alerts.subscriptions import DIGEST, Frequency, NewsTopic, Subscriber, Subscription
from kb.settings import Settings
from web.alerts.news import NewsItem, news_of
from web.http.i18n import Language
from web.http.security.cookies import site_secret
from web.http.templating import Renderer
from web.http.urls import Page, address
from web.mail import MailWriter, SignedLinks
from web.regularly import Regularly

TO_CONFIRM, TO_MANAGE = "alert to confirm", "alerts of a subscriber"
MOST_OF_A_TOPIC = 10
_DAY = timedelta(days=1)
SETTLED = timedelta(seconds=60)
"""How old news are at least: what is being written as a digest is made is told in the next."""

LOOK_EVERY_S = 60.0
_log = logging.getLogger(__name__)


class TopicNews(NamedTuple):
    topic: NewsTopic
    items: Sequence[NewsItem]
    more: int
    since: str


def is_due(subscription: Subscription, hour: int, moment: datetime) -> bool:
    due = moment.replace(hour=hour, minute=0, second=0, microsecond=0)
    if due > moment:
        due -= _DAY
    if subscription.frequency is Frequency.WEEKLY:
        due -= timedelta(days=due.weekday())
    # A digest to come was written while a clock was wrong.
    return not _written(due) <= subscription.digested_at <= _written(moment + _DAY)


class Digests(Regularly):
    def __init__(
        self, knowledge_base: KnowledgeBase, settings: Settings, renderer: Renderer
    ) -> None:
        super().__init__("digests", self._queue, LOOK_EVERY_S)
        self._knowledge_base = knowledge_base
        self._writer = MailWriter(
            renderer, settings, lambda: knowledge_base.identity.current().identity
        )
        self._links = SignedLinks(site_secret(settings, knowledge_base))
        self._hour = settings.digest_hour

    def queue_due(self, moment: datetime, *, all_now: bool = False) -> int:
        """Queues the digests due at `moment`, or all with `all_now`; returns how many mails."""
        subscriptions = self._knowledge_base.subscriptions
        until = _written(moment - SETTLED)
        count = 0
        for subscriber, own in groupby(subscriptions.confirmed(), key=lambda one: one.subscriber):
            due = [one for one in own if all_now or is_due(one, self._hour, moment)]
            if not due:
                continue
            try:
                mail = self._mail(subscriber, due, until)
            except KnowledgeBaseError:
                raise
            except Exception:  # noqa: BLE001 (the others are not kept waiting)
                _log.exception("A digest could not be made")
                continue
            is_first = subscriptions.digested(due, mail, until=until, at=_written(moment))
            count += bool(mail and is_first)
            if self._ending.is_set():
                break
        return count

    def _news(self, due: Sequence[Subscription], language: Language, until: str) -> list[TopicNews]:
        found: dict[tuple[NewsTopic, str], list[NewsItem]] = {}
        for one in due:
            try:
                found[one.topic, one.told_until] = news_of(
                    self._knowledge_base, one.topic, language, since=one.told_until, until=until
                )
            except QueryError:  # what can be searched is stricter now
                _log.warning("A topic can no longer be searched")
        return [
            TopicNews(topic, items[:MOST_OF_A_TOPIC], len(items[MOST_OF_A_TOPIC:]), since)
            for (topic, since), items in found.items()
            if items
        ]

    def _mail(
        self, subscriber: Subscriber, due: Sequence[Subscription], until: str
    ) -> NewMail | None:
        language = Language(subscriber.lang)
        news = self._news(due, language, until)
        if not news:
            return None
        token = self._links.sign(TO_MANAGE, subscriber.id)
        return self._writer.write(
            "alerts/mail/digest",
            language,
            recipient=subscriber.email,
            purpose=DIGEST,
            link=address(Page.MY_ALERTS, t=token),
            unsubscribe=address(Page.ALERT_STOP, t=token),
            news=news,
            count=sum(len(of.items) + of.more for of in news),
        )

    def _queue(self) -> None:
        try:
            self.queue_due(local_time())
        except QuisaitError as error:
            _log.warning("Digests wait: %s", error)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
