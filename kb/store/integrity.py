"""The integrity of the database: its pages, its word index, and what it holds of each passage."""

import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kb.errors import KnowledgeBaseError
from kb.models import Kind
from kb.store.database import is_writable
from kb.store.store import SqliteStore, Store

MOST_LINES = 20
"""Most lines about damaged pages: a torn file has thousands."""

INSTRUCTIONS_BETWEEN_LOOKS = 100_000
"""Count of SQLite's instructions between two looks at the clock: a few milliseconds."""

_SEES_WORD_INDEX = (3, 44, 0)
"""The version of SQLite from which a check of the pages checks full-text indexes, too."""


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as it is stored; `text_hash` is empty if it is not embedded, `words` if missing."""

    id: int
    start: int
    end: int
    text_hash: str
    words: str


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as it is stored, with its passages in the order of the text."""

    part: str
    lang: str
    text: str
    passages: tuple[StoredPassage, ...]


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


def stored_documents(
    store: Store, kind: Kind, ids: Collection[str]
) -> Mapping[str, frozenset[StoredDocument]]:
    """What is stored of the texts of these records, by id; ids without a text are left out."""
    rows = store.run(
        'select record_id, d.id document, part, lang, text, p.id, start, "end",'
        " coalesce(text_hash, '') text_hash, coalesce(words, '') words from documents d"
        " left join passages p on p.document_id = d.id"
        " left join passage_words w on w.rowid = p.id"
        " where kind = :kind and record_id in :values order by d.id, start, p.id",
        ids,
        kind=kind.value,
    )
    passages: dict[tuple[str, int, str, str, str], list[StoredPassage]] = {}
    for row in rows:
        key = row["record_id"], row["document"], row["part"], row["lang"], row["text"]
        of_document = passages.setdefault(key, [])
        if row["id"] is not None:
            place = row["id"], row["start"], row["end"]
            of_document.append(StoredPassage(*place, row["text_hash"], row["words"]))
    found: dict[str, set[StoredDocument]] = {}
    for (record_id, _, part, lang, text), of_document in passages.items():
        document = StoredDocument(part, lang, text, tuple(of_document))
        found.setdefault(record_id, set()).add(document)
    return {record_id: frozenset(documents) for record_id, documents in found.items()}


def stored_names(store: Store, ids: Collection[str]) -> Mapping[str, frozenset[str]]:
    """The keys of the names of these actors, by id; ids without one are left out."""
    found: dict[str, set[str]] = {}
    rows = store.run("select actor_id, key from names where actor_id in :values", ids)
    for actor_id, key in rows:
        found.setdefault(actor_id, set()).add(key)
    return {actor_id: frozenset(keys) for actor_id, keys in found.items()}


def stored_vectors(store: Store, encoder: str) -> Iterator[tuple[str, bytes]]:
    """Each text hash that an encoder has embedded, and the bytes of its vector."""
    yield from store.execute(
        "select text_hash, vector from embeddings where encoder = ? order by text_hash", [encoder]
    )


def vectors_of(store: Store, encoder: str, hashes: Collection[str]) -> Mapping[str, bytes]:
    """The bytes of the vectors of these text hashes; those without one are left out."""
    rows = store.run(
        "select text_hash, vector from embeddings where encoder = :encoder"
        " and text_hash in :values",
        hashes,
        encoder=encoder,
    )
    return {row[0]: row[1] for row in rows}


def count_rows(store: Store) -> Mapping[str, int]:
    """Returns the count of rows of each table, those of the word index included."""
    names = store.execute("select name from sqlite_master where type = 'table' order by name")
    return {
        name: store.execute(f'select count(*) from "{name}"').fetchone()[0]  # noqa: S608
        for (name,) in names.fetchall()
    }


def count_not_embedded(store: Store, encoder: str) -> int:
    """Returns the count of passages to be embedded that this encoder has not embedded."""
    (count,) = store.execute(
        "select count(*) from passages p where text_hash is not null and not exists"
        " (select 1 from embeddings e where e.text_hash = p.text_hash and encoder = ?)",
        [encoder],
    ).fetchone()
    return int(count)
