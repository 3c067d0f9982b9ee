"""The server that the tests of PostgreSQL share."""

import psycopg

from tests.postgres import PostgresServer


def test_a_database_is_a_copy_of_another_and_has_vectors(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.create("original")) as connection:
        connection.execute("create table t as select '[1,2]'::halfvec as vector")
    with psycopg.connect(postgres.create("copied", "original")) as connection:
        assert connection.execute("select vector::text from t").fetchall() == [("[1,2]",)]
    postgres.drop("copied")
    postgres.drop("original")
