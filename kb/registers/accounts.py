"""Accounts, their passwords (kept as argon2id hashes), and API tokens (as SHA-256)."""

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from kb.errors import InputError, KnowledgeBaseError, ReadOnlyKnowledgeBase, UnknownRecord
from kb.registers import passwords
from kb.registers.clock import DAY_S, before, now, to_come
from kb.registers.register import Register, columns_of, find, known, row_as
from kb.store.store import Store

MAX_NAME_CHARS = 80
MAX_LABEL_CHARS = 80
TOKEN_PREFIX = "qsf_"  # noqa: S105 (what tokens begin with, so that a leaked one is recognised)
TOKEN_HANDLE_CHARS = 12
_USE_NOTED_EVERY_S = 3600


class AccountRole(StrEnum):
    """A role has the rights of the roles before it."""

    HOLDER = "holder"
    CONTRIBUTOR = "contributor"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"

    def may(self, other: "AccountRole") -> bool:
        ranks = list(AccountRole)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, slots=True)
class Account:
    """An account that can sign in; `toured` is when it put away the moderators' tour.

    `confirmed` is the address from which it answered a mail; that in use may be another.
    """

    name: str
    role: AccountRole
    created_at: str
    disabled: bool
    session_epoch: int
    toured: str = ""
    email: str = ""
    confirmed: str = ""

    @property
    def key(self) -> str:
        return account_key(self.name)

    @property
    def is_member(self) -> bool:
        return self.role.may(AccountRole.CONTRIBUTOR)

    def may_see(self, created_by: str) -> bool:
        return created_by == self.name or self.role.may(AccountRole.MODERATOR)


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret, named by the beginning of its hash; `expires_on` may be empty."""

    handle: str
    label: str
    created_at: str
    used_at: str
    expires_on: str = ""


class Accounts(Register):
    """The register of accounts; an unknown name raises `UnknownRecord`."""

    def add(self, name: str, password: str, role: AccountRole) -> Account:
        credentials = Credentials.of(name, password)
        with self._writing() as store:
            return add_account(store, credentials, role)

    def get(self, name: str) -> Account:
        with self._stores.lend() as store:
            return _known(store, name)

    def list(self) -> Sequence[Account]:
        return self._read(Account, f"{_SELECT} order by key")

    def authenticate(self, name: str, password: str) -> Account | None:
        """Returns the account; takes as long for an unknown name as for a wrong password."""
        rows = self._rows(f"{_SELECT} where key = ?", [account_key(name)])
        stored = rows[0]["password_hash"] if rows else ""
        if not passwords.verify(stored, password) or not rows or rows[0]["disabled"]:
            return None
        if passwords.needs_rehash(stored):
            with suppress(ReadOnlyKnowledgeBase):
                # Unless the password was changed meanwhile.
                self._write(
                    "update accounts set password_hash = ? where key = ? and password_hash = ?",
                    [passwords.hashed(password), rows[0]["key"], stored],
                )
        return row_as(Account, rows[0])

    def set_password(self, name: str, password: str, *, epoch: int | None = None) -> Account:
        password_hash = Credentials.of(self.get(name).name, password).password_hash
        return self._update(name, "password_hash", password_hash, ends=True, epoch=epoch)

    def set_email(self, name: str, email: str) -> Account:
        return self._update(name, "email", email)

    def confirm(self, name: str, email: str) -> Account:
        return self._update(name, "confirmed", email)

    def set_role(self, name: str, role: AccountRole) -> Account:
        account = self.get(name)
        return account if account.role is role else self._update(name, "role", role.value)

    def disable(self, name: str) -> Account:
        return self._update(name, "disabled_at", now())

    def enable(self, name: str) -> Account:
        return self._update(name, "disabled_at", "")

    def end_tour(self, name: str) -> Account:
        return self._update(name, "toured", now())

    def end_sessions(self, name: str) -> Account:
        """Signs an account out everywhere; its tokens stay valid."""
        with self._writing() as store:
            _end_sessions(store, _known(store, name).key)
            return _known(store, name)

    def end_all_sessions(self) -> None:
        with self._writing() as store:
            store.execute("update accounts set session_epoch = session_epoch + 1")
            store.execute("delete from sessions")

    def issue_token(self, name: str, label: str, valid_days: int | None = None) -> str:
        label = " ".join(label.split())
        if not 0 < len(label) <= MAX_LABEL_CHARS:
            raise InputError("token_label", "label", most=MAX_LABEL_CHARS)
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        with self._writing() as store:
            account = _known(store, name)
            if account.disabled:
                raise InputError("account_disabled", name=account.name)
            expires_on = to_come(valid_days * DAY_S)[:10] if valid_days else ""
            row = {"hash": hashed_token(token), "account": account.key, "label": label}
            times = {"created_at": now(), "used_at": "", "expires_on": expires_on}
            store.insert("tokens", row | times)
        return token

    def account_of_token(self, token: str) -> Account | None:
        """Returns the account that a token acts as, and notes its use, once an hour."""
        if not token.startswith(TOKEN_PREFIX):
            return None
        hashed = hashed_token(token)
        with self._stores.lend() as store:
            found = store.execute(
                "select accounts.*, used_at, false as disabled from tokens"
                " join accounts on key = account"
                " where hash = ? and disabled_at = '' and (expires_on = '' or expires_on >= ?)",
                [hashed, now()[:10]],
            ).fetchone()
            if not found:
                return None
            if found["used_at"] <= before(_USE_NOTED_EVERY_S):
                # Not worth failing for: another use will note it.
                with suppress(KnowledgeBaseError), store.writing(waits=False):
                    store.execute("update tokens set used_at = ? where hash = ?", [now(), hashed])
            return row_as(Account, found)

    def tokens(self, name: str) -> Sequence[Token]:
        return self._read(
            Token,
            "select *, substr(hash, 1, ?) as handle from tokens"
            " where account = ? and (expires_on = '' or expires_on >= ?)"
            " order by created_at desc, hash",
            [TOKEN_HANDLE_CHARS, self.get(name).key, now()[:10]],
        )

    def revoke_token(self, name: str, handle: str) -> None:
        with self._writing() as store:
            revoked = store.execute(
                "delete from tokens where account = ? and substr(hash, 1, ?) = ?",
                [_known(store, name).key, TOKEN_HANDLE_CHARS, handle],
            )
            if not revoked.rowcount:
                raise UnknownRecord(f"The account {name!r} has no such token.")

    def revoke_tokens(self, name: str) -> int:
        with self._writing() as store:
            return _revoke_tokens(store, _known(store, name).key)

    def _update(
        self, name: str, column: str, value: str, *, ends: bool = False, epoch: int | None = None
    ) -> Account:
        """Changes a column; a change of what an account may do ends its sessions and tokens."""
        with self._writing() as store:
            account = _known(store, name)
            if epoch not in {None, account.session_epoch}:
                raise UnknownRecord(f"The account {name!r} has changed.")
            changes_rights = column == "role" or (column == "disabled_at" and value != "")
            if changes_rights and value != AccountRole.ADMINISTRATOR:
                _refuse_last_administrator(store, account.key)
            store.update("accounts", {"key": account.key}, {column: value})
            if ends or changes_rights:
                _end_sessions(store, account.key)
                _revoke_tokens(store, account.key)
            return _known(store, name)


@dataclass(frozen=True, slots=True)
class Credentials:
    name: str
    password_hash: str

    @classmethod
    def of(cls, name: str, password: str) -> "Credentials":
        """Checks a name and a password, and hashes it, which takes long; raises `InputError`."""
        name = " ".join(unicodedata.normalize("NFKC", name).split())
        if not 0 < len(name) <= MAX_NAME_CHARS or not name.isprintable():
            raise InputError("account_name", "name", most=MAX_NAME_CHARS)
        password = passwords.checked(password)
        if account_key(password) == account_key(name) or len(set(password)) < 4:
            raise InputError("plain_password", "password")
        return cls(name, passwords.hashed(password))


# Within a transaction of the caller's


def add_account(store: Store, credentials: Credentials, role: AccountRole) -> Account:
    account = Account(credentials.name, role, now(), disabled=False, session_epoch=1)
    if find_account(store, account.name):
        raise InputError("account_name_taken", "name", name=account.name)
    row = {"key": account.key, "password_hash": credentials.password_hash, "disabled_at": ""}
    store.insert("accounts", columns_of(account, but=["disabled"]) | row)
    return account


_SELECT = "select *, disabled_at != '' as disabled from accounts"


def find_account(store: Store, name: str) -> Account | None:
    return find(store, Account, f"{_SELECT} where key = ?", [account_key(name)])


def _known(store: Store, name: str) -> Account:
    return known(find_account(store, name), f"There is no account {name!r}.")


def _end_sessions(store: Store, key: str) -> None:
    """Signs an account out everywhere; the epoch also ends what the database does not list."""
    store.execute("update accounts set session_epoch = session_epoch + 1 where key = ?", [key])
    store.execute("delete from sessions where account = ?", [key])


def _revoke_tokens(store: Store, key: str) -> int:
    return store.execute("delete from tokens where account = ?", [key]).rowcount


def delete_account(store: Store, name: str) -> str:
    account = find_account(store, name)
    if account is None:
        return ""
    _refuse_last_administrator(store, account.key)
    for table in ("sessions", "tokens", "wrong_passwords"):
        store.execute(f"delete from {table} where account = ?", [account.key])  # noqa: S608 (ours)
    store.execute("delete from accounts where key = ?", [account.key])
    return account.name


def _refuse_last_administrator(store: Store, key: str) -> None:
    administrators = store.execute(
        "select key, name from accounts where role = ? and disabled_at = ''",
        [AccountRole.ADMINISTRATOR.value],
    ).fetchall()
    if [row["key"] for row in administrators] == [key]:
        raise InputError("last_administrator", name=administrators[0]["name"])


def account_key(name: str) -> str:
    """Folds a name to compare it; twice, since folding can undo what NFKC composed."""
    name = name.encode(errors="replace").decode()
    folded = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def hashed_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
