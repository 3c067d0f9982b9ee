"""The outbox: mails from the moment that something causes them until a mail server has them.

A mail is queued in the transaction of its cause. Whoever sends it takes it for a while (a lease),
and notes that it hands it over before doing so: a process that ends in between leaves a mail that
may have been sent, which nobody sends a second time unasked.
"""

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import idna

from kb.errors import InputError, UnknownRecord
from kb.registers.clock import later, now
from kb.remarks import Remark, kept_remark, restored_remark
from kb.store.connection import StoreRow
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.store import Store
from kb.text.email_addresses import addresses_in

RETRIED_AFTER_S = (60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600)
"""How long a mail waits after its first failure, its second…; after one more it has failed."""

_DAY_S = 24 * 3600

FORGOTTEN = "password"
"""The purpose of a mail with links for a forgotten password."""

FORGOTTEN_LINK_S = 3600
"""How long such a link may be followed. A mail that waited longer is not sent."""

LEASE_S = 10 * 60
"""How long a mail is one sender's: longer than a mail server may take to answer."""

KEPT_SENT_S = 24 * 3600
"""How long it is known to whom a mail was sent; its text is forgotten at once."""

KEPT_FAILED_S = 30 * 24 * 3600
"""How long a mail that failed can be sent again."""


class MailState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to be sent: its parts are written, in the language of its reader.

    `purpose` is a word for what it is for, such as "digest". `unsubscribe_url` ends what it is
    part of when a mail program sends a form there (RFC 8058); empty for mails that were asked for
    once.
    """

    recipient: str
    subject: str
    text: str
    html: str
    lang: str
    purpose: str
    unsubscribe_url: str = ""


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A mail in the outbox.

    `attempts` counts those that were begun, `next_at` is the time of the next, and `problem` the
    line of the last that failed. Of a sent mail, the texts are empty.
    """

    id: str
    mail: NewMail
    state: MailState
    queued_at: str
    next_at: str
    attempts: int
    problem: str


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """Counts of mails: on their way, failed, and sent within `KEPT_SENT_S`."""

    waiting: int
    failed: int
    sent: int


