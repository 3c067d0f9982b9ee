"""Slows down repeated attempts: after the first few, each waits twice as long as the last.

What all workers of a server count together is in a table of SQLite: in a file that they share, or
in memory where there is one. It holds no address and no name, only digests by a secret of this
start. A restart forgets all.
"""

import hashlib
import secrets
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_interface, ip_network
from pathlib import Path
from time import monotonic

from starlette.requests import HTTPConnection

CAPACITY = 20_000
"""Keys of a kind that are remembered: filling it costs more attempts than it saves."""

TRIMMED_EVERY = 1_000


def host_of(connection: HTTPConnection) -> str:
    """Returns what attempts are counted by: an IPv4 address, or a customer's /64 in IPv6."""
    host = connection.client.host if connection.client else ""
    try:
        number = ip_address(host)
    except ValueError:
        return host
    if isinstance(number, IPv6Address):
        if number.ipv4_mapped:
            return str(number.ipv4_mapped)
        return str(ip_network((number, 64), strict=False))
    return host


def wide_network_of(host: str) -> str:
    """Returns the network that an address or a customer's network is in: a /16, in IPv6 a /32."""
    try:
        number = ip_interface(host).ip
    except ValueError:
        return host
    return str(ip_network((number, 32 if isinstance(number, IPv6Address) else 16), strict=False))


@dataclass(slots=True)
class Counted:
    count: float = 0
    at: float = 0


@dataclass
class SharedCounts:
    """The table. Safe to share between threads; `file` and `secret` open it in another process."""

    file: Path | None = None
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._written = 0
        self._database = sqlite3.connect(
            self.file or ":memory:", timeout=10, isolation_level=None, check_same_thread=False
        )
        weakref.finalize(self, self._database.close)
        self._database.executescript(
            "pragma journal_mode = wal; pragma synchronous = off;"
            "create table if not exists counts"
            " (kind text, key blob, count real, at real, primary key (kind, key)) without rowid;"
        )

    def get(self, kind: str, key: str) -> Counted:
        with self._lock:
            return self._found(kind, self._digest(key))

    @contextmanager
    def change(self, kind: str, key: str) -> Iterator[Counted]:
        """Gives an entry to change; no other worker changes it meanwhile. At 0 it is forgotten."""
        digest = self._digest(key)
        with self._lock:
            self._database.execute("begin immediate")
            try:
                entry = self._found(kind, digest)
                before = entry.count, entry.at
                yield entry
                if (entry.count, entry.at) != before:
                    self._write(kind, digest, entry)
            finally:
                self._database.execute("commit")

    def _found(self, kind: str, digest: bytes) -> Counted:
        asked = "select count, at from counts where kind = ? and key = ?"
        return Counted(*(self._database.execute(asked, [kind, digest]).fetchone() or ()))

    def _write(self, kind: str, digest: bytes, entry: Counted) -> None:
        write = self._database.execute
        if entry.count <= 0:
            write("delete from counts where kind = ? and key = ?", [kind, digest])
            return
        values = [kind, digest, entry.count, entry.at]
        write("insert or replace into counts values (?, ?, ?, ?)", values)
        self._written += 1
        if self._written % TRIMMED_EVERY == 0:
            write(
                "delete from counts where kind = ? and at < (select at from counts"
                " where kind = ? order by at desc limit 1 offset ?)",
                [kind, kind, CAPACITY],
            )

    def _digest(self, key: str) -> bytes:
        return hashlib.blake2b(key.encode("utf-8", "replace"), key=self.secret).digest()[:16]


class Throttle:
    """`free` attempts for each key, then one after 1, 2, 4… seconds, `longest_s` at most.

    A key that nobody tries for `forgotten_after_s` is new again. Throttles of one `kind` that share
    `counts` are one.
    """

    def __init__(
        self,
        counts: SharedCounts | None = None,
        kind: str = "",
        *,
        free: int,
        longest_s: float = 60,
        forgotten_after_s: float = 15 * 60,
    ) -> None:
        self._counts = counts or SharedCounts()
        self._kind = kind
        self._free = free
        self._longest_s = longest_s
        self._forgotten_after_s = forgotten_after_s

    def attempt(self, key: str) -> float:
        """Counts an attempt, whatever its outcome, or returns the seconds to wait."""
        now = monotonic()
        with self._counts.change(self._kind, key) as attempts:
            count = self._remembered(attempts, now)
            over = count - self._free
            delay = min(2.0 ** min(over, 30), self._longest_s) if over >= 0 else 0
            left = attempts.at + delay - now if count else 0
            if left > 0:
                return left
            attempts.count, attempts.at = count + 1, now
        return 0

    def count(self, key: str) -> int:
        """Returns how many attempts of a key are remembered."""
        return self._remembered(self._counts.get(self._kind, key), monotonic())

    def _remembered(self, attempts: Counted, now: float) -> int:
        return 0 if now - attempts.at > self._forgotten_after_s else int(attempts.count)

    def succeeded(self, key: str, *, forget: bool = True) -> None:
        """Forgets all attempts of a key, or only the last."""
        with self._counts.change(self._kind, key) as attempts:
            attempts.count = 0 if forget else attempts.count - 1
