"""What is deleted from a base in PostgreSQL leaves no byte in the files of its database."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from kb.address import PostgresAddress
from kb.errors import KnowledgeBaseError
from kb.store.pool import open_store
from kb.store.postgres import store as rewriting
from kb.store.store import Store
from tests.conftest import emptied
from tests.postgres import PostgresServer

WORD = "quaxifrage"
NAME = f"zorglub {WORD}"

CONTENTS = (
    "select table_name, column_name, data_type from information_schema.columns"
    " where table_schema = current_schema() and data_type in ('text', 'bytea')"
    " and table_name != 'postings' order by table_name, data_type desc, column_name"
)
"""The texts of a table before its bytes."""


@pytest.fixture
def store(postgres_base: PostgresAddress) -> Iterator[Store]:
    with closing(open_store(emptied(postgres_base))) as opened:
        yield opened


@pytest.fixture
def other(store: Store, postgres_base: PostgresAddress) -> Iterator[Store]:
    with closing(open_store(postgres_base)) as opened:
        yield opened


def plant(store: Store) -> dict[str, list[str]]:
    """Rows in every table that say the name in every text and bytes; returns the columns."""
    columns: dict[str, dict[str, str]] = {}
    for table, column, kind in store.execute(CONTENTS).fetchall():
        columns.setdefault(table, {})[column] = kind
    store.execute("set session_replication_role = replica")  # without triggers and references
    for table, named in columns.items():
        kinds = store.execute(
            "select column_name, data_type from information_schema.columns where table_name = ?"
            " and table_schema = current_schema() and is_nullable = 'NO' and is_identity = 'NO'"
            " and data_type not in ('text', 'bytea')",
            [table],
        ).fetchall()
        for number in range(3):
            name = f"{NAME} {number}"
            row = {
                column: name if kind == "text" else name.encode() for column, kind in named.items()
            }
            store.insert(table, {**row, **{column: number for column, _ in kinds}})
    store.execute("reset session_replication_role")
    return {table: [*named] for table, named in columns.items()}


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


def test_what_another_transaction_may_still_read_is_cleaned_later(
    store: Store, other: Store, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "SNAPSHOTS_END_IN_S", 0.0)
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
