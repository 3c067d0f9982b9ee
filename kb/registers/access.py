"""Access: sessions of browsers, kept as hashes, and counts of wrong passwords by account."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from kb.errors import KnowledgeBaseError, UnknownRecord
from kb.registers.accounts import Account, account_key, find_account
from kb.registers.clock import DAY_S, before, day, now, today
from kb.registers.register import Register, columns_of, find

IDLE_DAYS = 14
LONGEST_DAYS = 90
MOST_OF_ACCOUNT = 50  # how many sessions an account has at most; another one ends the oldest
HANDLE_CHARS = 12
KEPT_DAYS = 30
ATTACK_DAYS = 2
ATTACK_TRIES = 20  # wrong passwords within `ATTACK_DAYS` that make an attack


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A session of the account with this key, last seen on a day (UTC), in a kind of browser."""

    hash: str
    account: str
    epoch: int
    created_at: str
    seen_on: str
    device: str

    @property
    def handle(self) -> str:
        return self.hash[:HANDLE_CHARS]


class BrowserSessions(Register):
    def add(self, digest: str, account: Account, device: str, replaced: str = "") -> BrowserSession:
        """Signs a browser in; ends its session before, if `replaced` is the hash of one."""
        session = BrowserSession(digest, account.key, account.session_epoch, now(), today(), device)
        with self._writing() as store:
            store.execute(
                "delete from sessions where hash = ? or created_at < ? or seen_on < ?",
                [replaced, before(LONGEST_DAYS * DAY_S), day(IDLE_DAYS)],
            )
            store.insert("sessions", columns_of(session))
            store.execute(
                "delete from sessions where account = ? and hash not in (select hash from sessions"
                " where account = ? order by created_at desc, rowid desc limit ?)",
                [session.account, session.account, MOST_OF_ACCOUNT],
            )
        return session

    def find(self, digest: str) -> tuple[Account, BrowserSession] | None:
        """Returns the account that a session signs in, and the session, if it is not over."""
        with self._stores.lend() as store:
            session = find(store, BrowserSession, "select * from sessions where hash = ?", [digest])
            account = find_account(store, session.account) if session else None
        if not session or not account or not _is_current(session, account):
            return None
        return account, session

    def note_page(self, session: BrowserSession) -> None:
        if session.seen_on < today():
            with suppress(KnowledgeBaseError), self._writing(waits=False) as store:
                store.update("sessions", {"hash": session.hash}, {"seen_on": today()})

    def of_account(self, account: Account) -> Sequence[BrowserSession]:
        found = self._read(
            BrowserSession,
            "select * from sessions where account = ? order by seen_on desc, created_at desc",
            [account.key],
        )
        return [one for one in found if _is_current(one, account)]

    def end(self, digests: Collection[str]) -> None:
        """Ends sessions; raises `KnowledgeBaseError` if the base cannot be written now."""
        with self._writing() as store:
            store.run("delete from sessions where hash in :values", digests)

    def end_one(self, account: Account, handle: str) -> None:
        found = [one.hash for one in self.of_account(account) if one.handle == handle]
        if not found:
            raise UnknownRecord(f"The account {account.name!r} has no such session.")
        self.end(found)


def _is_current(session: BrowserSession, account: Account) -> bool:
    return (
        session.epoch == account.session_epoch
        and not account.disabled
        and session.created_at >= before(LONGEST_DAYS * DAY_S)
        and session.seen_on >= day(IDLE_DAYS)
    )


@dataclass(frozen=True, slots=True)
class WrongTries:
    tried: int = 0
    lately: int = 0
    last_on: str = ""

    @property
    def is_attack(self) -> bool:
        return self.lately >= ATTACK_TRIES


class WrongPasswords(Register):
    def note(self, name: str) -> None:
        """Counts a wrong password, unless another writes now; as long for an unknown name."""
        with suppress(KnowledgeBaseError), self._writing(waits=False) as store:
            store.execute(
                "insert into wrong_passwords (account, day, tried)"
                " select key, ?, 1 from accounts where key = ?"
                " on conflict (account, day) do update set tried = wrong_passwords.tried + 1",
                [today(), account_key(name)],
            )
            store.execute("delete from wrong_passwords where day <= ?", [day(KEPT_DAYS)])

    def of(self, name: str) -> WrongTries:
        return self.by_account().get(account_key(name), WrongTries())

    def by_account(self) -> Mapping[str, WrongTries]:
        rows = self._rows(
            "select account, sum(tried), sum(case when day > ? then tried else 0 end), max(day)"
            " from wrong_passwords where day > ? group by account",
            [day(ATTACK_DAYS), day(KEPT_DAYS)],
        )
        return {key: WrongTries(int(tried), int(lately), last) for key, tried, lately, last in rows}
