import shutil
import sqlite3
from typing import NamedTuple
from unittest.mock import Mock

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from tests.web.sample_base import SampleBase
from web.app import create_app
from web.operations import monitoring

TOKEN = "a token of thirty-two characters"


def asks(base: KnowledgeBase, host: str = "127.0.0.1", name: str = "localhost") -> TestClient:
    app = create_app(base, Settings(metrics_token=SecretStr(TOKEN)))
    return TestClient(app, f"http://{name}", raise_server_exceptions=False, client=(host, 4000))


def figures(client: TestClient) -> dict[tuple[str, tuple[str, ...]], float]:
    """The samples by name and values of labels."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_site_that_can_be_searched_is_ready(knowledge_base: SampleBase) -> None:
    answer = asks(knowledge_base).get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "reasons": [], "writable": True, "index_current": True}


def test_a_base_that_cannot_be_read_is_told_without_a_detail(
    knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = asks(knowledge_base)
    for error in (KnowledgeBaseError("/srv/kb is damaged"), sqlite3.DatabaseError("/srv/kb: disk")):
        monkeypatch.setattr(knowledge_base, "is_current", Mock(side_effect=error))
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["the knowledge base cannot be searched"]
        assert "/srv" not in answer.text


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_a_disk_that_is_nearly_full_is_told(
    knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    least = monitoring.LEAST_FREE_BYTES
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, least - 1))
    answer = asks(knowledge_base).get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["the disk is nearly full"])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, least))
    assert asks(knowledge_base).get("/readyz").status_code == 200


def test_a_base_that_is_only_read_is_ready(
    knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(knowledge_base), "writable", False)
    answer = asks(knowledge_base).get("/readyz")
    assert (answer.status_code, answer.json()["writable"]) == (200, False)


def test_metrics_say_what_was_asked_and_what_there_is(knowledge_base: SampleBase) -> None:
    client = asks(knowledge_base)
    client.get("/api/search", params={"q": "cirages"})
    client.get("/en/cases/angouleme")
    knowledge_base.jobs.add("dance", {}, by="")
    found = figures(client)
    assert found["quisait_requests_total", ("GET", "/api/search", "200")] == 1
    assert found["quisait_request_seconds_count", ("/api/search",)] == 1
    assert sum(n for (name, _), n in found.items() if name == "quisait_searches_total") == 1
    assert found["quisait_search_seconds_count", ()] == 1
    assert found["quisait_requests_in_flight", ()] == 1  # this one
    assert found["quisait_actors", ()] == 4
    assert found["quisait_cases", ()] == 2
    assert found["quisait_passages", ()] == found["quisait_embedded_passages", ()] > 4
    assert found["quisait_generation", ()] >= 1
    assert found["quisait_jobs", ("queued",)] == 1
    assert found["quisait_jobs", ("failed",)] == 0
    assert found["quisait_mails_waiting", ()] == 0
    assert found["quisait_disk_free_bytes", ()] > 0
    assert found["quisait_wal_bytes", ()] >= 0
    assert found["quisait_waiting", ("complete_search",)] == 0
    assert found["quisait_base_readable", ()] == 1
    assert found["process_resident_memory_bytes", ()] > 1_000_000
    assert found["process_open_fds", ()] > 3
    assert found["process_cpu_seconds_total", ()] > 0


BEARER = {"Authorization": f"Bearer {TOKEN}"}


def test_metrics_are_for_this_machine_and_the_token(knowledge_base: SampleBase) -> None:
    app = create_app(knowledge_base, Settings(metrics_token=SecretStr(TOKEN)))
    for host, name, headers, status in (
        ("127.0.0.1", "127.0.0.1:8000", {}, 200),
        ("::1", "[::1]:8000", {}, 200),
        ("192.0.2.7", "kb.example", {}, 403),
        # A proxy of this machine.
        ("127.0.0.1", "kb.example", {}, 403),
        ("127.0.0.1", "localhost", {"X-Forwarded-For": "192.0.2.7"}, 403),
        ("127.0.0.1", "localhost", {"Via": "1.1 proxy"}, 403),
        ("192.0.2.7", "kb.example", BEARER, 200),
        ("192.0.2.7", "kb.example", {"Authorization": f"Bearer {TOKEN}x"}, 403),
        ("192.0.2.7", "kb.example", {"Authorization": "Bearer é"}, 403),
        ("192.0.2.7", "kb.example", {"Authorization": f"Basic {TOKEN}"}, 403),
    ):
        given = [(key.encode(), value.encode()) for key, value in headers.items()]
        client = TestClient(app, f"http://{name}", client=(host, 4000))
        assert client.get("/metrics", headers=given).status_code == status, (host, name, headers)
    without = TestClient(create_app(knowledge_base, Settings()), client=("192.0.2.7", 4000))
    assert without.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403
