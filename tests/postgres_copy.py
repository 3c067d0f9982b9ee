"""A base in SQLite copied to PostgreSQL as it is, to compare what both find."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import psycopg
from psycopg.sql import SQL, Identifier

from kb.address import PostgresAddress
from kb.store.passages import VECTOR
from kb.store.postgres.halfvec import Halfvec
from kb.store.postgres.store import PostgresStore

SEARCHED = (
    "properties actors cases participations themes names name_vocabulary name_slips name_words"
    " documents passages passage_words embeddings passage_changes"
).split()
"""The tables that searches read, each after those it refers to."""


def copy_searched(database: Path, address: PostgresAddress) -> None:
    """Makes a base at an address, and copies to it what searches read of another."""
    PostgresStore.connect(address, create=True).close()
    with (
        closing(sqlite3.connect(database)) as source,
        psycopg.connect(address.url) as target,
    ):
        for table in SEARCHED:
            found = source.execute(f"select * from {table}")
            columns = [column[0] for column in found.description]
            if table == "passage_words":
                found, columns = (
                    source.execute(f"select rowid, * from {table}"),
                    ["rowid", *columns],
                )
            names = SQL(", ").join(map(Identifier, columns))
            into = SQL("copy {} ({}) from stdin").format(Identifier(table), names)
            if table == "embeddings":
                into += SQL(" with (format binary)")
            with target.cursor().copy(into) as copy:
                if table == "embeddings":
                    copy.set_types(["text", "text", "bytea"])
                    for text_hash, encoder, vector in found:
                        sent = Halfvec(np.frombuffer(vector, VECTOR)).sent
                        copy.write_row((text_hash, encoder, sent))
                else:
                    for row in found:
                        copy.write_row(row)
