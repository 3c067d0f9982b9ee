"""Bases to copy and to back up, and places for them, in each engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.address import SECRET_FILE, UPLOADS, PostgresAddress
from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from tests.kb.records import RECORDS
from tests.kb.upkeep.places import UPLOAD, NewPlace
from tests.postgres import PostgresServer


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Iterator[str]:
    yield postgres.create("copies")
    postgres.drop("copies")


@pytest.fixture(params=["folder", "address"])
def new_place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> NewPlace:
    """A place of a name where there is no base: a folder, or a schema of a database."""
    monkeypatch.setenv("QUISAIT_CACHE", str(tmp_path / "cache"))
    if request.param == "folder":
        return tmp_path.joinpath
    url = request.getfixturevalue("database")
    test = abs(hash(request.node.name))
    return lambda name: PostgresAddress(f"{url}&schema={name}_{test}")


@pytest.fixture
def filled(base: KnowledgeBase) -> KnowledgeBase:
    """A base with records, an account, a secret, and a job that waits for an upload."""
    base.put(RECORDS)
    base.accounts.add("Camille", "a long passphrase for Camille", AccountRole.ADMINISTRATOR)
    (base.folder / SECRET_FILE).write_text("s" * 64)
    (base.folder / SECRET_FILE).chmod(0o600)
    upload = base.folder / UPLOADS / UPLOAD / "actors.csv"
    upload.parent.mkdir(parents=True)
    (upload.parent / "empty.csv").touch()
    upload.write_text("id,name,description\nneuf,Neuf,Un atelier neuf.\n")
    base.jobs.add("directory", {"path": str(upload), "source": "s", "mapping": ""}, by="Camille")
    return base