class Outbox:
    """The register of mails. Times are as `kb.registers.clock` writes them; `at` is now if empty.

    Each method is a transaction of its own; `queue_mail` is for the transaction of a cause.
    """

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def queue(self, mail: NewMail, at: str = "", *, limits: Sequence[tuple[int, int]] = ()) -> str:
        """Queues a mail that is its own cause; returns its id.

        A limit is a count and seconds: if so many of its purpose were queued for its recipient
        within them, it is not, and has no id.

        Raises:
            InputError: the recipient is no e-mail address.
        """
        at = at or now()
        with self._stores.lend() as store, store.writing():
            for most, within_s in limits:
                if recent_mails(store, mail.recipient, mail.purpose, at, within_s) >= most:
                    return ""
            return queue_mail(store, mail, at)

    def take(self, at: str = "") -> QueuedMail | None:
        """Takes the mail that has been due longest, for `LEASE_S`; None if none is due.

        A mail that nobody tried to send is due, also if a clock that was ahead queued it.
        """
        at = at or now()
        with self._stores.lend() as store, store.writing():
            _end_leases(store, at)
            store.execute(
                "delete from outbox where state = 'waiting' and purpose = ? and queued_at < ?",
                [FORGOTTEN, later(at, -FORGOTTEN_LINK_S)],
            )
            row = store.execute(
                "update outbox set state = 'sending', attempts = attempts + 1, leased_until = ?"
                " where id = (select id from outbox where state = 'waiting'"
                "  and (next_at <= ? or attempts = 0 or next_at > ?)"
                "  order by next_at, rowid limit 1) returning *",
                [later(at, LEASE_S), at, later(at, RETRIED_AFTER_S[-1])],
            ).fetchone()
            return _queued(row) if row else None

    def handing_over(self, id: str, at: str = "") -> None:
        """Notes, before it is so, that a mail server is given a mail."""
        self._set(id, handed_at=at or now())

    def sent(self, id: str, at: str = "") -> None:
        """Notes that a mail server has taken a mail, and forgets the texts."""
        self._set(id, state="sent", ended_at=at or now(), subject="", text="", html="", problem="")

    def failed(self, id: str, problem: str, *, for_good: bool, at: str = "") -> None:
        """Notes why a mail was not sent; it is tried again later, unless `for_good`."""
        at = at or now()
        with self._stores.lend() as store, store.writing():
            mail = _get(store, id)
            if for_good or mail.attempts > len(RETRIED_AFTER_S):
                _update(store, id, state="failed", ended_at=at, problem=_kept(problem))
                return
            _update(
                store,
                id,
                state="waiting",
                next_at=later(at, RETRIED_AFTER_S[mail.attempts - 1]),
                leased_until="",
                handed_at="",
                problem=_kept(problem),
            )

    def retry(self, id: str, at: str = "") -> None:
        """Has a mail that failed sent again, as if it were new.

        Raises:
            UnknownRecord: there is no such mail, or it has not failed.
        """
        with self._stores.lend() as store, store.writing():
            _failed(store, id)
            _update(
                store, id, state="waiting", next_at=at or now(), attempts=0, handed_at="",
                ended_at="",
            )  # fmt: skip

    def delete(self, id: str) -> None:
        """Forgets a mail that failed.

        Raises:
            UnknownRecord: there is no such mail, or it has not failed.
        """
        with self._stores.lend() as store, store.writing():
            _failed(store, id)
            store.execute("delete from outbox where id = ?", [id])

    def get(self, id: str) -> QueuedMail:
        """The mail with this id, or `UnknownRecord`."""
        with self._stores.lend() as store:
            return _get(store, id)

    def failures(self) -> Sequence[QueuedMail]:
        """The mails that failed, newest first."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select * from outbox where state = 'failed' order by ended_at desc, rowid desc"
            ).fetchall()
        return [_queued(row) for row in rows]

    def counts(self) -> OutboxCounts:
        with self._stores.lend() as store:
            of = dict(
                map(tuple, store.execute("select state, count(*) from outbox group by state"))
            )
        return OutboxCounts(
            of.get("waiting", 0) + of.get("sending", 0), of.get("failed", 0), of.get("sent", 0)
        )

    def _set(self, id: str, **values: str) -> None:
        with self._stores.lend() as store, store.writing():
            _update(store, id, **values)


# Within a transaction of the caller's


def queue_mail(store: Store, mail: NewMail, at: str = "") -> str:
    """Queues a mail with its cause; returns its id, which its Message-ID begins with.

    Raises:
        InputError: the recipient is no e-mail address.
    """
    id = secrets.token_hex(12)
    at = at or now()
    recipient = checked_address(mail.recipient)
    store.execute(
        "insert into outbox (id, recipient, subject, text, html, lang, purpose, unsubscribe_url,"
        " state, queued_at, next_at, attempts, leased_until, handed_at, ended_at,"
        " problem) values (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?, 0, '', '', '', '')",
        [
            id, recipient, mail.subject, mail.text, mail.html, mail.lang, mail.purpose,
            mail.unsubscribe_url, at, at,
        ],
    )  # fmt: skip
    return id


def recent_mails(
    store: Store, recipient: str, purpose: str, at: str, within_s: int = _DAY_S
) -> int:
    """Returns how many mails of a purpose were queued for an address in the time up to another."""
    (count,) = store.execute(
        "select count(*) from outbox where recipient = ? and purpose = ?"
        " and queued_at >= ? and queued_at <= ?",
        [recipient, purpose, later(at, -within_s), at],
    ).fetchone()
    return int(count)


def forget_recipient(store: Store, recipient: str, purposes: Collection[str]) -> None:
    """Deletes every mail for these purposes to an address, sent or not."""
    store.run(
        "delete from outbox where recipient = :recipient and purpose in :values",
        purposes,
        recipient=recipient,
    )


def checked_address(written: str) -> str:
    """Returns an e-mail address as it is kept: in lower case.

    Raises:
        InputError: it is no e-mail address, or more than one.
    """
    found = addresses_in(written)
    if len(found.kept) != 1 or found.refused:
        raise InputError("not_an_address", "email", value=" ".join(written.split()))
    local, _, domain = found.kept[0].partition("@")
    if not local.isascii():  # few mail servers take those
        raise InputError("not_an_address", "email", value=found.kept[0])
    return f"{local}@{idna.encode(domain, uts46=True).decode()}"


def _end_leases(store: Store, at: str) -> None:
    """Frees the mails whose sender has ended; those that it may have sent have failed."""
    over = "state = 'sending' and (leased_until < ? or leased_until > ?)"
    leased = [at, later(at, LEASE_S)]
    store.execute(
        f"update outbox set state = 'failed', ended_at = ?, problem = ?"  # noqa: S608 (ours)
        f" where {over} and handed_at != ''",
        [at, _kept(Remark("mail_interrupted")), *leased],
    )
    store.execute(f"update outbox set state = 'waiting' where {over}", leased)  # noqa: S608 (ours)


def _update(store: Store, id: str, **values: str | int) -> None:
    columns = ", ".join(f"{column} = :{column}" for column in values)
    store.execute(
        f"update outbox set {columns} where id = :id",  # noqa: S608 (columns of ours)
        {**values, "id": id},
    )


def _get(store: Store, id: str) -> QueuedMail:
    row = store.execute("select * from outbox where id = ?", [id]).fetchone()
    if row is None:
        raise UnknownRecord(Remark("no_mail"))
    return _queued(row)


def _failed(store: Store, id: str) -> None:
    if _get(store, id).state is not MailState.FAILED:
        raise UnknownRecord(Remark("no_mail"))


def _queued(row: StoreRow) -> QueuedMail:
    return dataclass_of(
        QueuedMail,
        row,
        mail=dataclass_of(NewMail, row),
        state=MailState(row["state"]),
        problem=restored_remark(json.loads(row["problem"])) if row["problem"] else "",
    )


def _kept(problem: str) -> str:
    return json.dumps(kept_remark(problem), ensure_ascii=False)
