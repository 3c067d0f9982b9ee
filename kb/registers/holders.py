"""Holds of organisations on their pages, and flags of what is wrong on a page."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kb.errors import UnknownRecord
from kb.registers.accounts import Account, AccountRole, Credentials, add_account, hashed_token
from kb.registers.alerts.outbox import NewMail, checked_address, queue_mail, recent_mails
from kb.registers.clock import DAY_S, now, to_come
from kb.registers.register import Register, by_id, columns_of, find, known
from kb.store.store import Store

LINK_S = 2 * DAY_S  # how long a link works; a hold that nobody confirmed is then forgotten
MAILS_A_DAY = 3  # the most mails with a link that an address gets in a day
LINK_MAIL = "hold"  # the purpose of a mail with a link


class HoldState(StrEnum):
    WAITING = "waiting"
    LINKED = "linked"
    HELD = "held"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Hold:
    """An organisation's wish to hold its page; `proved` by an address at its website's domain."""

    id: str
    actor_id: str
    state: HoldState
    email: str
    message: str
    lang: str
    proved: bool
    asked_at: str
    account: str = ""
    accepted_by: str = ""
    held_at: str = ""
    link_until: str = ""


class Holds(Register):
    """The register of holds. Changes raise `UnknownRecord` where the state does not allow them."""

    def ask(
        self,
        actor_id: str,
        email: str,
        *,
        message: str,
        lang: str,
        write: Callable[[str], NewMail] | None = None,
    ) -> None:
        """Keeps a wish: for a moderator, or with a mail that proves it, written for a token."""
        email, at = checked_address(email), now()
        with self._writing() as store:
            store.execute(
                "delete from holds where state = 'linked' and accepted_by = '' and link_until < ?",
                [at],
            )
            if write and recent_mails(store, email, LINK_MAIL, at) >= MAILS_A_DAY:
                return
            id_ = secrets.token_hex(8)
            proved = write is not None
            hold = Hold(id_, actor_id, HoldState.WAITING, email, message, lang, proved, at)
            store.insert("holds", {**columns_of(hold), "token_hash": ""})
            if write:
                queue_mail(store, write(_new_link(store, id_)))

    def waiting(self) -> Sequence[Hold]:
        return self._read(
            Hold,
            "select * from holds where state = 'waiting' or state = 'held' and accepted_by = ''"
            " order by asked_at, rowid",
        )

    def of(self, actor_id: str) -> Sequence[Hold]:
        return self._read(
            Hold,
            "select * from holds where state in ('waiting', 'linked', 'held')"
            " and (actor_id = :id"
            " or actor_id in (select id from merged_actors where actor_id = :id))"
            " order by asked_at, rowid",
            {"id": actor_id},
        )

    def accepted(self, actor_id: str) -> Hold | None:
        held = (hold for hold in self.of(actor_id) if hold.state is HoldState.HELD)
        return next((hold for hold in held if hold.accepted_by), None)

    def held_by(self, account: str) -> Sequence[str]:
        rows = self._rows(
            "select distinct coalesce(merged.actor_id, holds.actor_id) from holds"
            " left join merged_actors as merged on merged.id = holds.actor_id"
            " where state = 'held' and account = ?",
            [account],
        )
        return [row[0] for row in rows]

    def get(self, id: str) -> Hold:
        return self._by_id(Hold, "holds", id)

    def accept(
        self, id: str, *, by: str, write: Callable[[Hold, str], NewMail] | None = None
    ) -> str:
        """Accepts a hold; returns the token of its link, which `write` mails, if it needs one."""
        with self._writing() as store:
            hold = _hold(store, id, HoldState.WAITING, HoldState.LINKED, HoldState.HELD)
            store.update("holds", {"id": id}, {"accepted_by": by})
            if hold.state is HoldState.HELD:
                return ""
            token = _new_link(store, id)
            if write:
                queue_mail(store, write(hold, token))
            return token

    def refuse(self, id: str) -> None:
        self._end(id, HoldState.REFUSED, HoldState.WAITING, HoldState.LINKED)

    def withdraw(self, id: str) -> None:
        self._end(id, HoldState.WITHDRAWN, HoldState.HELD)

    def linked(self, token: str) -> Hold:
        with self._stores.lend() as store:
            return _linked(store, token)

    def confirm(self, token: str, account: Account) -> Hold:
        with self._writing() as store:
            return _give(store, token, account)

    def confirm_with(self, token: str, credentials: Credentials) -> tuple[Hold, Account]:
        with self._writing() as store:
            _linked(store, token)
            account = add_account(store, credentials, AccountRole.HOLDER)
            return _give(store, token, account), account

    def _end(self, id: str, after: HoldState, *before: HoldState) -> None:
        with self._writing() as store:
            _hold(store, id, *before)
            values = {"state": after.value, "email": "", "message": "", "token_hash": ""}
            store.update("holds", {"id": id}, values)


def _new_link(store: Store, id: str) -> str:
    token = secrets.token_urlsafe(32)
    values = {"token_hash": hashed_token(token), "link_until": to_come(LINK_S)}
    store.update("holds", {"id": id}, {"state": HoldState.LINKED.value, **values})
    return token


def _linked(store: Store, token: str) -> Hold:
    hold = find(
        store,
        Hold,
        "select * from holds where state = 'linked' and token_hash = ? and link_until >= ?",
        [hashed_token(token), now()],
    )
    return known(hold, "This link was followed already, or is too old.")


def _give(store: Store, token: str, account: Account) -> Hold:
    hold = _linked(store, token)
    values = {"account": account.name, "held_at": now(), "token_hash": ""}
    store.update("holds", {"id": hold.id}, {"state": HoldState.HELD.value, **values})
    return by_id(store, Hold, "holds", hold.id)


def _hold(store: Store, id: str, *states: HoldState) -> Hold:
    hold = by_id(store, Hold, "holds", id)
    if states and hold.state not in states:
        raise UnknownRecord(f"The hold {id!r} is {hold.state}.")
    return hold


class FlaggedKind(StrEnum):
    ACTOR = "actor"
    CASE = "case"
    NOTICE = "notice"


class FlagReason(StrEnum):
    """What is wrong; RIGHTS, that a person be taken out, comes first."""

    CLOSED = "closed"
    CONTACT = "contact"
    TRADE = "trade"
    RIGHTS = "rights"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Flag:
    id: str
    kind: FlaggedKind
    record_id: str
    reason: FlagReason
    text: str
    email: str
    lang: str
    at: str
    settlement: str = ""
    settled_by: str = ""
    settled_at: str = ""


class Flags(Register):
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
        email = checked_address(email) if email else ""
        flag = Flag(secrets.token_hex(8), kind, record_id, reason, text, email, lang, now())
        with self._writing() as store:
            store.insert("flags", columns_of(flag))
        return flag

    def waiting(self) -> Sequence[Flag]:
        return self._read(
            Flag,
            "select * from flags where settled_at = ''"
            " order by reason = 'rights' desc, \"at\", rowid",
        )

    def get(self, id: str) -> Flag:
        return self._by_id(Flag, "flags", id)

    def settle(
        self, id: str, settlement: str, *, by: str, write: Callable[[Flag], NewMail] | None = None
    ) -> Flag:
        with self._writing() as store:
            flag = by_id(store, Flag, "flags", id)
            if flag.settled_at:
                raise UnknownRecord(f"The flag {id!r} is settled.")
            flag = replace(flag, settlement=settlement, settled_by=by, settled_at=now())
            if flag.email and write:
                queue_mail(store, write(flag))
            flag = replace(flag, email="")
            store.update("flags", {"id": id}, columns_of(flag))
            return flag
