"""Fixtures that tests of every room share."""

import os

# As the command does, before NumPy is imported: its own threads wait for those of the tests.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import CodeType
from unittest.mock import patch

import argon2
import pytest
from hypothesis import HealthCheck, settings
from jinja2 import Environment

from kb.address import PostgresAddress
from kb.encoder.encoder import Encoder
from kb.encoder.prepared import load_encoder
from kb.errors import EncoderError
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.registers import passwords
from kb.search.weights import DEFAULT_WEIGHTS, RankingWeights
from kb.settings import Settings
from kb.store.pool import open_store
from kb.store.store import Store
from tests.chat_server import ChatServer, serving_chats
from tests.encoders import WordCountEncoder
from tests.postgres import PostgresMissing, PostgresServer, postgres_server

OpenBase = Callable[..., KnowledgeBase]

# An example may take its time: a busy machine fails no test.
settings.register_profile(
    "unhurried",
    settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("QUISAIT_") and name != "QUISAIT_CACHE":
            monkeypatch.delenv(name)


@pytest.fixture
def real_hashing() -> None:
    """Has passwords hashed as they are in use, where the hashing is what is tested."""


@pytest.fixture(autouse=True)
def _cheap_hashing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password's hash costs 40 ms by intent; only the tests with `real_hashing` pay that."""
    passwords._hash_of_nothing.cache_clear()
    if "real_hashing" not in request.fixturenames:
        cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        monkeypatch.setattr(passwords, "_hasher", lambda: cheap)


@pytest.fixture(scope="session", autouse=True)
def _without_syncing() -> Iterator[None]:
    """No test loses power: a commit need not wait for a disk that others use."""
    with patch("kb.store.database.SYNCHRONOUS", "off"):
        yield


@pytest.fixture(scope="session", autouse=True)
def _templates_compiled_once() -> Iterator[None]:
    """A template is compiled for the first application of a run, and for none after it."""
    compile_source = Environment.compile
    compiled: dict[tuple[object, ...], CodeType] = {}

    def compile_once(
        environment: Environment, source: str, name: str | None = None, filename: str | None = None
    ) -> CodeType:
        # What a filter makes of a constant is compiled as well: a label in a language, a path.
        on_site = environment.filters.get("on_site", str)
        key = (environment.globals.get("language"), on_site("/"), source, name)
        if key not in compiled:
            compiled[key] = compile_source(environment, source, name, filename)
        return compiled[key]

    with patch.object(Environment, "compile", compile_once):
        yield


@pytest.fixture
def word_counts() -> WordCountEncoder:
    return WordCountEncoder()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of the newest schema without records, to be copied."""
    database = tmp_path_factory.mktemp("empty") / DATABASE_FILE
    Store.open(database, create=True).close()
    return database


@pytest.fixture
def engine() -> str:
    """What the bases of `open_base` are in: `sqlite` or `postgres`. Rooms with both say so."""
    return "sqlite"


@pytest.fixture(scope="session")
def postgres_base(postgres: PostgresServer) -> PostgresAddress:
    """A database with the newest schema, which tests leave as it comes: `emptied` makes it new."""
    address = PostgresAddress(postgres.create("base"))
    open_store(address, create=True).close()
    return address


@pytest.fixture
def open_base(
    tmp_path: Path, empty_database: Path, engine: str, request: pytest.FixtureRequest
) -> Iterator[OpenBase]:
    """Opens, or makes, a knowledge base under the test's folder with a given encoder."""
    opened: list[KnowledgeBase] = []
    address: PostgresAddress | None = None
    if engine == "postgres":
        address = emptied(request.getfixturevalue("postgres_base"))

    def open_with(
        encoder: Encoder, name: str = "kb", weights: RankingWeights = DEFAULT_WEIGHTS
    ) -> KnowledgeBase:
        folder = tmp_path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        if not address and not (folder / DATABASE_FILE).exists():
            shutil.copyfile(empty_database, folder / DATABASE_FILE)
        base = KnowledgeBase(folder, lambda: encoder, weights=weights, database=address)
        opened.append(base)
        return base

    yield open_with
    for base in opened:
        base.close()


def emptied(address: PostgresAddress) -> PostgresAddress:
    """Deletes all rows of a base: many times faster than making a database."""
    with closing(open_store(address)) as store, store.writing():
        store.execute("set constraints all deferred")
        tables = store.execute(
            "select tablename from pg_tables where schemaname = current_schema()"
            " and tablename not in ('quisait_schema', 'word_totals')"
        )
        for (table,) in tables.fetchall():
            store.execute(f"delete from {table}")
    return address


@pytest.fixture
def base(open_base: OpenBase, word_counts: WordCountEncoder) -> KnowledgeBase:
    return open_base(word_counts)


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    with serving_chats() as server:
        yield server


@pytest.fixture(scope="session")
def real_encoder() -> Encoder:
    """The encoder that users get by default. Missing, it fails in CI and skips elsewhere."""
    try:
        return load_encoder(Settings())
    except EncoderError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server. Missing, it fails in CI and skips elsewhere."""
    try:
        with postgres_server() as server:
            yield server
    except PostgresMissing as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
