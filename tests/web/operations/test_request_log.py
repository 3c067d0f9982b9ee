import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.log_lines import log_lines
from kb.settings import Settings
from tests.web.sample_base import SampleBase
from web.app import create_app
from web.http.security.headers import SECURITY_HEADERS

SETTINGS = Settings(
    public_url="https://quisait.example/", secret=SecretStr("a secret of thirty-two characters")
)
GIVEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def client(knowledge_base: SampleBase) -> Iterator[TestClient]:
    with of(knowledge_base) as client:
        yield client


def of(base: KnowledgeBase) -> TestClient:
    return TestClient(
        create_app(base, SETTINGS, log_requests=True),
        base_url="https://quisait.example",
        follow_redirects=False,
        raise_server_exceptions=False,
    )


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_every_answer_has_an_id(client: TestClient) -> None:
    for method, path, status in (
        ("GET", "/en/", 200),
        ("HEAD", "/en/", 200),
        ("GET", "/", 307),
        ("GET", "/static/nothing.css", 404),
        ("DELETE", "/en/", 405),
        ("POST", "/en/sign-in", 413),
        ("GET", "/api/search", 422),
        ("GET", "/healthz", 200),
    ):
        content = "x" * 70_000 if status == 413 else None
        first, second = (client.request(method, path, content=content) for _ in range(2))
        assert first.status_code // 100 == status // 100
        ids = {first.headers["X-Request-ID"], second.headers["X-Request-ID"]}
        assert [len(id_) for id_ in ids] == [32, 32]


def failing(monkeypatch: pytest.MonkeyPatch, base: SampleBase) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise RuntimeError("mouton chez jeanne@kb.example")

    monkeypatch.setattr(base, "search", fails)


def test_an_unforeseen_error_shows_the_id_that_the_log_has(
    client: TestClient,
    knowledge_base: SampleBase,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    failing(monkeypatch, knowledge_base)
    given = {"X-Request-ID": GIVEN}
    page = client.get("/en/search", params={"q": "mouton"}, headers=given)
    assert page.status_code == 500
    assert GIVEN in page.text
    assert "quote this number" in page.text
    assert page.headers["X-Request-ID"] == GIVEN
    for name, value in SECURITY_HEADERS.items():
        assert page.headers[name] == value
    answer = client.get("/api/search", params={"q": "mouton"}, headers=given)
    assert answer.json()["detail"] == f"Something unforeseen went wrong here (request {GIVEN})."
    with caplog.at_level(logging.INFO):
        client.get("/fr/recherche", params={"q": "mouton"}, headers=given)
    assert "GET /fr/recherche 500" in caplog.text


def test_a_line_has_the_route_and_no_words(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    with log_lines("json", "info"):
        client.get("/en/cases/angouleme", headers={"X-Request-ID": GIVEN})
    (line,) = lines_of(capsys)
    assert line["request_id"] == GIVEN
    assert line["logger"] == "web.operations.monitoring"
    assert (line["method"], line["route"], line["status"]) == (
        "GET",
        "/en/cases/{record_id:path}",
        200,
    )
    assert line["message"] == f"GET /en/cases/{{record_id:path}} 200 {line['ms']} ms"


def test_nothing_personal_is_logged(
    knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A tour of what visitors send, with all that the log can hold."""
    secrets = ["mouton", "jeanne", "0612345678", "192.0.2.77", "cookieword", "tokenword"]
    client = of(knowledge_base)
    client.cookies.set("quisait", "cookieword")
    sent = {
        "X-Forwarded-For": "192.0.2.77",
        "User-Agent": "mouton/1",
        "Referer": "https://kb.example/?q=mouton",
        "X-Request-ID": "jeanne@kb.example",
    }
    person = {"name": "jeanne@kb.example", "password": "mouton", "email": "jeanne@kb.example",
              "phone": "0612345678", "title": "mouton", "text": "mouton", "csrf": "tokenword",
              "q": "mouton"}  # fmt: skip
    pages = ["/en/search", "/fr/recherche", "/api/search", "/api/suggestions", "/en/mouton",
             "/api/report", "/widget/search", "/en/cases/mouton", "/api/cases/mouton",
             "/en/alerts", "/en/feeds/search.atom"]  # fmt: skip
    forms = ["/en/sign-in", "/en/board/new", "/en/alerts", "/en/contribute", "/mcp", "/api/notices"]
    with log_lines("text", "debug"):
        for page in pages:
            client.get(page, params={"q": "mouton", "t": "tokenword"}, headers=sent)
        for form in forms:
            client.post(form, data=person, headers={**sent, "Authorization": "Bearer tokenword"})
            client.post(form, json=person, headers=sent)
        client.request("JEANNE", "/en/search", headers=sent)
        failing(monkeypatch, knowledge_base)
        client.get("/en/search", params={"q": "mouton"}, headers=sent)

        def damaged(*_: Any, **__: Any) -> Any:
            raise KnowledgeBaseError("it is damaged")

        monkeypatch.setattr(knowledge_base, "search", damaged)
        client.get("/en/search", params={"q": "mouton"}, headers=sent)
    told = capsys.readouterr().err
    assert "GET /en/search 500" in told
    assert "GET /en/search 503" in told
    assert "it is damaged" in told
    assert len(told.splitlines()) >= len(pages) + 2 * len(forms)
    assert [word for word in secrets if word in told.lower()] == []
