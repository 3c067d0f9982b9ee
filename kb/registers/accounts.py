"""Accounts: who may contribute and moderate, their passwords, and their tokens for the API.

A password is kept as its argon2id hash, a token as its SHA-256: neither can be read back.
"""

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from kb.errors import AccountError, KnowledgeBaseError, ReadOnlyKnowledgeBase, UnknownRecord
from kb.registers import passwords
from kb.store.connection import StoreRow
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.store import Store

MAX_NAME_CHARS = 80
MAX_LABEL_CHARS = 80
TOKEN_PREFIX = "qsf_"  # noqa: S105 (what tokens begin with, so that a leaked one is recognised)
TOKEN_HANDLE_CHARS = 12

_USE_NOTED_EVERY = timedelta(hours=1)


class AccountRole(StrEnum):
    """The rights of an account; each role has the rights of the roles before it.

    A holder corrects the pages of its own organisation, and is no member.
    """

    HOLDER = "holder"
    CONTRIBUTOR = "contributor"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"

    def may(self, other: "AccountRole") -> bool:
        """Returns whether this role has at least the rights of another."""
        ranks = list(AccountRole)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, slots=True)
class Account:
    """An account that can sign in. Sessions of another epoch than `session_epoch` are over.

    `toured` is when it put away the tour of the moderation page; empty until then. `email` is where
    a link for a forgotten password is sent, or empty.
    """

    name: str
    role: AccountRole
    created_at: str
    disabled: bool
    session_epoch: int
    toured: str = ""
    email: str = ""

    @property
    def is_member(self) -> bool:
        """Returns whether the account sees what sources show to members."""
        return self.role.may(AccountRole.CONTRIBUTOR)

    def may_see(self, created_by: str) -> bool:
        """Returns whether the account made a draft or a job itself, or is a moderator."""
        return created_by == self.name or self.role.may(AccountRole.MODERATOR)


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret. `handle`, the beginning of its hash, names it.

    `expires_on` is its last day, in UTC; empty where it has none.
    """

    handle: str
    label: str
    created_at: str
    used_at: str
    expires_on: str = ""


class Accounts:
    """The register of accounts. Names are compared folded: "Léa" and "LÉA" are one account.

    Changes raise `ReadOnlyKnowledgeBase` if the base cannot be written, and methods other than
    `add` and `authenticate` raise `UnknownRecord` if no account has the name.
    """

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def add(self, name: str, password: str, role: AccountRole) -> Account:
        """Makes an account.

        Raises:
            AccountError: the name is taken, or it or the password cannot be used.
        """
        credentials = Credentials.of(name, password)
        with self._stores.lend() as store, store.writing():
            return add_account(store, credentials, role)

    def get(self, name: str) -> Account:
        """The account of this name, however it is spelled."""
        with self._stores.lend() as store:
            return _account(_known(store, name))

    def list(self) -> Sequence[Account]:
        """Every account, in the order of their names."""
        with self._stores.lend() as store:
            rows = store.execute("select * from accounts order by key").fetchall()
        return [_account(row) for row in rows]

    def authenticate(self, name: str, password: str) -> Account | None:
        """The account of this name if the password is right and the account not disabled.

        Takes as long for an unknown name as for a wrong password.
        """
        with self._stores.lend() as store:
            row = _row(store, name)
        stored = row["password_hash"] if row else ""
        if not passwords.verify(stored, password) or not row or row["disabled_at"]:
            return None
        if passwords.needs_rehash(stored):
            rehashed = passwords.hashed(password)
            with suppress(ReadOnlyKnowledgeBase), self._stores.lend() as store, store.writing():
                # Unless the password was changed meanwhile.
                store.execute(
                    "update accounts set password_hash = ? where key = ? and password_hash = ?",
                    [rehashed, row["key"], stored],
                )
        return _account(row)

    def set_password(self, name: str, password: str, *, epoch: int | None = None) -> Account:
        """Gives an account another password; ends its sessions and its tokens.

        Raises:
            AccountError: the password cannot be used.
            UnknownRecord: the epoch of the account is not `epoch`, if that is given.
        """
        account = self.get(name)
        password_hash = passwords.hashed(_checked_password(password, account.name))
        return self._update(name, "password_hash = ?", password_hash, ends_access=True, epoch=epoch)

    def set_email(self, name: str, email: str) -> Account:
        """Gives an account another e-mail address, or none."""
        return self._update(name, "email = ?", email)

    def set_role(self, name: str, role: AccountRole) -> Account:
        """Gives an account another role; ends its sessions and its tokens if it had another.

        Raises:
            AccountError: it is the last administrator's.
        """
        account = self.get(name)
        if account.role is role:
            return account
        loses = role is not AccountRole.ADMINISTRATOR
        return self._update(
            name, "role = ?", role.value, keeps_administrator=loses, ends_access=True
        )

    def disable(self, name: str) -> Account:
        """Ends an account's sessions and its tokens, and lets it sign in no more.

        Raises:
            AccountError: it is the last administrator's.
        """
        return self._update(
            name, "disabled_at = ?", _now(), keeps_administrator=True, ends_access=True
        )

    def enable(self, name: str) -> Account:
        """Lets an account sign in again, with the password it had."""
        return self._update(name, "disabled_at = ?", "")

    def end_tour(self, name: str) -> Account:
        """Shows an account the tour of the moderation page no more."""
        return self._update(name, "toured = ?", _now())

    def end_sessions(self, name: str) -> Account:
        """Signs an account out everywhere. Its tokens stay valid."""
        with self._stores.lend() as store, store.writing():
            _end_sessions(store, _known(store, name)["key"])
            return _account(_known(store, name))

    def end_all_sessions(self) -> None:
        """Signs all accounts out everywhere."""
        with self._stores.lend() as store, store.writing():
            for (key,) in store.execute("select key from accounts").fetchall():
                _end_sessions(store, key)

    def issue_token(self, name: str, label: str, valid_days: int | None = None) -> str:
        """A new token that acts as this account; it is shown only now.

        It is valid for so many days, or until it is revoked.

        Raises:
            AccountError: the account is disabled, or the label is empty or too long.
        """
        label = " ".join(label.split())
        if not 0 < len(label) <= MAX_LABEL_CHARS:
            raise AccountError("token_label", "label", most=MAX_LABEL_CHARS)
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        with self._stores.lend() as store, store.writing():
            row = _known(store, name)
            if row["disabled_at"]:
                raise AccountError("account_disabled", name=row["name"])
            store.insert(
                "tokens",
                {
                    "hash": _token_hash(token),
                    "account": row["key"],
                    "label": label,
                    "created_at": _now(),
                    "used_at": "",
                    "expires_on": _day_in(valid_days) if valid_days else "",
                },
            )
        return token

    def account_of_token(self, token: str) -> Account | None:
        """The account that a token acts as, if it is valid. Notes its use, once an hour."""
        if not token.startswith(TOKEN_PREFIX):
            return None
        hashed = _token_hash(token)
        with self._stores.lend() as store:
            found = store.execute(
                "select accounts.*, used_at from tokens join accounts on key = account"
                " where hash = ? and disabled_at = '' and (expires_on = '' or expires_on >= ?)",
                [hashed, _day_in(0)],
            ).fetchone()
            if not found:
                return None
            now = datetime.now(UTC)
            if not found["used_at"] or (
                now - datetime.fromisoformat(found["used_at"]) >= _USE_NOTED_EVERY
            ):
                # Not worth failing for: another use will note it.
                with suppress(KnowledgeBaseError), store.writing(waits=False):
                    store.execute("update tokens set used_at = ? where hash = ?", [_now(), hashed])
            return _account(found)

    def tokens(self, name: str) -> Sequence[Token]:
        """The valid tokens of an account, the newest first."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select * from tokens where account = ? and (expires_on = '' or expires_on >= ?)"
                " order by created_at desc, hash",
                [_known(store, name)["key"], _day_in(0)],
            ).fetchall()
        return [dataclass_of(Token, row, handle=row["hash"][:TOKEN_HANDLE_CHARS]) for row in rows]

    def revoke_token(self, name: str, handle: str) -> None:
        """Makes a token of an account worthless.

        Raises:
            UnknownRecord: the account has no token of this handle.
        """
        with self._stores.lend() as store, store.writing():
            revoked = store.execute(
                "delete from tokens where account = ? and substr(hash, 1, ?) = ?",
                [_known(store, name)["key"], TOKEN_HANDLE_CHARS, handle],
            )
            if not revoked.rowcount:
                raise UnknownRecord(f"The account {name!r} has no such token.")

    def revoke_tokens(self, name: str) -> int:
        """Makes all tokens of an account worthless; returns how many there were."""
        with self._stores.lend() as store, store.writing():
            return _revoke_tokens(store, _known(store, name)["key"])

    def _update(
        self,
        name: str,
        change: str,
        value: str,
        *,
        keeps_administrator: bool = False,
        ends_access: bool = False,
        epoch: int | None = None,
    ) -> Account:
        """Changes an account in one transaction; `change` is SQL with one parameter.

        `ends_access`: whoever is signed in as the account, or has a token of it, is no more.
        """
        with self._stores.lend() as store, store.writing():
            row = _known(store, name)
            key = row["key"]
            if epoch not in {None, row["session_epoch"]}:
                raise UnknownRecord(f"The account {name!r} has changed.")
            if keeps_administrator:
                _refuse_last_administrator(store, key)
            store.execute(
                f"update accounts set {change} where key = ?",  # noqa: S608 (its callers write it)
                [value, key],
            )
            if ends_access:
                _end_sessions(store, key)
                _revoke_tokens(store, key)
            return _account(_known(store, name))


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and the hash of a password that an account can have."""

    name: str
    password_hash: str

    @classmethod
    def of(cls, name: str, password: str) -> "Credentials":
        """Checks a name and a password, and hashes it, which takes long.

        Raises:
            AccountError: one of them cannot be used.
        """
        name = _checked_name(name)
        return cls(name, passwords.hashed(_checked_password(password, name)))


# Within a transaction of the caller's


def add_account(store: Store, credentials: Credentials, role: AccountRole) -> Account:
    """Makes an account.

    Raises:
        AccountError: the name is taken.
    """
    name = credentials.name
    if _row(store, name):
        raise AccountError("account_name_taken", "name", name=name)
    store.insert(
        "accounts",
        {
            "key": account_key(name),
            "name": name,
            "password_hash": credentials.password_hash,
            "role": role.value,
            "created_at": _now(),
            "disabled_at": "",
            "session_epoch": 1,
        },
    )
    return _account(_known(store, name))


def find_account(store: Store, name: str) -> Account | None:
    """The account of this name or key, if there is one."""
    row = _row(store, name)
    return _account(row) if row else None


def _end_sessions(store: Store, key: str) -> None:
    """Signs an account out everywhere; the epoch also ends what the database does not list."""
    store.execute("update accounts set session_epoch = session_epoch + 1 where key = ?", [key])
    store.execute("delete from sessions where account = ?", [key])


def _revoke_tokens(store: Store, key: str) -> int:
    return store.execute("delete from tokens where account = ?", [key]).rowcount


def delete_account(store: Store, name: str) -> str:
    """Deletes an account with its sessions and tokens; returns its name, "" if there is none.

    Raises:
        AccountError: it is the last administrator's.
    """
    row = _row(store, name)
    if row is None:
        return ""
    _refuse_last_administrator(store, row["key"])
    _end_sessions(store, row["key"])
    _revoke_tokens(store, row["key"])
    store.execute("delete from wrong_passwords where account = ?", [row["key"]])
    store.execute("delete from accounts where key = ?", [row["key"]])
    return str(row["name"])


def _refuse_last_administrator(store: Store, key: str) -> None:
    administrators = store.execute(
        "select key, name from accounts where role = ? and disabled_at = ''",
        [AccountRole.ADMINISTRATOR.value],
    ).fetchall()
    if [row["key"] for row in administrators] == [key]:
        raise AccountError("last_administrator", name=administrators[0]["name"])


def _row(store: Store, name: str) -> StoreRow | None:
    found: StoreRow | None = store.execute(
        "select * from accounts where key = ?", [account_key(name)]
    ).fetchone()
    return found


def _known(store: Store, name: str) -> StoreRow:
    row = _row(store, name)
    if row is None:
        raise UnknownRecord(f"There is no account {name!r}.")
    return row


def _account(row: StoreRow) -> Account:
    return dataclass_of(
        Account, row, role=AccountRole(row["role"]), disabled=bool(row["disabled_at"])
    )


def account_key(name: str) -> str:
    """The key that names are compared by, folded twice: folding can undo what NFKC composed.

    Halves of surrogate pairs, which no database takes, are as good as question marks.
    """
    name = name.encode(errors="replace").decode()
    folded = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def _checked_name(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    if not 0 < len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise AccountError("account_name", "name", most=MAX_NAME_CHARS)
    return name


def _checked_password(password: str, name: str) -> str:
    password = passwords.checked(password)
    if account_key(password) == account_key(name) or len(set(password)) < 4:
        raise AccountError("plain_password", "password")
    return password


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _day_in(days: int) -> str:
    """The day so many days from today, in UTC."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
