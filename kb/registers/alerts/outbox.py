"""The outbox: mails until a mail server has them; none is sent a second time unasked."""

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import idna

from kb.errors import InputError, UnknownRecord
from kb.registers.clock import DAY_S, later, now
from kb.registers.register import Register, as_json, columns_of, count, row_as
from kb.remarks import Remark, kept_remark, restored_remark
from kb.store.connection import StoreRow
from kb.store.store import Store
from kb.text.email_addresses import addresses_in

RETRIED_AFTER_S = (60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600)  # after the first failure, the second…
FORGOTTEN = "password"  # the purpose of a mail with links for a forgotten password
FORGOTTEN_LINK_S = 3600  # how long such a link works; a mail that waited longer is not sent
LEASE_S = 10 * 60  # how long a mail is one sender's: longer than a mail server may take to answer
KEPT_SENT_S = DAY_S  # how long it is known to whom a mail was sent; its text is forgotten at once
KEPT_FAILED_S = 30 * DAY_S  # how long a mail that failed can be sent again


class MailState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to be sent; `unsubscribe_url` ends what it is part of (RFC 8058).

    `reply_to` is the address of the person who wrote it, if the program did not.
    """

    recipient: str
    subject: str
    text: str
    html: str
    lang: str
    purpose: str
    unsubscribe_url: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class QueuedMail:
    id: str
    mail: NewMail
    state: MailState
    queued_at: str
    next_at: str
    attempts: int
    problem: str


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    waiting: int
    failed: int
    sent: int


class Outbox(Register):
    """The register of mails; `at` is now if empty."""

    def queue(self, mail: NewMail, at: str = "", *, limits: Sequence[tuple[int, int]] = ()) -> str:
        """Queues a mail; returns its id, or "" beyond the `limits`, each a count and seconds."""
        with self._writing() as store:
            return _queue_within(store, mail, at, limits)

    def queue_written(
        self, mails: Sequence[NewMail], *, a_day: int, limits: Sequence[tuple[int, int]]
    ) -> Sequence[NewMail]:
        """Queues what a person writes, or nothing if that makes more than `a_day`; returns what."""
        with self._writing() as store:
            left = max(a_day - _written_by(store, mails[0].reply_to), 0)
            if len(mails) > left:
                raise InputError("enquiry_quota", most=a_day, left=left)
            return [mail for mail in mails if _queue_within(store, mail, "", limits)]

    def written_by(self, reply_to: str) -> int:
        """Counts the mails of a day that a person wrote."""
        with self._stores.lend() as store:
            return _written_by(store, reply_to)

    def take(self, at: str = "") -> QueuedMail | None:
        at = at or now()
        with self._writing() as store:
            _end_leases(store, at)
            store.execute(
                "delete from outbox where state = 'waiting' and purpose = ? and queued_at < ?",
                [FORGOTTEN, later(at, -FORGOTTEN_LINK_S)],
            )
            row = store.execute(
                "update outbox set state = 'sending', attempts = attempts + 1, leased_until = ?"
                " where id = (select id from outbox where state = 'waiting' and next_at <= ?"
                "  order by next_at, rowid limit 1) returning *",
                [later(at, LEASE_S), at],
            ).fetchone()
            return _queued(row) if row else None

    def handing_over(self, id: str, at: str = "") -> None:
        """Notes that a mail server is about to be given a mail."""
        with self._writing() as store:
            store.update("outbox", {"id": id}, {"handed_at": at or now()})

    def sent(self, id: str, at: str = "") -> None:
        values = {"state": MailState.SENT.value, "ended_at": at or now(), "problem": ""}
        with self._writing() as store:
            store.update(
                "outbox", {"id": id}, values | dict.fromkeys(("subject", "text", "html"), "")
            )

    def failed(self, id: str, problem: str, *, for_good: bool, at: str = "") -> None:
        at, kept = at or now(), as_json(kept_remark(problem))
        with self._writing() as store:
            attempts = _get(store, id).attempts
            if for_good or attempts > len(RETRIED_AFTER_S):
                values = {"state": MailState.FAILED.value, "ended_at": at}
            else:
                next_at = later(at, RETRIED_AFTER_S[attempts - 1])
                values = {"state": MailState.WAITING.value, "next_at": next_at, "handed_at": ""}
            store.update("outbox", {"id": id}, {**values, "leased_until": "", "problem": kept})

    def retry(self, id: str, at: str = "") -> None:
        values = {"state": MailState.WAITING.value, "next_at": at or now(), "attempts": 0}
        with self._writing() as store:
            _refuse_unless_failed(store, id)
            store.update("outbox", {"id": id}, {**values, "handed_at": "", "ended_at": ""})

    def delete(self, id: str) -> None:
        with self._writing() as store:
            _refuse_unless_failed(store, id)
            store.execute("delete from outbox where id = ?", [id])

    def get(self, id: str) -> QueuedMail:
        with self._stores.lend() as store:
            return _get(store, id)

    def failures(self) -> Sequence[QueuedMail]:
        rows = self._rows(
            "select * from outbox where state = 'failed' order by ended_at desc, rowid desc"
        )
        return [_queued(row) for row in rows]

    def counts(self) -> OutboxCounts:
        of = dict(map(tuple, self._rows("select state, count(*) from outbox group by state")))
        return OutboxCounts(
            of.get("waiting", 0) + of.get("sending", 0), of.get("failed", 0), of.get("sent", 0)
        )


# Within a transaction of the caller's


def queue_mail(store: Store, mail: NewMail, at: str = "") -> str:
    """Queues a mail; returns its id, with which its Message-ID begins."""
    at, kept = at or now(), replace(mail, recipient=checked_address(mail.recipient))
    queued = QueuedMail(secrets.token_hex(12), kept, MailState.WAITING, at, at, 0, "")
    row = columns_of(kept) | columns_of(queued, but=["mail"])
    store.insert("outbox", row | dict.fromkeys(("leased_until", "handed_at", "ended_at"), ""))
    return queued.id


def _queue_within(store: Store, mail: NewMail, at: str, limits: Sequence[tuple[int, int]]) -> str:
    at, recipient = at or now(), checked_address(mail.recipient)
    for most, within_s in limits:
        if recent_mails(store, recipient, mail.purpose, at, within_s) >= most:
            return ""
    return queue_mail(store, mail, at)


def _written_by(store: Store, reply_to: str) -> int:
    asked = "select count(*) from outbox where reply_to = ? and queued_at >= ?"
    return count(store, asked, [reply_to, later(now(), -DAY_S)])


def recent_mails(store: Store, recipient: str, purpose: str, at: str, within_s: int = DAY_S) -> int:
    return count(
        store,
        "select count(*) from outbox where recipient = ? and purpose = ? and queued_at >= ?",
        [recipient, purpose, later(at, -within_s)],
    )


def forget_recipient(store: Store, recipient: str, purposes: Collection[str]) -> None:
    store.run(
        "delete from outbox where recipient = :recipient and purpose in :values",
        purposes,
        recipient=recipient,
    )


def checked_address(written: str) -> str:
    found = addresses_in(written)
    if len(found.kept) != 1 or found.refused:
        raise InputError("not_an_address", "email", value=" ".join(written.split()))
    local, _, domain = found.kept[0].partition("@")
    if not local.isascii():  # few mail servers take those
        raise InputError("not_an_address", "email", value=found.kept[0])
    return f"{local}@{idna.encode(domain, uts46=True).decode()}"


def _end_leases(store: Store, at: str) -> None:
    """Frees the mails whose sender has ended; those that it may have sent have failed."""
    over = "state = 'sending' and leased_until < ?"
    store.execute(
        f"update outbox set state = 'failed', ended_at = ?, problem = ?"  # noqa: S608 (ours)
        f" where {over} and handed_at != ''",
        [at, as_json(kept_remark(Remark("mail_interrupted"))), at],
    )
    store.execute(f"update outbox set state = 'waiting' where {over}", [at])  # noqa: S608 (ours)


def _get(store: Store, id: str) -> QueuedMail:
    row = store.execute("select * from outbox where id = ?", [id]).fetchone()
    if row is None:
        raise UnknownRecord(Remark("no_mail"))
    return _queued(row)


def _refuse_unless_failed(store: Store, id: str) -> None:
    if _get(store, id).state is not MailState.FAILED:
        raise UnknownRecord(Remark("no_mail"))


def _queued(row: StoreRow) -> QueuedMail:
    problem = restored_remark(json.loads(row["problem"])) if row["problem"] else ""
    return row_as(QueuedMail, row, mail=row_as(NewMail, row), problem=problem)
