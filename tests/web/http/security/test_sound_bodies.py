"""What no route has to bear: bodies that hold what no text, number or database can hold."""

import json
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from tests.web.sample_base import ANGOULEME, AVEL
from tests.web.signed_in import PASSWORD, another_browser, client_of, sign_in
from web.http.security.bodies import STRANGERS_BYTES, SoundBodies

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


@pytest.mark.parametrize(("value", "line"), UNSOUND.values(), ids=UNSOUND)
@pytest.mark.thorough
def test_every_route_that_takes_json_refuses_it_in_a_line(
    program: TestClient, value: str, line: str
) -> None:
    routes = routes_with_json(program)
    assert len(routes) >= 10
    for method, path in [*routes, ("post", "/mcp")]:
        body = f'{{"text": {value}, "title": "x"}}'
        if path == "/mcp" and len(body) > STRANGERS_BYTES:
            continue
        answer = program.request(
            method, path, content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 422, (method, path, answer.text)
        assert line in answer.json()["detail"]
        assert "\n" not in answer.json()["detail"]


def test_the_line_is_in_the_language_that_was_asked(program: TestClient) -> None:
    answer = program.post(
        "/api/contributions?lang=fr",
        content='{"text": "\\ud800"}',
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    assert "une moitié de paire" in answer.json()["detail"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_a_long_text_is_one_value(encoding: str) -> None:
    sent = {"text": '"an, {article}" \\ ' * 100_000}
    body = json.dumps(sent).encode(encoding)
    headers = {"Content-Type": "application/json"}
    answer = TestClient(echoing()).post("/", content=body, headers=headers)
    assert answer.json() == sent


def test_what_is_no_json_is_told_by_the_route(program: TestClient) -> None:
    answer = program.post(
        "/api/duplicates", content='{"left": ', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("the body is not JSON: ")


def echoing() -> Starlette:
    async def echo(request: Request) -> Response:
        return JSONResponse(await request.json())

    return Starlette(
        routes=[Route("/", echo, methods=["POST"])], middleware=[Middleware(SoundBodies)]
    )


def test_whole_pairs_and_escaped_backslashes_are_text() -> None:
    sent = {"a": "\U0001f9ea", "b": "C:\\ud800", "c": [10**18 - 1, -1.5, None, [[True]]]}
    answer = TestClient(echoing()).post("/", json=sent)
    assert answer.json() == sent


def test_who_may_not_send_is_told_that_first(program: TestClient) -> None:
    stranger = another_browser(program)
    for method, path in routes_with_json(program):
        answer = stranger.request(
            method, path, content='"\\ud800"', headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "kind", ["application/json", "application/a!+json", "application/a'b+JSON"]
)
def test_whatever_is_read_as_json_is_looked_at(program: TestClient, kind: str) -> None:
    answer = program.post(
        "/api/feeds", content='{"url": "https://x.example/\\ud800"}', headers={"Content-Type": kind}
    )
    assert answer.status_code == 422
    assert "half of a surrogate pair" in answer.json()["detail"]


@pytest.mark.parametrize(
    "charset",
    [
        "utf-7",
        '"raw_unicode_escape"',
        "unicode-escape",
        '"utf-8"; charset=unicode_escape',
        '"utf-8;"; charset="unicode_escape"',
    ],
)
def test_a_form_in_another_encoding_is_refused(base: KnowledgeBase, charset: str) -> None:
    client = client_of(base)
    assert sign_in(client, "Ada").status_code == 303
    body = '--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n\\ud800+2AA-\r\n--x--\r\n'
    headers = {"Content-Type": f"multipart/form-data; charset={charset}; boundary=x"}
    answer = client.post("/en/contribute", content=body, headers=headers)
    assert answer.status_code == 415
    assert "Send the form in UTF-8." in answer.text


@pytest.mark.thorough
def test_no_address_is_an_unforeseen_error(base: KnowledgeBase) -> None:
    client = client_of(base)
    assert sign_in(client, "Ada").status_code == 303
    odd = ["%2F..%2F%00", "%ED%A0%80", "9" * 30]
    names = ("q", "department", "theme", "near", "within", "limit", "offset", "id", "lang", "page")
    for route in client.app.routes:  # type: ignore[attr-defined]
        if not isinstance(route, APIRoute) or "GET" not in (route.methods or ()):
            continue
        if route.path.startswith("/fr/"):  # the same functions answer in English
            continue
        for value in odd:
            path = route.path_format
            for parameter in route.param_convertors:
                path = path.replace(f"{{{parameter}}}", value)
            query = "&".join(f"{name}={value}" for name in names)
            answer = client.get(f"{path}?{query}")
            assert answer.status_code < 500, (path, value, answer.text[:300])


def test_a_body_that_is_no_text_is_refused_in_a_line(program: TestClient) -> None:
    answer = program.post(
        "/api/feeds", content=b'{"url": "\xff"}', headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["detail"]) == (422, "The body is no text in UTF-8.")
