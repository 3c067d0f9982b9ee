"""What no route has to bear: bodies that hold what no text, number or database can hold."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from tests.web.sample_base import ANGOULEME, AVEL
from tests.web.signed_in import PASSWORD, client_of
from web.http.security.bodies import STRANGERS_BYTES

UNSOUND = {
    "half of a pair": ('"\\ud800"', "half of a surrogate pair, or NUL"),
    "half of a pair, after a backslash": ('"\\\\\\udfff"', "half of a surrogate pair, or NUL"),
    "half of a pair as a name": ('{"\\ud800": 1}', "half of a surrogate pair, or NUL"),
    "half of a pair, deep in a list": ('[[{"a": "\\udc00\\ud800"}]]', "half of a surrogate pair"),
    "NUL": ('"\\u0000"', "half of a surrogate pair, or NUL"),
    "NaN": ("NaN", "a number that cannot be kept"),
    "infinity": ("-Infinity", "a number that cannot be kept"),
    "a float beyond floats": ("1e999", "a number that cannot be kept"),
    "a number of 5000 digits": ("9" * 5000, "a number that cannot be kept"),
    "a number beyond the database's": (str(2**63), "a number that cannot be kept"),
    "lists in lists": ("[" * 100 + "]" * 100, "too many lists or objects within each other"),
    "lists without end": ("[" * 30_000 + "]" * 30_000, "too many lists or objects"),
    "values without end": ("[" + "0," * 100_000 + "0]", "too many values"),
    "texts without end": ("[" + '"\\"","",' * 60_000 + '""]', "too many values"),
    "objects without end": ('{"a":' * 9_000 + "1" + "}" * 9_000, "too many lists or objects"),
}
"""Values in JSON that cannot be kept, and what is said of them."""


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([AVEL, ANGOULEME])
    base.accounts.add("Ada", PASSWORD, AccountRole.ADMINISTRATOR)
    return base


@pytest.fixture
def program(base: KnowledgeBase) -> TestClient:
    client = client_of(base)
    client.headers["Authorization"] = f"Bearer {base.accounts.issue_token('Ada', 'tests')}"
    return client


def routes_with_json(client: TestClient) -> list[tuple[str, str]]:
    """The method and path of each route of the API whose body is JSON, its parameters filled in."""
    described: dict[str, dict[str, Any]] = client.get("/api/openapi.json").json()["paths"]
    return [
        (method, path.replace("{record_id}", "avel").replace("{actor_id}", "avel"))
        for path, operations in described.items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]


@pytest.mark.thorough
def test_every_route_that_takes_json_refuses_it_in_a_line(program: TestClient) -> None:
    routes = routes_with_json(program)
    assert len(routes) >= 10
    for name, (value, line) in UNSOUND.items():
        for method, path in [*routes, ("post", "/mcp")]:
            body = f'{{"text": {value}, "title": "x"}}'
            if path == "/mcp" and len(body) > STRANGERS_BYTES:
                continue
            answer = program.request(
                method, path, content=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 422, (name, method, path, answer.text)
            assert line in answer.json()["detail"]
            assert "\n" not in answer.json()["detail"]


def test_a_body_that_is_no_text_is_refused_in_a_line(program: TestClient) -> None:
    answer = program.post(
        "/api/feeds", content=b'{"url": "\xff"}', headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["detail"]) == (422, "The body is no text in UTF-8.")
