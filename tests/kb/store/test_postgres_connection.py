"""A connection to PostgreSQL: what it refuses, and in which words; its transactions; its rows."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from kb.address import PostgresAddress
from kb.errors import (
    KnowledgeBaseError,
    NotAKnowledgeBase,
    ReadOnlyKnowledgeBase,
    SchemaTooNew,
    SettingsError,
)
from kb.settings import Settings
from kb.store import migrations
from kb.store.migrations import SCHEMA_VERSION
from kb.store.pool import StorePool, open_store, schema_at
from kb.store.store import Store
from tests.conftest import emptied
from tests.postgres import PostgresServer


@pytest.fixture
def address(postgres_base: PostgresAddress) -> PostgresAddress:
    return emptied(postgres_base)


@pytest.fixture
def store(address: PostgresAddress) -> Iterator[Store]:
    with closing(open_store(address)) as opened:
        yield opened


@pytest.fixture
def other(address: PostgresAddress) -> Iterator[Store]:
    with closing(open_store(address)) as opened:
        yield opened


LISTS_OF_CONTACTS = (
    "alter table dossiers rename to contact_lists",
    "alter table contact_lists rename column title to name",
    *(
        f"alter table contact_lists drop column {column}"
        for column in ("need", "quantity", "place", "until", "reader", "writer")
    ),
    "alter table dossier_members rename to contact_list_members",
    "alter table contact_list_members rename column dossier_id to list_id",
    "alter table contact_list_members add column takes_picks integer",
    "alter index idx_dossier_members_account rename to idx_contact_list_members_account",
    "alter table dossier_entries rename to contact_list_entries",
    "alter table contact_list_entries rename column dossier_id to list_id",
    "alter table contact_list_entries drop column why, drop column signed",
    "alter table accounts drop column confirmed",
    "alter table outbox drop column reply_to",
    "insert into contact_lists (id, name, owner) values ('a', 'À appeler', 'Léa')",
    "insert into contact_list_entries (list_id, actor_id, position, need)"
    " values ('a', 'merlet', 1, ''), ('a', 'avel', 2, 'du gel')",
)


def test_tables_of_an_earlier_version_are_migrated_with_what_they_hold(
    address: PostgresAddress,
) -> None:
    with closing(open_store(address)) as former, former.writing():
        former.execute("insert into accounts (key, name) values ('lea', 'Léa')")
        former.execute("create table place_words (word text)")
        former.execute("alter table embeddings drop column trades, drop column trades_by")
        former.execute("alter table jobs add column part_of text not null default ''")
        for statement in LISTS_OF_CONTACTS:
            former.execute(statement)
        former.execute("update quisait_schema set number = ?", [migrations.FIRST_VERSION])
    assert schema_at(address) == migrations.FIRST_VERSION
    with closing(open_store(address)) as migrated:
        assert migrated.execute("select to_regclass('place_words')").fetchone()[0] is None
        (account,) = migrated.execute("select name, email from accounts").fetchall()
        assert tuple(account) == ("Léa", "")
        (kept,) = migrated.execute("select title, need from dossiers").fetchall()
        assert tuple(kept) == ("À appeler", "du gel")
    assert schema_at(address) == SCHEMA_VERSION


def test_no_two_write_at_a_time_and_who_reads_waits_for_nobody(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.store.database.BUSY_TIMEOUT_S", 0.05)
    with other.reading():
        assert other.property("a") == ""
        with store.writing():
            store.set_property("a", "1")
        assert other.property("a") == ""  # the state in which the reading began
    assert other.property("a") == "1"
    for waits in (True, False):
        refused = pytest.raises(KnowledgeBaseError, match="locked")
        with store.writing(), refused, other.writing(waits=waits):
            pass
    with other.writing(waits=False):
        other.set_property("a", "2")
    assert store.property("a") == "2"


def test_who_may_only_read_is_told_so(address: PostgresAddress) -> None:
    reader = PostgresAddress(f"{address.given}&options=-cdefault_transaction_read_only%3Don")
    with closing(open_store(reader)) as store:
        assert not store.is_writable
        with pytest.raises(ReadOnlyKnowledgeBase, match="cannot be written"), store.changing():
            store.set_property("a", "1")


def test_a_connection_that_the_server_ended_is_lent_to_nobody(
    address: PostgresAddress, store: Store
) -> None:
    with closing(StorePool(address)) as pool:
        with pool.lend() as lent:
            (process,) = lent.execute("select pg_backend_pid()").fetchone()
        assert not lent.outlived()
        store.execute("select pg_terminate_backend(?, 10000)", [process])
        with pool.lend() as lent:
            assert lent.execute("select pg_backend_pid()").fetchone()[0] != process


def test_an_address_without_a_base_is_refused_in_a_line(postgres: PostgresServer) -> None:
    address = PostgresAddress(postgres.create("fresh"))
    with pytest.raises(NotAKnowledgeBase, match="no tables of one"):
        open_store(address)
    assert schema_at(address) == 0
    for name in ("one", "two"):  # two bases in a database
        in_schema = PostgresAddress(f"{address.given}&schema={name}")
        with closing(open_store(in_schema, create=True)) as store:
            assert store.property("base") == ""
            store.set_property("base", name)
        assert schema_at(in_schema) == SCHEMA_VERSION
    with psycopg.connect(address.url, autocommit=True) as connection:
        connection.execute("create table public.others (id bigint)")
        with pytest.raises(NotAKnowledgeBase, match=r"something else \(others\)"):
            open_store(address, create=True)
        connection.execute("update one.quisait_schema set number = 999")
    with pytest.raises(SchemaTooNew, match="schema 999"):
        open_store(PostgresAddress(f"{address.given}&schema=one"))
    with pytest.raises(KnowledgeBaseError, match="does not exist"):
        open_store(PostgresAddress(postgres.address("nowhere")))
    postgres.drop("fresh")


def test_a_schema_without_a_base_is_not_that_of_another(postgres: PostgresServer) -> None:
    address = PostgresAddress(postgres.create("public_base"))
    open_store(address, create=True).close()
    missing = PostgresAddress(f"{address.given}&schema=missing")
    with pytest.raises(NotAKnowledgeBase, match="schema=missing is not a knowledge base"):
        open_store(missing)
    assert schema_at(missing) == 0
    with psycopg.connect(address.url, autocommit=True) as connection:
        connection.execute("create schema missing")
    with pytest.raises(NotAKnowledgeBase, match="schema=missing is not a knowledge base"):
        open_store(missing)
    assert schema_at(missing) == 0
    with closing(open_store(address)) as base, closing(open_store(missing, create=True)) as other:
        base.set_property("base", "public")
        assert other.property("base") == ""
    postgres.drop("public_base")


def test_no_line_has_the_password() -> None:
    nowhere = "postgresql://ada:s3cret@/kb?host=/nowhere"
    with pytest.raises(KnowledgeBaseError, match="ada@/kb") as raised:
        open_store(PostgresAddress(nowhere))
    assert "s3cret" not in str(raised.value)
    assert "\n" not in str(raised.value)
    with pytest.raises(SettingsError, match="QUISAIT_KB cannot be used") as refused:
        Settings.from_environment(kb="postgresql://ada:s3cret@host:port/kb")
    assert "s3cret" not in str(refused.value)
