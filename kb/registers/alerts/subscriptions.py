"""Subscriptions: who is told of which topics, once they confirmed it."""

import json
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from kb.errors import InputError, UnknownRecord
from kb.registers.alerts.outbox import (
    NewMail,
    checked_address,
    forget_recipient,
    queue_mail,
    recent_mails,
)
from kb.registers.clock import later, now
from kb.registers.register import Register, columns_of, count, find, row_as
from kb.remarks import Remark
from kb.store.connection import StoreRow
from kb.store.store import Store


class TopicKind(StrEnum):
    SEARCH = "search"  # the organisations and cases that answer a need
    CATALOGUE = "catalogue"  # all organisations and cases
    CASES = "cases"  # the cases alone
    BOARD = "board"  # the needs and offers of the board
    NOTICE = "notice"  # the answers to a notice of the board


@dataclass(frozen=True, slots=True)
class NewsTopic:
    """What news are about; `q` is the need of a search, or the title of a notice."""

    kind: TopicKind
    q: str = ""
    department: str = ""
    theme: str = ""
    flow: str = ""
    notice_id: str = ""

    def as_json(self) -> str:
        said = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(said, ensure_ascii=False, sort_keys=True)


UNCONFIRMED_FOR_S = 48 * 3600  # how long a subscription can be confirmed
MOST_MAILS_A_DAY = 3  # most mails for an address in a day that were asked for by whoever typed it
MOST_OF_ONE = 50  # most topics of an address
CONFIRM, FIND, DIGEST = "confirm", "find", "digest"  # the purposes of mails


