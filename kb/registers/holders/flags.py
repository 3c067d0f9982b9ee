"""The register of flags: what people say is wrong on a page, until a moderator has settled it.

The address of who says so is forgotten with the mail that tells them.
"""

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kb.errors import UnknownRecord
from kb.registers.alerts.outbox import NewMail, checked_address, queue_mail
from kb.registers.clock import now
from kb.store.connection import StoreRow
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.store import Store


class FlaggedKind(StrEnum):
    """What a flagged page shows."""

    ACTOR = "actor"
    CASE = "case"
    NOTICE = "notice"


class FlagReason(StrEnum):
    """What is wrong. Those of RIGHTS, who ask that a person be taken out, come first."""

    CLOSED = "closed"
    CONTACT = "contact"
    TRADE = "trade"
    RIGHTS = "rights"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Flag:
    """What a person says is wrong on the page of a record.

    `email` is where they are told what became of it, or empty; `lang` the language of the page
    that they used. `settlement` is the line of the moderator `settled_by`; empty while it waits.
    """

    id: str
    kind: FlaggedKind
    record_id: str
    reason: FlagReason
    text: str
    email: str
    lang: str
    at: str
    settlement: str
    settled_by: str
    settled_at: str


class Flags:
    """The register of flags."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def add(
        self,
        kind: FlaggedKind,
        record_id: str,
        reason: FlagReason,
        *,
        text: str,
        lang: str,
        email: str = "",
    ) -> Flag:
        """Stores what is wrong, for moderators.

        Raises:
            InputError: `email` is not empty, and no e-mail address.
        """
        values = {
            "id": secrets.token_hex(8),
            "kind": kind.value,
            "record_id": record_id,
            "reason": reason.value,
            "text": text,
            "email": checked_address(email) if email else "",
            "lang": lang,
            "at": now(),
            "settlement": "",
            "settled_by": "",
            "settled_at": "",
        }
        with self._stores.lend() as store, store.writing():
            store.insert("flags", values)
            return _get_flag(store, str(values["id"]))

    def waiting(self) -> Sequence[Flag]:
        """The flags that wait: those about rights first, then the oldest."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select * from flags where settled_at = ''"
                " order by reason = 'rights' desc, \"at\", rowid"
            ).fetchall()
        return [_flag(row) for row in rows]

    def get(self, id: str) -> Flag:
        """The flag with this id, or `UnknownRecord`."""
        with self._stores.lend() as store:
            return _get_flag(store, id)

    def settle(
        self, id: str, settlement: str, *, by: str, write: Callable[[Flag], NewMail] | None = None
    ) -> Flag:
        """Says in a line what became of a flag, and tells who raised it, if they left an address.

        `write` writes the mail, if this site sends any.

        Raises:
            UnknownRecord: there is no such flag, or it is settled.
        """
        with self._stores.lend() as store, store.writing():
            flag = _get_flag(store, id)
            if flag.settled_at:
                raise UnknownRecord(f"The flag {id!r} is settled.")
            store.execute(
                "update flags set settlement = ?, settled_by = ?, settled_at = ? where id = ?",
                [settlement, by, now(), id],
            )
            if flag.email and write:
                queue_mail(store, write(_get_flag(store, id)))
            store.execute("update flags set email = '' where id = ?", [id])
            return _get_flag(store, id)


# Within a transaction of the caller's


def erase_flags(store: Store, kind: FlaggedKind, record_ids: Collection[str]) -> None:
    """Deletes what was said of records that are erased."""
    for record_id in record_ids:
        store.execute("delete from flags where kind = ? and record_id = ?", [kind.value, record_id])


def _get_flag(store: Store, id: str) -> Flag:
    row = store.execute("select * from flags where id = ?", [id]).fetchone()
    if row is None:
        raise UnknownRecord(f"There is no flag with the id {id!r}.")
    return _flag(row)


def _flag(row: StoreRow) -> Flag:
    return dataclass_of(Flag, row, kind=FlaggedKind(row["kind"]), reason=FlagReason(row["reason"]))
