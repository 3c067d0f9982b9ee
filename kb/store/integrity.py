"""The integrity of the database: its pages, its word index, and what it holds of each passage."""

import sqlite3
import time
from collections.abc import Iterator, Sequence

from kb.errors import KnowledgeBaseError
from kb.store.database import is_writable
from kb.store.store import SqliteStore, Store

MOST_LINES = 20
"""Most lines about damaged pages: a torn file has thousands."""

INSTRUCTIONS_BETWEEN_LOOKS = 100_000
"""Count of SQLite's instructions between two looks at the clock: a few milliseconds."""

_SEES_WORD_INDEX = (3, 44, 0)
"""The version of SQLite from which a check of the pages checks full-text indexes, too."""


def damaged_pages(
    store: Store, *, quick: bool = False, within_s: float | None = None
) -> Sequence[str] | None:
    """Lines of SQLite's about pages that are damaged, at most `MOST_LINES`; none if all are whole.

    None if the time was not enough to look at all of them, and those seen are whole. A quick check
    does not compare indexes with their tables. The pages of PostgreSQL are its server's to check.
    """
    if not isinstance(store, SqliteStore):
        return []
    connection = store.connection
    ends_at = None if within_s is None else time.monotonic() + within_s
    if ends_at is not None:
        connection.set_progress_handler(
            lambda: time.monotonic() > ends_at, INSTRUCTIONS_BETWEEN_LOOKS
        )
    lines: list[str] = []
    try:
        pragma = "quick_check" if quick else "integrity_check"
        for (line,) in store.execute(f"pragma {pragma}({MOST_LINES})"):
            lines += line.removeprefix("*** in database main ***").strip().splitlines()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_INTERRUPT":
            return [*lines, str(error)]
        if not lines:
            return None
    except sqlite3.DatabaseError as error:
        return [*lines, str(error)]
    finally:
        connection.set_progress_handler(None, 0)
    return [] if lines == ["ok"] else lines[:MOST_LINES]


def word_index_problem(store: Store) -> str:
    """A line about the word index, if it is damaged; empty if a check of the pages looks at it.

    An SQLite before 3.44 looks at it as if to write, and writers wait meanwhile.
    """
    is_seen = sqlite3.sqlite_version_info >= _SEES_WORD_INDEX
    if is_seen or not isinstance(store, SqliteStore) or not is_writable(store.path):
        return ""
    try:
        with store.writing():
            store.execute("insert into passage_words (passage_words) values ('integrity-check')")
    except KnowledgeBaseError as error:
        return str(error)
    return ""


def make_word_index_anew(store: Store) -> None:
    """Makes the word index from the words that are stored with it, in the caller's transaction."""
    store.execute("insert into passage_words (passage_words) values ('rebuild')")
    store.forget_touched()


def make_indexes_anew(store: Store) -> None:
    """Makes all ordinary indexes from their tables, in the caller's transaction."""
    store.execute("reindex")


def stored_vectors(store: Store, encoder: str) -> Iterator[tuple[str, bytes]]:
    """Each text hash that an encoder has embedded, and the bytes of its vector."""
    yield from store.execute(
        "select text_hash, vector from embeddings where encoder = ? order by text_hash", [encoder]
    )
