"""The integrity of the database: its pages, and rows that belong to a row that is not there."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kb.models import Kind
from kb.store.records import TABLES
from kb.store.store import SqliteStore, Store

MOST_LINES = 20  # most lines about damaged pages: a torn file has thousands


def damaged_pages(store: Store, *, quick: bool = False) -> Sequence[str]:
    """Lines of SQLite's about damaged pages, at most `MOST_LINES`; PostgreSQL checks its own."""
    if not isinstance(store, SqliteStore):
        return []
    lines: list[str] = []
    try:
        pragma = "quick_check" if quick else "integrity_check"
        for (line,) in store.execute(f"pragma {pragma}({MOST_LINES})"):
            lines += line.removeprefix("*** in database main ***").strip().splitlines()
    except sqlite3.DatabaseError as error:
        return [*lines, str(error)]
    return [] if lines == ["ok"] else lines[:MOST_LINES]


@dataclass(frozen=True, slots=True)
class Belonging:
    """Rows of `table` whose `column` names the `key` of a row of `owner`; `only` says which."""

    table: str
    column: str
    owner: str
    key: str
    only: str = "1"

    @property
    def orphaned(self) -> str:
        return (
            f"{self.only} and not exists (select 1 from {self.owner}"  # noqa: S608 (ours, below)
            f" where {self.owner}.{self.key} = {self.table}.{self.column})"
        )


BELONGINGS = (
    *(
        Belonging(table, "record_id", TABLES[kind], "id", f"kind = '{kind}'")
        for table in ("documents", "themes")
        for kind in Kind
    ),
    Belonging("names", "actor_id", "actors", "id"),
    Belonging("name_words", "actor_id", "actors", "id"),
    Belonging("name_words", "word_id", "name_vocabulary", "id"),
    Belonging("name_vocabulary", "id", "name_words", "word_id"),
    Belonging("name_slips", "word_id", "name_vocabulary", "id"),
    Belonging("blocks", "actor_id", "actors", "id"),
    Belonging("passages", "document_id", "documents", "id"),
    Belonging("passage_words", "rowid", "passages", "id"),
    Belonging("subscribers", "id", "subscriptions", "subscriber_id"),
    Belonging("dossier_members", "dossier_id", "dossiers", "id"),
    Belonging("dossier_entries", "dossier_id", "dossiers", "id"),
    Belonging("notice_versions", "notice_id", "notices", "id"),
    Belonging("notice_answers", "notice_id", "notices", "id"),
    Belonging("notice_pairs", "need_id", "notices", "id"),
    Belonging("notice_pairs", "offer_id", "notices", "id"),
    Belonging("missed_words", "hash", "missed_needs", "hash"),
)
"""What belongs to what, beside the foreign keys; owners before what they own."""


def orphans(store: Store) -> Mapping[Belonging, int]:
    """Counts of the orphans of each kind; kinds without any are left out."""
    counts = {}
    for belonging in _belongings(store):
        sql = f"select count(*) from {belonging.table} where {belonging.orphaned}"  # noqa: S608
        (count,) = store.execute(sql).fetchone()
        if count:
            counts[belonging] = int(count)
    return counts


def mend(store: Store) -> None:
    """Makes all indexes anew, then deletes all orphans, in the caller's transaction."""
    store.execute("reindex")
    store.execute("insert into passage_words (passage_words) values ('rebuild')")
    store.execute("pragma defer_foreign_keys = on")
    for belonging in _belongings(store):
        store.execute(f"delete from {belonging.table} where {belonging.orphaned}")  # noqa: S608
    store.execute(
        "update name_vocabulary set names ="
        " (select count(distinct actor_id) from name_words where word_id = id)"
    )
    store.forget_touched()


def _belongings(store: Store) -> list[Belonging]:
    keys = store.execute(
        'select m.name, k."from", k."table", k."to" from sqlite_master m'
        " join pragma_foreign_key_list(m.name) k where m.type = 'table' order by m.name"
    )
    declared = (Belonging(*key) for key in keys.fetchall())
    return [*BELONGINGS, *(key for key in declared if key not in BELONGINGS)]
