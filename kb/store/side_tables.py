"""The side tables: documents and passages made anew beside those that searches read.

A rebuild fills them in many short transactions, and exchanges them for the others in one, so that
searches read the former state until the new one is complete, and writers hardly wait. What is left
to do is in a table too: a rebuild that was killed goes on where it was.

While they are filled, triggers keep this true, whichever process writes: a record is either in
the side tables as it is now, or waits to be put there. The other times they are dead: the former
state, which `clear` deletes bit by bit.
"""

import re
from collections.abc import Iterator

from kb.models import Kind
from kb.store.connection import StoreConnection
from kb.store.records import TABLES

SIDE = "side_"
DERIVED = ("documents", "passages", "passage_words")
"""The tables that are made anew, each before those that refer to it."""

MADE_BY = "rebuild"
"""The property that says which encoder and rules the side tables are filled by, if they are."""

CLEARED_AT_ONCE = 2_000
"""Rows that a transaction deletes."""

WAITING = "rebuild_waiting"
"""The table of the records that are still to be put aside."""


class SideTables:
    """The side tables of a store. Each method is a transaction, or is called in one."""

    def __init__(self, store: StoreConnection) -> None:
        self._store = store

    @property
    def made_by(self) -> str:
        """What the side tables are being filled by; empty if they are not."""
        return self._store.property(MADE_BY)

    def begin(self, made_by: str) -> None:
        """Makes the side tables, and has all records wait, unless this was begun before."""
        with self._store.writing():
            if self.made_by == made_by:
                return
            self._abandon()
        while not self.made_by:
            self.clear()
            with self._store.writing():
                if not self.made_by and not self._exist():
                    self._make()
                    self._store.set_property(MADE_BY, made_by)

    def waiting(self, most: int) -> list[tuple[Kind, str]]:
        """The kinds and ids of the first records that wait, `most` at most."""
        rows = self._store.execute(
            f"select kind, record_id from {WAITING} order by kind, record_id limit ?",  # noqa: S608
            [most],
        )
        return [(Kind(row[0]), row[1]) for row in rows]

    def settle(self, kind: Kind, record_id: str) -> bool:
        """Has a record wait no longer; returns whether it did. Called in a transaction."""
        deleted = self._store.execute(
            f"delete from {WAITING} where kind = ? and record_id = ?",  # noqa: S608
            [kind.value, record_id],
        )
        return deleted.rowcount > 0

    def exchange(self) -> None:
        """Makes the side tables those that searches read. Called in a transaction.

        What was remembered of passages that changed is of the former state, and goes.
        """
        self._abandon()
        for former, new in (("", "out_"), (SIDE, ""), ("out_", SIDE)):
            for table in DERIVED:
                self._store.execute(f"alter table {former}{table} rename to {new}{table}")
        self._store.execute("delete from passage_changes")

    def clear(self) -> None:
        """Deletes dead side tables, some rows in each transaction."""
        for name in reversed(DERIVED):
            table = f"{SIDE}{name}"
            deleted = CLEARED_AT_ONCE
            while deleted == CLEARED_AT_ONCE:
                with self._store.writing():
                    if self.made_by or not self._exist():
                        return
                    deleted = self._store.execute(
                        f"delete from {table} where rowid in"  # noqa: S608 (our tables)
                        f" (select rowid from {table} limit ?)",
                        [CLEARED_AT_ONCE],
                    ).rowcount
        with self._store.writing():
            if not self.made_by:
                self.drop()

    def drop(self) -> None:
        """Deletes dead side tables at once. Called in a transaction."""
        for table in reversed(DERIVED):
            self._store.execute(f"drop table if exists {SIDE}{table}")

    def drop_embeddings_except(self, encoder: str) -> None:
        """Deletes the embeddings of other encoders, and of no passage, some in each transaction.

        Ends early where the base is being made anew once more, or by another encoder.
        """
        (last,) = self._store.execute("select max(rowid) from embeddings").fetchone()
        for first in range(0, last or 0, CLEARED_AT_ONCE):
            with self._store.writing():
                if self.made_by or self._store.property("encoder") != encoder:
                    return
                self._store.execute(
                    "delete from embeddings where rowid > ? and rowid <= ? and (encoder != ?"
                    " or not exists (select 1 from passages p"
                    " where p.text_hash = embeddings.text_hash))",
                    [first, first + CLEARED_AT_ONCE, encoder],
                )

    def forget_erased(self) -> None:
        """Leaves nothing here of records that are gone. Called in a transaction."""
        if not self.made_by:
            self.drop()
            return
        words = f"{SIDE}passage_words"
        self._store.execute(f"insert into {words} ({words}) values ('optimize')")  # noqa: S608
        self._store.execute(
            "delete from embeddings where text_hash not in"
            " (select text_hash from passages where text_hash is not null)"
        )

    def _abandon(self) -> None:
        """Ends the filling of the side tables, if it had begun: they are dead."""
        triggers = self._store.execute(
            f"select name from sqlite_master where type = 'trigger' and name glob '{WAITING}_*'"  # noqa: S608
        ).fetchall()
        for (name,) in triggers:
            self._store.execute(f"drop trigger {name}")
        self._store.execute(f"drop table if exists {WAITING}")
        self._store.execute("delete from properties where name = ?", [MADE_BY])

    def _exist(self) -> bool:
        found = self._store.execute(
            "select 1 from sqlite_master where name = ?", [f"{SIDE}{DERIVED[0]}"]
        )
        return found.fetchone() is not None

    def _make(self) -> None:
        for sql in _definitions(self._store):
            self._store.execute(sql)
        self._store.execute(
            f"create table {WAITING} (kind text, record_id text, primary key (kind, record_id))"
            " without rowid"
        )
        for kind, table in TABLES.items():
            self._store.execute(
                f"insert into {WAITING} select '{kind}', id from {table}"  # noqa: S608
            )
            for event, row in (("insert", "new"), ("update", "new"), ("delete", "old")):
                self._store.execute(_trigger(kind, table, event, row))
        # What a passage of the side tables has is not let go with the last other one of its text.
        needed = f"select 1 from {SIDE}passages where text_hash = old.text_hash"  # noqa: S608
        self._store.execute(
            f"create trigger {WAITING}_embeddings before delete on embeddings"
            f" when exists ({needed}) begin select raise(ignore); end"
        )


