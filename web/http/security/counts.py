"""Numbers by kind and key, that all workers of a server count together.

A table of SQLite: in a file that the workers share, or in memory where there is one. It holds no
address and no name, only digests by a secret of this start. A restart forgets all.
"""

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CAPACITY = 20_000
"""Keys of a kind that are remembered: filling it costs more attempts than it saves."""

TRIMMED_EVERY = 1_000


@dataclass(slots=True)
class Entry:
    count: float = 0
    at: float = 0


@dataclass
class Counts:
    """The table. Safe to share between threads; `file` and `secret` open it in another process."""

    file: Path | None = None
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._written = 0
        self._database = sqlite3.connect(
            self.file or ":memory:", timeout=10, isolation_level=None, check_same_thread=False
        )
        self._database.executescript(
            "pragma journal_mode = wal; pragma synchronous = off;"
            "create table if not exists counts"
            " (kind text, key blob, count real, at real, primary key (kind, key)) without rowid;"
        )

    def get(self, kind: str, key: str) -> Entry:
        with self._lock:
            return self._found(kind, self._digest(key))

    @contextmanager
    def change(self, kind: str, key: str) -> Iterator[Entry]:
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

    def _found(self, kind: str, digest: bytes) -> Entry:
        asked = "select count, at from counts where kind = ? and key = ?"
        return Entry(*(self._database.execute(asked, [kind, digest]).fetchone() or ()))

    def _write(self, kind: str, digest: bytes, entry: Entry) -> None:
        write = self._database.execute
        if entry.count <= 0:
            write("delete from counts where kind = ? and key = ?", [kind, digest])
            return
        values = [kind, digest, entry.count, entry.at]
        write("insert or replace into counts values (?, ?, ?, ?)", values)
        self._written += 1
        if self._written % TRIMMED_EVERY == 0:
            write(
                "delete from counts where kind = ?1 and at < (select at from counts"
                " where kind = ?1 order by at desc limit 1 offset ?2)",
                [kind, CAPACITY],
            )

    def _digest(self, key: str) -> bytes:
        return hashlib.blake2b(key.encode("utf-8", "replace"), key=self.secret).digest()[:16]
