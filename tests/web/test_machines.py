"""One base in PostgreSQL, and processes on several machines: each has a folder of its own."""

import threading
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from fastapi.testclient import TestClient

from ingest.worker import work
from kb.address import UPLOADS, PostgresAddress
from kb.errors import UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.registers.accounts import AccountRole
from kb.registers.jobs import JobState
from kb.store.pool import StorePool, open_store
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.postgres import PostgresServer
from tests.web.sample_base import AVEL
from tests.web.signed_in import PASSWORD, client_of, csrf_token, send, sign_in

DIRECTORY = b"id;nom;activit\xc3\xa9\nz1;Zed;Elle fabrique des ressorts\nz2;;\n"


@pytest.fixture
def engine() -> str:
    return "postgres"


@pytest.fixture
def here(open_base: OpenBase) -> KnowledgeBase:
    base = open_base(WordCountEncoder(), "here")
    base.put([AVEL])
    base.accounts.add("Ada", PASSWORD, AccountRole.ADMINISTRATOR)
    return base


@pytest.fixture
def there(open_base: OpenBase) -> KnowledgeBase:
    return open_base(WordCountEncoder(), "there")


@pytest.fixture
def worker(open_base: OpenBase) -> KnowledgeBase:
    return open_base(WordCountEncoder(), "worker")


@pytest.fixture
def browser(here: KnowledgeBase) -> TestClient:
    client = client_of(here)
    assert sign_in(client, "Ada").status_code == 303
    return client


@pytest.fixture
def other_browser(browser: TestClient, there: KnowledgeBase) -> TestClient:
    """The same browser, whose next requests reach the other server."""
    client = client_of(there)
    client.cookies.update(browser.cookies)
    return client


def on_disk(base: KnowledgeBase) -> list[Path]:
    return [path for path in base.folder.rglob("*") if path.is_file()]


def test_a_session_is_good_on_every_server(browser: TestClient, other_browser: TestClient) -> None:
    assert "Ada" in other_browser.get("/en/account").text
    token = csrf_token(browser, "/en/dossier")  # of the form of one, sent to the other
    added = other_browser.post(
        "/en/dossier", data={"csrf": token, "do": "pick", "id": "avel", "need": "À appeler"}
    )
    assert added.status_code == 303
    assert "À appeler" in browser.get("/en/dossier").text
    send(other_browser, "/en/sign-out", {}, shown_at="/en/account")
    assert browser.get("/en/account").status_code == 303


def test_what_is_sent_to_one_server_is_looked_at_on_another_and_read_by_any_worker(
    browser: TestClient,
    other_browser: TestClient,
    here: KnowledgeBase,
    there: KnowledgeBase,
    worker: KnowledgeBase,
) -> None:
    sent = browser.post(
        "/en/contribute",
        data={"csrf": csrf_token(browser, "/en/contribute"), "do": "directory", "source": "S"},
        files={"directory": ("annuaire.csv", DIRECTORY)},
    )
    page = sent.headers["location"]
    assert "annuaire.csv" in other_browser.get(page).text
    applied = send(other_browser, page, {"do": "apply", "source": "S"})
    assert applied.status_code == 303
    assert [*on_disk(here), *on_disk(there), *on_disk(worker)] == []
    (job,) = here.jobs.list()
    work(worker, linger_s=0, stopping=threading.Event())
    done = here.jobs.get(job.id)
    assert (done.state, done.report["added"]) == (JobState.DONE, 1)
    (failure,) = cast("list[dict[str, object]]", done.report["failures"])
    assert (failure["file"], failure["row"]) == ("annuaire.csv", 3)
    assert here.kept_files
    assert here.kept_files.names(f"{UPLOADS}/") == []
    assert on_disk(worker) == []
    for server in (browser, other_browser):
        found = server.get("/api/search", params={"q": "ressorts"}).json()
        assert "z1" in {hit["actor"]["id"] for hit in found["hits"]}


def test_what_is_published_on_one_is_found_on_the_other_at_once(
    browser: TestClient, other_browser: TestClient, here: KnowledgeBase
) -> None:
    def found() -> list[bool]:
        answers = [
            server.get("/api/search", params={"q": "ressorts"}).json()
            for server in (browser, other_browser)
        ]
        return ["z" in {hit["actor"]["id"] for hit in answer["hits"]} for answer in answers]

    assert found() == [False, False]
    here.put([Actor(id="z", name="Zed", description="Elle fabrique des ressorts")])
    assert found() == [True, True]
    send(other_browser, "/en/history/actors/z", {"do": "withdraw", "reason": "Fermée"})
    assert found() == [False, False]


def test_searches_read_in_the_replica_and_all_else_in_the_base(
    here: KnowledgeBase, postgres: PostgresServer, tmp_path: Path
) -> None:
    replica = PostgresAddress(postgres.create("replica"))
    with closing(KnowledgeBase(tmp_path, WordCountEncoder, database=replica)) as former:
        former._stores.keep(open_store(replica, create=True))
        former.put([AVEL])
    postgres.execute("alter database replica set default_transaction_read_only = on")
    here.put([Actor(id="z", name="Zed", description="Elle fabrique des ressorts")])
    assert isinstance(here.place, PostgresAddress)
    base = KnowledgeBase(tmp_path, WordCountEncoder, database=here.place, replica=replica)
    with closing(base), closing(StorePool(replica)) as copied:
        generation = here.status().generation
        with copied.lend() as store:
            assert base.report("ressorts").base["generation"] == store.generation != generation
        assert [hit.actor.id for hit in base.search("ressorts").hits] == ["avel"]
        with pytest.raises(UnknownRecord):
            base.explain("ressorts", "z")
        assert base.actor("z").name == "Zed"
        base.put([Actor(id="y", name="Ypsilon", description="Elle tisse")])
        assert here.actor("y").name == "Ypsilon"
    postgres.drop("replica")
