"""Addresses of databases: kept for libpq, shown and refused without a password."""

import pytest
from click.testing import CliRunner

from kb.address import PostgresAddress, place_of
from web.cli import main


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


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:s3cret/s3cret@db/kb",
        "postgresql://ada:12/s3cret@db/kb",
        "postgresql://ada:12?s3cret@db/kb",
        "postgresql://ada:12#s3cret@db/kb",
        "postgresql://ada:a@s3cret@db/kb",
        "postgresql://ada:s3cret%zz@db/kb",
        "postgresql://ada:s3cret@db:port/kb",
        "postgresql://ada:s3cret@[db/kb",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="it is no address of a database") as refused:
        place_of(url)
    assert "s3cret" not in str(refused.value)
    printed = CliRunner().invoke(main, ["--kb", url, "status"])
    assert printed.exit_code == 2
    assert "it is no address of a database" in printed.output
    assert "s3cret" not in printed.output


def test_an_address_may_name_several_hosts() -> None:
    url = "postgresql://ada@one:5432,[::1]:5433,/kb?target_session_attrs=read-write"
    assert str(PostgresAddress(url)) == "postgresql://ada@one:5432,[::1]:5433,/kb"
