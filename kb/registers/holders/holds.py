"""The register of holds: which organisation asked for its page, and which account holds it.

Who asks proves it by a mail at the domain of the organisation's website, or a moderator decides.
Either way a link is followed, once: it gives the page to an account. Of a link only its SHA-256
is kept. A moderator looks at each hold before the page says that it is held.
"""

import hashlib
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kb.errors import UnknownRecord
from kb.registers.accounts import Account, AccountRole, Credentials, add_account
from kb.registers.alerts.outbox import NewMail, checked_address, queue_mail, recent_mails
from kb.registers.clock import later, now
from kb.registers.versions import merged_into
from kb.store.connection import StoreRow
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.store import Store

LINK_S = 2 * 24 * 3600
"""How long a link may be followed; a hold that nobody confirmed is then forgotten."""

MAILS_A_DAY = 3
"""The most mails with a link that an address gets in a day."""

LINK_MAIL = "hold"
"""The purpose of a mail with a link."""


class HoldState(StrEnum):
    """Waits for a moderator; has a link to follow; is held; is refused, or over."""

    WAITING = "waiting"
    LINKED = "linked"
    HELD = "held"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Hold:
    """An organisation's wish to hold its page, and what became of it.

    `message` says who asks and how they are reached besides by `email`; `lang` is the language in
    which they asked. `proved`: the address is at the domain of the organisation's website.
    `account` holds the page since `held_at`. `accepted_by` is the moderator who looked at it.
    """

    id: str
    actor_id: str
    state: HoldState
    email: str
    message: str
    lang: str
    proved: bool
    account: str
    accepted_by: str
    asked_at: str
    held_at: str
    link_until: str


class Holds:
    """The register of holds. Changes raise `UnknownRecord` where the state does not allow them."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def ask(
        self,
        actor_id: str,
        email: str,
        *,
        message: str,
        lang: str,
        write: Callable[[str], NewMail] | None = None,
    ) -> None:
        """Keeps a wish: for a moderator, or with a mail that proves it.

        `write` writes the mail for a token. An address that has had `MAILS_A_DAY` gets none.

        Raises:
            InputError: `email` is no e-mail address.
        """
        email = checked_address(email)
        with self._stores.lend() as store, store.writing():
            store.execute(
                "delete from holds where state = 'linked' and accepted_by = '' and link_until < ?",
                [now()],
            )
            if write and recent_mails(store, email, LINK_MAIL, now()) >= MAILS_A_DAY:
                return
            id_ = secrets.token_hex(8)
            store.insert(
                "holds",
                {
                    "id": id_,
                    "actor_id": actor_id,
                    "state": HoldState.WAITING.value,
                    "email": email,
                    "message": message,
                    "lang": lang,
                    "proved": int(write is not None),
                    "account": "",
                    "accepted_by": "",
                    "asked_at": now(),
                    "held_at": "",
                    "link_until": "",
                    "token_hash": "",
                },
            )
            if write:
                queue_mail(store, write(_new_link(store, id_)))

    def waiting(self) -> Sequence[Hold]:
        """Those that a moderator has to look at, oldest first."""
        return self._found(
            "state = 'waiting' or state = 'held' and accepted_by = '' order by asked_at, rowid"
        )

    def of(self, actor_id: str) -> Sequence[Hold]:
        """Those of an organisation that are not refused or over, oldest first."""
        with self._stores.lend() as store:
            ids = [actor_id, *merged_into(store, actor_id)]
            rows = store.run(
                "select * from holds where state in ('waiting', 'linked', 'held')"
                " and actor_id in :values order by asked_at, rowid",
                ids,
            )
        return [_hold(row) for row in rows]

    def accepted(self, actor_id: str) -> Hold | None:
        """The oldest hold of an organisation that a moderator accepted, or None."""
        held = (hold for hold in self.of(actor_id) if hold.state is HoldState.HELD)
        return next((hold for hold in held if hold.accepted_by), None)

    def held_by(self, account: str) -> Sequence[str]:
        """The ids of the organisations whose pages an account holds, and of what they became."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select distinct coalesce(merged.actor_id, holds.actor_id) from holds"
                " left join merged_actors as merged on merged.id = holds.actor_id"
                " where state = 'held' and account = ?",
                [account],
            ).fetchall()
        return [row[0] for row in rows]

    def get(self, id: str) -> Hold:
        """The hold with this id, or `UnknownRecord`."""
        with self._stores.lend() as store:
            return _get_hold(store, id)

    def accept(
        self, id: str, *, by: str, write: Callable[[Hold, str], NewMail] | None = None
    ) -> str:
        """Accepts a hold. Returns the token of its link, which `write` mails, or an empty string.

        One that is held already needs no link.
        """
        with self._stores.lend() as store, store.writing():
            hold = _of_states(store, id, {HoldState.WAITING, HoldState.LINKED, HoldState.HELD})
            store.execute("update holds set accepted_by = ? where id = ?", [by, id])
            if hold.state is HoldState.HELD:
                return ""
            token = _new_link(store, id)
            if write:
                queue_mail(store, write(hold, token))
            return token

    def refuse(self, id: str) -> None:
        """Refuses a wish, and forgets who asked."""
        self._end(id, {HoldState.WAITING, HoldState.LINKED}, HoldState.REFUSED)

    def withdraw(self, id: str) -> None:
        """Takes a page back from the account that holds it."""
        self._end(id, {HoldState.HELD}, HoldState.WITHDRAWN)

    def linked(self, token: str) -> Hold:
        """The hold whose link has this token, or `UnknownRecord` if it is over."""
        with self._stores.lend() as store:
            return _linked(store, token)

    def confirm(self, token: str, account: Account) -> Hold:
        """Gives the page to an account; the link is then over."""
        with self._stores.lend() as store, store.writing():
            return _give(store, token, account)

    def confirm_with(self, token: str, credentials: Credentials) -> tuple[Hold, Account]:
        """Gives the page to a new account of a holder; the link is then over.

        Raises:
            AccountError: the name is taken.
        """
        with self._stores.lend() as store, store.writing():
            _linked(store, token)
            account = add_account(store, credentials, AccountRole.HOLDER)
            return _give(store, token, account), account

    def _end(self, id: str, before_: Collection[HoldState], after: HoldState) -> None:
        with self._stores.lend() as store, store.writing():
            _of_states(store, id, before_)
            store.execute(
                "update holds set state = ?, email = '', message = '', token_hash = ''"
                " where id = ?",
                [after.value, id],
            )

    def _found(self, condition: str) -> list[Hold]:
        with self._stores.lend() as store:
            rows = store.execute(f"select * from holds where {condition}").fetchall()  # noqa: S608
        return [_hold(row) for row in rows]


