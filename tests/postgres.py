"""A PostgreSQL server of one's own: in a temporary folder, on a Unix socket, until one is done.

    with postgres_server() as server:
        address = server.create("trial")

PostgreSQL refuses root, so that root starts it as the user `postgres`. What a server stores here
need not survive a loss of power: it waits for no disk.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg.sql import SQL, Identifier

MAJOR_VERSION = 17
PROGRAMS = Path(f"/usr/lib/postgresql/{MAJOR_VERSION}/bin")
EXTENSION = Path(f"/usr/share/postgresql/{MAJOR_VERSION}/extension/vector.control")
SYSTEM_USER = "postgres"
"""The user of the package, and the first of each server here."""

STARTS_WITHIN_S = 60.0

SETTINGS: Mapping[str, str] = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "wal_level": "minimal",
}
"""Of tests: nothing is synced, and nothing happens that no test asked for."""


class PostgresMissing(Exception):
    """PostgreSQL or pgvector is not installed."""

    def __init__(self) -> None:
        packages = f"postgresql-{MAJOR_VERSION} postgresql-{MAJOR_VERSION}-pgvector"
        super().__init__(f"No PostgreSQL to test with: apt-get install {packages}")


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server that runs, with its socket in `folder`."""

    folder: Path

    def address(self, database: str) -> str:
        """The address of a database, as a setting of the knowledge base has it."""
        return f"postgresql:///{database}?host={self.folder}&user={SYSTEM_USER}"

    def create(self, database: str, template: str = "template1") -> str:
        """Makes a database, a copy of one that nobody uses, and returns its address."""
        names = Identifier(database), Identifier(template)
        self.execute("create database {} template {} strategy file_copy", *names)
        return self.address(database)

    def drop(self, database: str) -> None:
        """Deletes a database, whoever still uses it."""
        self.execute("drop database if exists {} with (force)", Identifier(database))

    def files_saying(self, word: str, database: str) -> list[str]:
        """The tables and indexes of a database whose files have a word, in small letters."""
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            connection.execute("checkpoint")
            named = connection.execute(
                "select pg_relation_filepath(oid), relname from pg_class"
                " where pg_relation_filepath(oid) is not null"
            ).fetchall()
            (numbered,) = connection.execute(
                "select oid::text from pg_database where datname = current_database()"
            ).fetchone() or ("",)
        names = {Path(path).name: str(name) for path, name in named}
        return sorted(
            names.get(path.name, path.name)
            for path in (self.folder / "data" / "base" / numbered).iterdir()
            if word.encode() in path.read_bytes().lower()
        )

    def execute(
        self, statement: LiteralString, *names: Identifier, database: str = "postgres"
    ) -> None:
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            connection.execute(SQL(statement).format(*names))


@contextmanager
def postgres_server(
    settings: Mapping[str, str] = SETTINGS, kept_in: Path | None = None
) -> Iterator[PostgresServer]:
    """Runs a server with pgvector in each new database, until the block ends, or this process.

    With `kept_in`, its databases are in that folder, and stay there for the next server.

    Raises:
        PostgresMissing: it is not installed.
    """
    if not (PROGRAMS / "postgres").exists() or not EXTENSION.exists():
        raise PostgresMissing
    # The path of a Unix socket has 107 bytes at most: the usual folder may be too deep.
    folder = kept_in or Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))
    try:
        folder.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(folder, SYSTEM_USER, SYSTEM_USER)
        data = folder / "data"
        is_new = not data.exists()
        if is_new:
            _make_cluster(data)
        options = [f"--{name}={value}" for name, value in settings.items()]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                _own_program("postgres", f"-D{data}", f"-k{folder}", *options), stderr=log
            )
        try:
            server = PostgresServer(folder)
            _wait_until_it_answers(server, process)
            if is_new:
                server.execute("create extension vector", database="template1")
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait()
    finally:
        if kept_in is None:
            shutil.rmtree(folder)


def _own_program(name: str, *options: str) -> list[str]:
    """The command that runs a program of the server, which ends with this process."""
    user = f"--reuid={SYSTEM_USER} --regid={SYSTEM_USER} --clear-groups".split()
    as_user = user if os.geteuid() == 0 else []
    return ["setpriv", *as_user, "--pdeathsig=QUIT", str(PROGRAMS / name), *options]


def _make_cluster(data: Path) -> None:
    made = subprocess.run(
        _own_program(
            "initdb",
            f"--pgdata={data}",
            f"--username={SYSTEM_USER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr


def _wait_until_it_answers(server: PostgresServer, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            server.execute("select 1")
        except psycopg.OperationalError:
            ended = process.poll() is not None or time.monotonic() > until
            assert not ended, (server.folder / "log").read_text(errors="replace")
            time.sleep(0.01)
        else:
            return
