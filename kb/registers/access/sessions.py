"""Sessions: which browsers are signed in, as which account, and since when.

A session is kept as the hash of what the browser holds, which cannot be made from it. It ends
after `IDLE_DAYS` without a page, `LONGEST_DAYS` after signing in, when it is ended, and when its
account has another epoch.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from kb.errors import KnowledgeBaseError, ReadOnlyKnowledgeBase, UnknownRecord
from kb.registers.accounts import Account, account_key, find_account
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.store import Store

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
    """The register of sessions. Every process sees at once what another has ended.

    A session that cannot be written is kept in this process alone, and ends with it.
    """

    def __init__(
        self, stores: StorePool, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._stores = stores
        self._now = now
        self._lock = threading.Lock()
        self._in_memory: dict[str, BrowserSession] = {}
        self._ended: set[str] = set()
        """What this process refuses, though the database may still list it."""
        self._to_delete: set[str] = set()
        """Of these, what another writer has kept from being deleted so far."""

    def add(self, digest: str, account: Account, device: str, replaced: str = "") -> BrowserSession:
        """Signs a browser in; ends its session before, if `replaced` is the hash of one.

        Waits for another writer, and then for none: a full disk, too, keeps nobody out.
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
        try:
            with self._stores.lend() as store, store.writing():
                self._add(store, session, replaced)
        except KnowledgeBaseError:
            self._add_to_memory(session, replaced)
        return session

    def _add(self, store: Store, session: BrowserSession, replaced: str) -> None:
        now = self._now()
        store.execute(
            "delete from sessions where hash = ? or created_at < ? or seen_on < ?",
            [replaced, _earliest_start(now), _earliest_day(now)],
        )
        store.insert(
            "sessions",
            {name: getattr(session, name) for name in BrowserSession.__dataclass_fields__},
        )
        store.execute(
            "delete from sessions where account = ? and hash not in (select hash from sessions"
            " where account = ? order by created_at desc, rowid desc limit ?)",
            [session.account, session.account, MOST_OF_ACCOUNT],
        )

    def _add_to_memory(self, session: BrowserSession, replaced: str) -> None:
        with self._lock:
            self._in_memory.pop(replaced, None)
            if replaced:
                self._ended.add(replaced)
                self._to_delete.add(replaced)
            self._in_memory[session.hash] = session
            own = [one for one in self._in_memory.values() if one.account == session.account]
            for oldest in own[:-MOST_OF_ACCOUNT]:
                del self._in_memory[oldest.hash]

    def find(self, digest: str) -> tuple[Account, BrowserSession] | None:
        """The account that a session signs in, and the session, if it is not over."""
        self._delete_what_was_ended()
        if digest in self._ended:
            return None
        with self._stores.lend() as store:
            session = self._in_memory.get(digest) or _stored(store, digest)
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
        with self._lock:
            if session.hash in self._in_memory:
                self._in_memory[session.hash] = replace(session, seen_on=today)
                return
        with (
            suppress(KnowledgeBaseError),
            self._stores.lend() as store,
            store.writing(waits=False),
        ):
            store.execute("update sessions set seen_on = ? where hash = ?", [today, session.hash])

    def of_account(self, account: Account) -> Sequence[BrowserSession]:
        """The sessions of an account that are not over, those that were seen last before."""
        key = account_key(account.name)
        with self._stores.lend() as store:
            rows = store.execute("select * from sessions where account = ?", [key]).fetchall()
        with self._lock:
            found = [dataclass_of(BrowserSession, row) for row in rows]
            found += [one for one in self._in_memory.values() if one.account == key]
            current = [
                one
                for one in found
                if one.hash not in self._ended and self._is_current(one, account)
            ]
        return sorted(current, key=lambda one: (one.seen_on, one.created_at), reverse=True)

    def end(self, digests: Collection[str]) -> None:
        """Ends sessions, in this process whatever happens.

        Raises:
            KnowledgeBaseError: another process writes for too long. It is done when it lets go;
                until then, other processes know the session.
        """
        with self._lock:
            self._ended.update(digests)
            self._to_delete.update(digests)
            for digest in digests:
                self._in_memory.pop(digest, None)
        self._delete_what_was_ended(waits=True)

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

    def _delete_what_was_ended(self, *, waits: bool = False) -> None:
        if not self._to_delete:
            return
        with self._lock:
            digests = set(self._to_delete)
        try:
            with self._stores.lend() as store, store.writing(waits=waits):
                store.run("delete from sessions where hash in :values", digests)
        except ReadOnlyKnowledgeBase:
            # Nothing can be deleted: that this process refuses them is all there is.
            with self._lock:
                self._to_delete -= digests
        except KnowledgeBaseError:
            if waits:
                raise
        else:
            with self._lock:
                self._to_delete -= digests
                self._ended -= digests

    def _is_current(self, session: BrowserSession, account: Account) -> bool:
        now = self._now()
        return (
            session.epoch == account.session_epoch
            and not account.disabled
            and session.created_at >= _earliest_start(now)
            and session.seen_on >= _earliest_day(now)
        )


def _stored(store: Store, digest: str) -> BrowserSession | None:
    row = store.execute("select * from sessions where hash = ?", [digest]).fetchone()
    return dataclass_of(BrowserSession, row) if row else None


def _earliest_start(now: datetime) -> str:
    return (now - timedelta(days=LONGEST_DAYS)).isoformat(timespec="seconds")


def _earliest_day(now: datetime) -> str:
    return _day(now - timedelta(days=IDLE_DAYS))


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
