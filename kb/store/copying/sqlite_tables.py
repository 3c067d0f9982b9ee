"""The tables of a base in a file of SQLite's."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from kb.store.copying.tables import ROWID, CopiedRow, Tables, listed, select
from kb.store.side_tables import SIDE, WAITING
from kb.store.store import SqliteStore

CACHE_KIB = 64_000
"""Memory for pages that wait to be written, as rows do not come in the order of their pages."""


class SqliteTables(Tables):
    """The tables in a file."""

    store: SqliteStore

    @classmethod
    @contextmanager
    def made(cls, path: Path) -> Iterator[Self]:
        """Makes a new file for the block to fill; what is left of it after an error is no base.

        Raises:
            KnowledgeBaseError: it cannot be written, or the disk is full.
        """
        with closing(SqliteStore.open(path, create=True)) as store:
            # Nobody needs the way back of a file that nobody has.
            for pragma in ("journal_mode = off", "synchronous = off", "foreign_keys = off"):
                store.execute(f"pragma {pragma}")
            store.execute(f"pragma cache_size = -{CACHE_KIB}")
            with store.writing():
                yield cls(store)

    def names(self) -> Sequence[str]:
        rows = self.store.execute(
            "select name from sqlite_master where type = 'table'"
            " and name not glob 'sqlite_*' and name not glob 'passage_words_*'"
            " and name not glob ? || '*' and name <> ?",
            [SIDE, WAITING],
        )
        return sorted(row[0] for row in rows)

    def columns(self, table: str) -> Sequence[str]:
        columns = self.store.columns(table)
        return [ROWID, *columns] if self._counts(table) else columns

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[CopiedRow]:
        yield from map(tuple, self.store.execute(select(table, columns, self.key(table))))

    def put(self, table: str, columns: Sequence[str], rows: Iterable[CopiedRow]) -> None:
        marks = ", ".join("?" * len(columns))
        self.store.executemany(
            f"insert into {table} ({listed(columns)}) values ({marks})",  # noqa: S608 (ours)
            rows,
        )

    def _counts(self, table: str) -> bool:
        """Whether rows have a `rowid` that is no column: unless one is an integer and the key."""
        (definition,) = self.store.execute(
            "select lower(sql) from sqlite_master where type = 'table' and name = ?", [table]
        ).fetchone()
        if "without rowid" in definition:
            return False
        columns = self.store.execute("select type, pk from pragma_table_info(?)", [table])
        keys = [type_.lower() for type_, place in columns if place]
        return keys != ["integer"]

    def finish(self) -> None:
        """Does nothing: SQLite counts on from the last row by itself."""
