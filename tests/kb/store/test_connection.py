"""One SQL for two engines: how statements are read by each."""

import pytest

from kb.address import PostgresAddress
from kb.store.database import _with_lists
from kb.store.postgres.statements import as_postgres


@pytest.mark.parametrize(
    ("said", "postgres"),
    [
        ("select * from a where b = ? and c = :d", "select * from a where b = %s and c = %(d)s"),
        ("where ':no' = \"?\" and b like ?", "where ':no' = \"?\" and b ilike %s escape ''"),
        ("where a in :values", "where a = any (%(values)s)"),
        ("where a not in :others", "where a <> all (%(others)s)"),
        ("select value from :values", "select value from unnest(%(values)s) as listed (value)"),
        ("select '%s' || :a where 5 % 2 = 1", "select '%%s' || %(a)s where 5 %% 2 = 1"),
        ("select '''?''', a::text from b", "select '''?''', a::text from b"),
        ("where :a in ('', b)", "where %(a)s in ('', b)"),
    ],
)
def test_a_statement_is_read_by_postgresql(said: str, postgres: str) -> None:
    assert as_postgres(said) == postgres


def test_lists_are_read_by_sqlite_out_of_json() -> None:
    assert _with_lists("select value from :values where value not in :others") == (
        "select value from json_each(:values)"
        " where value not in (select value from json_each(:others))"
    )


def test_what_an_address_says_to_libpq_is_kept() -> None:
    given = "postgresql://h/kb?options=-c%20work_mem%3D1MB&sslmode=require"
    assert PostgresAddress(f"{given}&schema=net").url == given


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:s3cret@db.example:5432/kb", "postgresql://ada@db.example:5432/kb"),
        ("postgresql://db.example/kb?password=s3cret", "postgresql://db.example/kb"),
        ("postgres:///kb?host=/run/pg&schema=net", "postgresql:///kb?schema=net"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    address = PostgresAddress(url)
    assert str(address) == shown
    assert "s3cret" not in repr(address)
    assert "s3cret" not in address.name
    assert ("s3cret" in address.url) == ("s3cret" in url)
    assert "schema" not in address.url
