"""The register of files that every machine of a base in PostgreSQL needs: uploads, the secret."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import count
from typing import BinaryIO

from kb.errors import KnowledgeBaseError
from kb.registers.clock import before, now
from kb.registers.register import Register

PIECE_BYTES = 4 << 20  # most bytes of a row, and of a file in memory at a time


class KeptFiles(Register):
    """Files by their names, in pieces. A name says whose it is: `secret`, `uploads/…/a.csv`."""

    def keep(self, name: str, content: BinaryIO) -> None:
        at = now()
        try:
            for number in count():
                piece = content.read(PIECE_BYTES)
                if number and not piece:
                    return
                self._add(name, number, piece, at)
        except BaseException:
            with suppress(KnowledgeBaseError):  # what it fails by is told already
                self.forget([name])
            raise

    def keep_first(self, name: str, content: bytes) -> bytes:
        """Keeps a small file, unless there is one of this name; returns what is there."""
        self._add(name, 0, content, now())
        return b"".join(self.pieces(name))

    def has(self, name: str) -> bool:
        return bool(self._rows("select 1 from kept_files where name = ? limit 1", [name]))

    def pieces(self, name: str) -> Iterator[bytes]:
        select = "select content from kept_files where name = ? and piece = ?"
        for number in count():
            rows = self._rows(select, [name, number])
            if not rows:
                return
            yield bytes(rows[0][0])

    def names(self, begin: str, *, older_than_s: float = 0.0) -> list[str]:
        rows = self._rows(
            "select name from kept_files where piece = 0 and at <= ?"
            " and substr(name, 1, ?) = ? order by name",
            [before(older_than_s), len(begin), begin],
        )
        return [row[0] for row in rows]

    def forget(self, names: Collection[str]) -> None:
        with self._writing() as store:
            store.run("delete from kept_files where name in :values", names)

    def _add(self, name: str, number: int, piece: bytes, at: str) -> None:
        self._write(
            "insert into kept_files (name, piece, content, at) values (?, ?, ?, ?)"
            " on conflict (name, piece) do nothing",
            [name, number, piece, at],
        )