# Within a transaction of the caller's


def erase_holds(store: Store, actor_ids: Collection[str]) -> None:
    """Deletes the holds of organisations that are erased."""
    store.run("delete from holds where actor_id in :values", actor_ids)


def _new_link(store: Store, id: str) -> str:
    token = secrets.token_urlsafe(32)
    store.execute(
        "update holds set state = 'linked', token_hash = ?, link_until = ? where id = ?",
        [_hashed(token), later(now(), LINK_S), id],
    )
    return token


def _linked(store: Store, token: str) -> Hold:
    row = store.execute(
        "select * from holds where state = 'linked' and token_hash = ? and link_until >= ?",
        [_hashed(token), now()],
    ).fetchone()
    if row is None:
        raise UnknownRecord("This link was followed already, or is too old.")
    return _hold(row)


def _give(store: Store, token: str, account: Account) -> Hold:
    hold = _linked(store, token)
    store.execute(
        "update holds set state = 'held', account = ?, held_at = ?, token_hash = '' where id = ?",
        [account.name, now(), hold.id],
    )
    return _get_hold(store, hold.id)


def _of_states(store: Store, id: str, states: Collection[HoldState]) -> Hold:
    hold = _get_hold(store, id)
    if hold.state not in states:
        raise UnknownRecord(f"The hold {id!r} is {hold.state}.")
    return hold


def _get_hold(store: Store, id: str) -> Hold:
    row = store.execute("select * from holds where id = ?", [id]).fetchone()
    if row is None:
        raise UnknownRecord(f"There is no hold with the id {id!r}.")
    return _hold(row)


def _hold(row: StoreRow) -> Hold:
    return dataclass_of(Hold, row, state=HoldState(row["state"]), proved=bool(row["proved"]))


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
