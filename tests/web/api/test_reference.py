from typing import Any

from fastapi.testclient import TestClient

from tests.web.page_reader import Page


def test_every_operation_parameter_and_shape_is_described(client: TestClient) -> None:
    document: dict[str, Any] = client.get("/api/openapi.json").json()
    read = Page(client.get("/api/docs").text)
    told = read.one("main").text
    assert "HEAD" not in told
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert told.count(f"{method.upper()} {path}\n") == 1
            assert operation["description"], path
            for parameter in operation.get("parameters", ()):
                description = parameter["schema"].get("description", "")
                assert description or "{" + parameter["name"] + "}" in path
                assert description in told
    for name, shape in document["components"]["schemas"].items():
        if "properties" in shape and not name.startswith("Body_"):
            assert shape["description"], name
            assert shape["description"] in told
            assert read.one("h3", id=name)
    assert "The publisher of this directory" in told
    links = [one.attributes["href"] for one in read.inside(read.one("main"), "a")]
    ids = {one.attributes.get("id") for one in read.elements}
    assert all(link[1:] in ids for link in links if link.startswith("#"))


def test_the_document_tells_the_version_its_promise_and_one_shape_of_refusal(
    client: TestClient,
) -> None:
    document = client.get("/api/openapi.json").json()
    assert document["info"]["version"] == "1"
    assert "Stability" in document["info"]["description"]
    public = {
        "/api/search",
        "/api/explain",
        "/api/report",
        "/api/actors/{actor_id}",
        "/api/cases/{case_id}",
        "/api/status",
        "/api/actors",
        "/api/cases",
        "/api/notices",
        "/api/notices/{notice_id}",
        "/api/suggestions",
    }
    assert public < set(document["paths"])
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            needs_none = path in public and method == "get"
            assert bool(operation.get("security")) != needs_none
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    schema = answer["content"]["application/problem+json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}