class Frequency(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Subscriber:
    id: str
    email: str
    lang: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic that a subscriber is told of once confirmed: news up to `told_until` were told."""

    id: str
    subscriber: Subscriber
    topic: NewsTopic
    frequency: Frequency
    account: str
    created_at: str
    confirmed_at: str = ""
    digested_at: str = ""
    told_until: str = ""


class Subscriptions(Register):
    """The register of subscriptions; `at` is now if empty. A wrong address raises `InputError`."""

    def ask(
        self,
        email: str,
        lang: str,
        topic: NewsTopic,
        frequency: Frequency,
        write: Callable[[Subscription], NewMail],
        *,
        account: str = "",
        at: str = "",
    ) -> Subscription | None:
        """Adds a subscription to be confirmed, and queues a mail; None after too many today."""
        at, email = at or now(), checked_address(email)
        with self._writing() as store:
            forget_unconfirmed(store, at)
            if recent_mails(store, email, CONFIRM, at) >= MOST_MAILS_A_DAY:
                return None
            subscriber = find(
                store, Subscriber, "select * from subscribers where email = ?", [email]
            )
            if subscriber is None:
                subscriber = Subscriber(secrets.token_hex(12), email, lang, at)
                store.insert("subscribers", columns_of(subscriber))
            id_ = secrets.token_hex(12)
            asked = Subscription(id_, subscriber, topic, frequency, account, at)
            row = {"subscriber_id": subscriber.id, "topic": topic.as_json()}
            store.insert("subscriptions", columns_of(asked, but=["subscriber"]) | row)
            queue_mail(store, write(asked), at)
            return asked

    def find(self, email: str, write: Callable[[Subscriber], NewMail], at: str = "") -> None:
        """Queues a mail that leads to the subscriptions of an address, if it has any."""
        at, email = at or now(), checked_address(email)
        with self._writing() as store:
            subscriber = find(
                store,
                Subscriber,
                "select * from subscribers where email = ? and exists (select 1 from subscriptions"
                " where subscriber_id = subscribers.id and confirmed_at != '')",
                [email],
            )
            if subscriber and recent_mails(store, email, FIND, at) < MOST_MAILS_A_DAY:
                queue_mail(store, write(subscriber), at)

    def get(self, id: str) -> Subscription:
        with self._stores.lend() as store:
            return _get(store, id)

    def of_subscriber(self, subscriber_id: str) -> Sequence[Subscription]:
        return self._confirmed("subscribers.id = ?", subscriber_id)

    def of_account(self, account: str) -> Sequence[Subscription]:
        return self._confirmed("account = ?", account)

    def confirmed(self) -> Sequence[Subscription]:
        return self._confirmed("? = ''", "")

    def confirm(self, id: str, at: str = "") -> Subscription:
        at = at or now()
        with self._writing() as store:
            found = _get(store, id)
            if found.confirmed_at:
                return found
            store.execute(
                "delete from subscriptions where subscriber_id = ? and topic = ? and id != ?",
                [found.subscriber.id, found.topic.as_json(), id],
            )
            confirmed = count(
                store,
                "select count(*) from subscriptions where subscriber_id = ? and confirmed_at != ''",
                [found.subscriber.id],
            )
            if confirmed >= MOST_OF_ONE:
                raise InputError("many_subscriptions", most=MOST_OF_ONE)
            values = dict.fromkeys(("confirmed_at", "digested_at", "told_until"), at)
            store.update("subscriptions", {"id": id}, values)
            return _get(store, id)

    def change(self, id: str, frequency: Frequency) -> None:
        self._write("update subscriptions set frequency = ? where id = ?", [frequency.value, id])

    def set_language(self, subscriber_id: str, lang: str) -> None:
        self._write("update subscribers set lang = ? where id = ?", [lang, subscriber_id])

    def stop(self, id: str) -> None:
        """Ends a subscription; with the last, the address is forgotten."""
        with self._writing() as store:
            _end(store, "id = ?", id)

    def forget(self, subscriber_id: str) -> None:
        with self._writing() as store:
            _end(store, "subscriber_id = ?", subscriber_id)

    def digested(
        self, told: Collection[Subscription], mail: NewMail | None, *, until: str, at: str = ""
    ) -> bool:
        """Notes what news are told, and queues the mail; False if another process did."""
        at = at or now()
        with self._writing() as store:
            for subscription in told:
                row = store.execute(
                    "select digested_at, told_until from subscriptions where id = ?",
                    [subscription.id],
                ).fetchone()
                if row is None or tuple(row) != (subscription.digested_at, subscription.told_until):
                    return False
            store.executemany(
                "update subscriptions set digested_at = ?, told_until = ? where id = ?",
                [(at, until, subscription.id) for subscription in told],
            )
            if mail:
                queue_mail(store, mail, at)
            return True

    def _confirmed(self, condition: str, value: str) -> Sequence[Subscription]:
        rows = self._rows(
            f"{_JOINED} where confirmed_at != '' and {condition}"
            " order by subscribers.created_at, subscriber_id, confirmed_at, subscriptions.rowid",
            [value],
        )
        return [_subscription(row) for row in rows]


# Within a transaction of the caller's


def forget_unconfirmed(store: Store, at: str) -> int:
    return _end(store, "confirmed_at = '' and created_at < ?", later(at, -UNCONFIRMED_FOR_S))


_JOINED = (
    "select subscriptions.*, email, lang, subscribers.created_at since from subscriptions"
    " join subscribers on subscribers.id = subscriber_id"
)


def _get(store: Store, id: str) -> Subscription:
    row = store.execute(f"{_JOINED} where subscriptions.id = ?", [id]).fetchone()
    if row is None:
        raise UnknownRecord(Remark("no_subscription"))
    return _subscription(row)


def _subscription(row: StoreRow) -> Subscription:
    subscriber = Subscriber(row["subscriber_id"], row["email"], row["lang"], row["since"])
    return row_as(Subscription, row, subscriber=subscriber)


def _end(store: Store, condition: str, value: str) -> int:
    ended = store.execute(
        f"delete from subscriptions where {condition} returning subscriber_id",  # noqa: S608 (ours)
        [value],
    ).fetchall()
    rows = store.run(
        "delete from subscribers where id in :values and not exists"
        " (select 1 from subscriptions where subscriber_id = subscribers.id) returning email",
        {row["subscriber_id"] for row in ended},
    )
    for row in rows:
        forget_recipient(store, row["email"], (CONFIRM, FIND, DIGEST))
    return len(ended)
