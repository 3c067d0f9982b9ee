"""Sessions: which browsers are signed in, as which account, and since when.

A session is kept as the hash of what the browser holds, which cannot be made from it. It ends
after `IDLE_DAYS` without a page, `LONGEST_DAYS` after signing in, when it is ended, and when its
account has another epoch.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from kb.errors import KnowledgeBaseError, UnknownRecord
from kb.registers.accounts import Account, account_key, find_account
from kb.store.database import dataclass_of
from kb.store.pool import StorePool

IDLE_DAYS = 14
LONGEST_DAYS = 90
MOST_OF_ACCOUNT = 50
"""How many sessions an account has at most; another one ends the oldest."""

HANDLE_CHARS = 12


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A session of the account with this key. `seen_on` is the day of its last page, in UTC.

    `device` names a kind of browser and of system, such as "Firefox, Linux"; it may be empty.
    """

    hash: str
    account: str
    epoch: int
    created_at: str
    seen_on: str
    device: str

    @property
    def handle(self) -> str:
        """The beginning of the hash, which names the session."""
        return self.hash[:HANDLE_CHARS]


class BrowserSessions:
    """The register of sessions. Every process sees at once what another has ended."""

    def __init__(
        self, stores: StorePool, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._stores = stores
        self._now = now

    def add(self, digest: str, account: Account, device: str, replaced: str = "") -> BrowserSession:
        """Signs a browser in; ends its session before, if `replaced` is the hash of one.

        Raises:
            KnowledgeBaseError: the session cannot be kept now.
        """
        now = self._now()
        session = BrowserSession(
            digest,
            account_key(account.name),
            account.session_epoch,
            now.isoformat(timespec="seconds"),
            _day(now),
            device,
        )
        with self._stores.lend() as store, store.writing():
            store.execute(
                "delete from sessions where hash = ? or created_at < ? or seen_on < ?",
                [replaced, _earliest_start(now), _earliest_day(now)],
            )
            store.insert("sessions", asdict(session))
            store.execute(
                "delete from sessions where account = ? and hash not in (select hash from sessions"
                " where account = ? order by created_at desc, rowid desc limit ?)",
                [session.account, session.account, MOST_OF_ACCOUNT],
            )
        return session

    def find(self, digest: str) -> tuple[Account, BrowserSession] | None:
        """Returns the account that a session signs in, and the session, if it is not over."""
        with self._stores.lend() as store:
            row = store.execute("select * from sessions where hash = ?", [digest]).fetchone()
            session = dataclass_of(BrowserSession, row) if row else None
            account = find_account(store, session.account) if session else None
        if not session or not account or not self._is_current(session, account):
            return None
        return account, session

    def note_page(self, session: BrowserSession) -> None:
        """Notes that a session is used today, unless that is known.

        Not worth waiting for: if another process writes, the next page notes it.
        """
        today = _day(self._now())
        if session.seen_on >= today:
            return
        with (
            suppress(KnowledgeBaseError),
            self._stores.lend() as store,
            store.writing(waits=False),
        ):
            store.execute("update sessions set seen_on = ? where hash = ?", [today, session.hash])

    def of_account(self, account: Account) -> Sequence[BrowserSession]:
        """Returns the sessions of an account that are not over, those seen last first."""
        key = account_key(account.name)
        with self._stores.lend() as store:
            rows = store.execute("select * from sessions where account = ?", [key]).fetchall()
        found = (dataclass_of(BrowserSession, row) for row in rows)
        current = [one for one in found if self._is_current(one, account)]
        return sorted(current, key=lambda one: (one.seen_on, one.created_at), reverse=True)

    def end(self, digests: Collection[str]) -> None:
        """Ends sessions.

        Raises:
            KnowledgeBaseError: the base cannot be written now: they go on.
        """
        with self._stores.lend() as store, store.writing():
            store.run("delete from sessions where hash in :values", digests)

    def end_one(self, account: Account, handle: str) -> None:
        """Ends the session of an account that a handle names.

        Raises:
            UnknownRecord: the account has no session of this handle.
            KnowledgeBaseError: as `end`.
        """
        found = [one.hash for one in self.of_account(account) if one.handle == handle]
        if not found:
            raise UnknownRecord(f"The account {account.name!r} has no such session.")
        self.end(found)

    def _is_current(self, session: BrowserSession, account: Account) -> bool:
        now = self._now()
        return (
            session.epoch == account.session_epoch
            and not account.disabled
            and session.created_at >= _earliest_start(now)
            and session.seen_on >= _earliest_day(now)
        )


def _earliest_start(now: datetime) -> str:
    return (now - timedelta(days=LONGEST_DAYS)).isoformat(timespec="seconds")


def _earliest_day(now: datetime) -> str:
    return _day(now - timedelta(days=IDLE_DAYS))


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
