"""What is deleted from a base in PostgreSQL leaves no byte in the files of its database."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from psycopg.sql import Identifier

from kb.address import PostgresAddress
from kb.errors import KnowledgeBaseError
from kb.store.pool import open_store
from kb.store.postgres.store import PostgresStore
from kb.store.store import Store
from tests.conftest import emptied
from tests.postgres import PostgresServer

WORD = "quaxifrage"
NAME = f"zorglub {WORD}"

TEXTS = (
    "select table_name, column_name from information_schema.columns"
    " where table_schema = current_schema() and data_type = 'text' and table_name != 'postings'"
    " order by 1, 2"
)


@pytest.fixture
def store(postgres_base: PostgresAddress) -> Iterator[Store]:
    with closing(open_store(emptied(postgres_base))) as opened:
        yield opened


@pytest.fixture
def other(store: Store, postgres_base: PostgresAddress) -> Iterator[Store]:
    with closing(open_store(postgres_base)) as opened:
        yield opened


def plant(store: Store) -> dict[str, list[str]]:
    """Rows in every table that say the name in every column of text; returns the columns."""
    columns: dict[str, list[str]] = {}
    for table, column in store.execute(TEXTS).fetchall():
        columns.setdefault(table, []).append(column)
    store.execute("set session_replication_role = replica")  # without triggers and references
    for table, named in columns.items():
        kinds = store.execute(
            "select column_name, data_type from information_schema.columns where table_name = ?"
            " and table_schema = current_schema() and is_nullable = 'NO' and data_type != 'text'"
            " and is_identity = 'NO'",
            [table],
        ).fetchall()
        for number in range(3):
            row = dict.fromkeys(named, f"{NAME} {number}")
            others = {column: b"" if kind == "bytea" else number for column, kind in kinds}
            store.insert(table, {**row, **others})
    store.execute("reset session_replication_role")
    return columns


def forget(store: Store, columns: dict[str, list[str]]) -> None:
    """Deletes what was planted: all, or but for one row that says something else."""
    store.execute("set session_replication_role = replica")
    for place, (table, named) in enumerate(columns.items()):
        store.execute(f"delete from {table} where {named[0]} != ?", [f"{NAME} 0"])
        if place % 2:
            changes = ", ".join(f"\"{column}\" = ''" for column in named)
            store.execute(f"update {table} set {changes} where {named[0]} = ?", [f"{NAME} 0"])
        else:
            store.execute(f"delete from {table} where {named[0]} = ?", [f"{NAME} 0"])
    store.execute("reset session_replication_role")


def test_what_is_deleted_from_any_table_leaves_no_byte(
    store: Store, postgres: PostgresServer
) -> None:
    columns = plant(store)
    store.execute("analyze")
    assert len(postgres.files_saying(WORD, "base")) > len(columns)
    forget(store, columns)
    store.mark_for_scrubbing()
    store.execute("vacuum")
    assert postgres.files_saying(WORD, "base")
    store.scrub()
    assert postgres.files_saying(WORD, "base") == []
    assert not store.is_to_be_scrubbed()


def test_who_owns_the_database_needs_no_other_right(postgres: PostgresServer) -> None:
    postgres.execute("create role {} login", Identifier("owner"))
    postgres.create("owned")
    postgres.execute("alter database {} owner to {}", Identifier("owned"), Identifier("owner"))
    owner = PostgresAddress(postgres.address("owned").replace("user=postgres", "user=owner"))
    with closing(open_store(owner, create=True)) as store:
        with store.writing():
            for number in range(3):
                store.insert("sources", {"name": f"{NAME} {number}"})
        store.execute("analyze")
        assert {"sources", "pg_statistic"} <= {*postgres.files_saying(WORD, "owned")}
        store.execute("delete from sources")
        store.scrub()
    assert postgres.files_saying(WORD, "owned") == []
    postgres.drop("owned")


def test_what_another_transaction_may_still_read_is_cleaned_later(
    store: Store, other: Store, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.postgres.rewriting.SNAPSHOTS_END_IN_S", 0.0)
    with store.writing():
        store.set_property(NAME, "1")
    with other.reading():
        # It reads one table, and may read each of the others as they are now.
        assert other.property("generation") == ""
        with store.writing():
            store.execute("delete from properties")
            store.mark_for_scrubbing()
        with pytest.raises(KnowledgeBaseError, match="within the hour"):
            store.scrub()
        assert other.property(NAME) == "1"
    assert store.is_to_be_scrubbed()
    assert postgres.files_saying(WORD, "base")
    store.scrub()
    assert postgres.files_saying(WORD, "base") == []
    assert not store.is_to_be_scrubbed()


def test_a_table_in_use_is_not_queued_for_without_end(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.database.BUSY_TIMEOUT_S", 0.0)
    other.execute("begin")
    other.execute("lock table properties in access share mode")
    with pytest.raises(KnowledgeBaseError, match="within the hour"):
        store.scrub()
    other.execute("rollback")
    assert store.execute("show lock_timeout").fetchone()[0] == "0"
    store.scrub()


def test_the_index_of_near_embeddings_is_made_again(
    postgres: PostgresServer, postgres_base: PostgresAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.postgres.passages.HNSW_FROM", 1)
    made = "select indexdef from pg_indexes where indexname like 'embeddings_near%'"
    with closing(PostgresStore.connect(emptied(postgres_base))) as store:
        store.insert_embeddings(
            "a'b", {str(place): row for place, row in enumerate(np.eye(8, dtype=np.float32))}
        )
        store.tend_search("a'b", 8)
        before = store.execute(made).fetchall()
        assert "hnsw" in before[0][0]
        store.scrub()
        assert store.execute(made).fetchall() == before
        store.execute(f"drop index {before[0][0].split()[2]}")
