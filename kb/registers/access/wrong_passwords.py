"""Wrong passwords: how many were tried on each account, day by day.

Only numbers are kept: no password, and no address. They stay when somebody signs in, so that
whoever guessed right does not wipe out the guesses before.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kb.errors import KnowledgeBaseError
from kb.registers.accounts import account_key
from kb.store.pool import StorePool

KEPT_DAYS = 30
ATTACK_DAYS = 2
ATTACK_TRIES = 20
"""From how many wrong passwords within `ATTACK_DAYS` on an account is said to be attacked."""

_MOST_PENDING = 1000


@dataclass(frozen=True, slots=True)
class WrongTries:
    """How many wrong passwords were tried within `KEPT_DAYS`, how many of them lately, and when."""

    tried: int = 0
    lately: int = 0
    last_on: str = ""

    @property
    def is_attack(self) -> bool:
        return self.lately >= ATTACK_TRIES


class WrongPasswords:
    """Counts wrong passwords. A count that cannot be written yet is written with the next."""

    def __init__(
        self, stores: StorePool, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._stores = stores
        self._now = now
        self._lock = threading.Lock()
        self._pending: Counter[tuple[str, str]] = Counter()

    def note(self, name: str) -> None:
        """Counts a wrong password; takes as long where there is no account of this name."""
        counted = account_key(name), self._day(0)
        with self._lock:
            if counted in self._pending or len(self._pending) < _MOST_PENDING:
                self._pending[counted] += 1
            pending, self._pending = self._pending, Counter()
        try:
            with self._stores.lend() as store, store.writing(waits=False):
                store.executemany(
                    "insert into wrong_passwords (account, day, tried)"
                    " select key, ?, ? from accounts where key = ?"
                    " on conflict (account, day) do update set"
                    " tried = wrong_passwords.tried + excluded.tried",
                    [(day, tried, key) for (key, day), tried in pending.items()],
                )
                store.execute("delete from wrong_passwords where day <= ?", [self._day(KEPT_DAYS)])
        except KnowledgeBaseError:
            with self._lock:
                self._pending += pending

    def of(self, name: str) -> WrongTries:
        """What was tried on the account of this name."""
        return self.by_account().get(account_key(name), WrongTries())

    def by_account(self) -> Mapping[str, WrongTries]:
        """What was tried, by the keys of the accounts on which something was."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select account, day, tried from wrong_passwords where day > ?",
                [self._day(KEPT_DAYS)],
            ).fetchall()
        with self._lock:
            counts = Counter(self._pending)
        for key, day, tried in rows:
            counts[key, day] += tried
        found: dict[str, WrongTries] = {}
        for (key, day), tried in sorted(counts.items()):
            before = found.get(key, WrongTries())
            lately = tried if day > self._day(ATTACK_DAYS) else 0
            found[key] = WrongTries(before.tried + tried, before.lately + lately, day)
        return found

    def _day(self, days_ago: int) -> str:
        return (self._now() - timedelta(days=days_ago)).date().isoformat()
