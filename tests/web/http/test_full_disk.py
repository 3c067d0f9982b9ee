"""A disk that is full, or a base that cannot be written: one line, nothing kept, nothing lost."""

import io
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.address import UPLOADS
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.registers.accounts import AccountRole
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.web.page_reader import Page
from tests.web.sample_base import ANGOULEME, AVEL
from tests.web.signed_in import PASSWORD, client_of, csrf_token, sign_in

FAILURES = {
    "SQLITE_FULL": 507,
    "SQLITE_IOERR_WRITE": 503,
    "SQLITE_READONLY_DBMOVED": 503,
    "SQLITE_BUSY": 503,
}


class FailingConnection(sqlite3.Connection):
    """A connection on which no change can be kept, as long as `failure` names an error."""

    failure = ""

    def commit(self) -> None:
        if FailingConnection.failure:
            error = sqlite3.OperationalError("no change can be kept")
            error.sqlite_errorname = FailingConnection.failure
            raise error
        super().commit()


@pytest.fixture
def base(
    tmp_path: Path,
    open_base: OpenBase,
    word_counts: WordCountEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> KnowledgeBase:
    connect = partial(sqlite3.connect, factory=FailingConnection)
    monkeypatch.setattr("kb.store.database.sqlite3.connect", connect)
    monkeypatch.setattr(FailingConnection, "failure", "")
    base = open_base(word_counts)
    base.put([AVEL, ANGOULEME])
    base.accounts.add("Ada", PASSWORD, AccountRole.ADMINISTRATOR)
    return base


@pytest.fixture
def client(base: KnowledgeBase) -> TestClient:
    client = client_of(base)
    assert sign_in(client, "Ada").status_code == 303
    return client


@pytest.fixture
def program(base: KnowledgeBase) -> TestClient:
    client = client_of(base)
    client.headers["Authorization"] = f"Bearer {base.accounts.issue_token('Ada', 'tests')}"
    assert client.get("/api/contributions").status_code == 200  # its use is noted once in a while
    return client


def contents(base: KnowledgeBase) -> list[tuple[object, ...]]:
    """Every row of every table, as a reader beside the site sees them."""
    with sqlite3.connect(base.folder / DATABASE_FILE) as beside:
        tables = [
            name
            for (name,) in beside.execute("select name from sqlite_master where type = 'table'")
        ]
        rows = [row for name in tables for row in beside.execute(f'select * from "{name}"')]
    beside.close()
    return rows


PAGES: list[tuple[str, dict[str, str]]] = [
    (
        "/en/needs-and-offers/post",
        {"title": "Du gel", "text": "Nous cherchons du gel pour l’hôpital.", "flow": "seeks"},
    ),
    ("/en/sites", {"do": "add", "name": "Réseau", "origins": "https://a.example", "per_day": "10"}),
    ("/en/dossier", {"do": "pick", "id": "avel", "need": "À appeler"}),
    (
        "/en/report-a-problem?kind=actor&id=avel",
        {"subject": "other", "text": "Le nom est faux, c’est Avel SA."},
    ),
    ("/en/history/actors/avel", {"do": "withdraw", "reason": "Fermée"}),
]


@pytest.mark.thorough
def test_a_form_that_cannot_be_kept_is_shown_to_be_sent_again(
    base: KnowledgeBase, client: TestClient
) -> None:
    for failure, status in (("SQLITE_FULL", 507), ("SQLITE_BUSY", 503)):
        for path, fields in PAGES:
            token = csrf_token(client, path)
            before = contents(base)
            FailingConnection.failure = failure
            answer = client.post(path, data={"csrf": token, **fields})
            assert contents(base) == before
            assert answer.status_code == status, path
            sent = {
                element.attributes["name"]: element.attributes["value"]
                for element in Page(answer.text).all("input", type="hidden")
                if "name" in element.attributes
            }
            assert {**fields, "csrf": token}.items() <= sent.items()
            FailingConnection.failure = ""
    assert client.post(path, data=sent).status_code in {200, 303}
    assert contents(base) != before


def test_the_api_answers_in_a_line(base: KnowledgeBase, program: TestClient) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: program.post("/api/feeds", json={"url": "https://a.example/feed"}),
        lambda: program.post("/api/actors/avel/withdraw", json={"reason": "x"}),
        lambda: program.post("/api/cases/angouleme/edit"),
        lambda: program.post("/api/actors/avel/erase"),
        lambda: program.post(
            "/api/directories", data={"source": "S"}, files={"file": ("a.csv", b"name\nAvel\n")}
        ),
    ]
    before = contents(base)
    for failure, status in FAILURES.items():
        FailingConnection.failure = failure
        for call in calls:
            answer = call()
            assert answer.status_code == status
            line = (
                "There is no room left on the disk of this site. Nothing that was sent was saved."
            )
            assert answer.json()["detail"] == line or status == 503
            assert str(base.folder) not in answer.text
    assert contents(base) == before
    assert not [*(base.folder / UPLOADS).iterdir()]


def test_searches_and_pages_go_on(client: TestClient) -> None:
    FailingConnection.failure = "SQLITE_FULL"
    for path in ("/en/actors/avel", "/api/cases/angouleme", "/en/needs-and-offers", "/en/jobs"):
        assert client.get(path).status_code == 200


@contextmanager
def files_of_at_most(most_bytes: int) -> Iterator[None]:
    """Lets no file of this process grow beyond a size, as a quota would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_an_upload_that_has_no_room_leaves_nothing_behind(
    base: KnowledgeBase, client: TestClient, program: TestClient
) -> None:
    content = b"name;description\n" + b"Avel;fabrique des cirages\n" * 20_000
    token = csrf_token(client, "/en/contribute")
    jobs = base.jobs.list()
    with files_of_at_most(200_000):
        page = client.post(
            "/en/contribute",
            data={"csrf": token, "do": "directory", "source": "Annuaire"},
            files={"directory": ("a.csv", io.BytesIO(content))},
        )
        many = client.post(
            "/en/contribute",
            data={"csrf": token, "do": "files", "title": "mine"},
            files=[("files", (f"{n}.txt", b"Avel")) for n in range(9)]
            + [("files", ("z.txt", content))],
        )
        api = program.post(
            "/api/directories", data={"source": "S"}, files={"file": ("a.csv", content)}
        )
        large = program.post(
            "/api/directories", data={"source": "S"}, files={"file": ("a.csv", content * 3)}
        )
    assert (page.status_code, many.status_code) == (507, 507)
    assert (api.status_code, large.status_code) == (507, 507)
    assert "There is no room left" in page.text
    assert 'value="Annuaire"' in page.text
    assert api.json() == large.json()
    assert not [*(base.folder / UPLOADS).iterdir()]
    assert base.jobs.list() == jobs


def test_no_page_shows_a_password_that_could_not_be_kept(client: TestClient) -> None:
    token = csrf_token(client, "/en/accounts")
    FailingConnection.failure = "SQLITE_FULL"
    answer = client.post(
        "/en/accounts",
        data={
            "csrf": token, "do": "add", "name": "Bo", "role": "contributor",
            "password": "un mot de passe secret",
        },
    )  # fmt: skip
    assert answer.status_code == 507
    assert "un mot de passe secret" not in answer.text
    assert "Send it again" not in answer.text