def _definitions(store: StoreConnection) -> Iterator[str]:
    """The SQL that makes the side tables and their indexes, as the others are made."""
    rows = store.execute(
        "select type, name, sql from sqlite_master where sql is not null"
        " and (name in ('documents', 'passages', 'passage_words')"
        " or type = 'index' and tbl_name in ('documents', 'passages'))"
        " order by type = 'index', name"
    ).fetchall()
    for type_, name, sql in rows:
        aside = re.sub(rf"\b({'|'.join(DERIVED)})\b", rf"{SIDE}\1", sql)
        # The names of indexes stay with them in an exchange: they alternate.
        other = name.removeprefix(SIDE) if name.startswith(SIDE) else f"{SIDE}{name}"
        yield aside.replace(name, other, 1) if type_ == "index" else aside


def _trigger(kind: Kind, table: str, event: str, row: str) -> str:
    """The SQL of the trigger that takes a record out of the side tables as it changes."""
    documents = f"(select id from {SIDE}documents where kind = '{kind}' and record_id = {row}.id)"  # noqa: S608
    waits = (
        f"delete from {WAITING} where kind = '{kind}' and record_id = old.id"  # noqa: S608
        if event == "delete"
        else f"insert or ignore into {WAITING} values ('{kind}', new.id)"  # noqa: S608
    )
    return (
        f"create trigger {WAITING}_{kind}_{event} after {event} on {table} begin"  # noqa: S608
        f" delete from {SIDE}passage_words where rowid in"
        f" (select id from {SIDE}passages where document_id in {documents});"
        f" delete from {SIDE}passages where document_id in {documents};"
        f" delete from {SIDE}documents where id in {documents};"
        f" {waits}; end"
    )
