from typing import Any

from fastapi.testclient import TestClient

from tests.web.page_reader import Page
from web.api.reference import operations, shapes


def test_every_operation_parameter_and_shape_is_described(client: TestClient) -> None:
    document: dict[str, Any] = client.get("/api/openapi.json").json()
    read = Page(client.get("/api/docs").text)
    told = read.one("main").text
    for path, methods in document["paths"].items():
        for method in methods:
            assert told.count(f"{method.upper()} {path}\n") == 1
    assert "HEAD" not in told
    for operation in operations(document):
        assert operation.description, operation.path
        for parameter in operation.parameters:
            assert parameter.description or "{" + parameter.name + "}" in operation.path
            assert parameter.description in told
    for shape in shapes(document):
        assert shape.description, shape.name
        assert shape.description in told
        assert read.one("h3", id=shape.name)
    links = [one.attributes["href"] for one in read.inside(read.one("main"), "a")]
    ids = {one.attributes.get("id") for one in read.elements}
    assert all(link[1:] in ids for link in links if link.startswith("#"))


def test_types_are_told_in_words(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    search = next(one for one in operations(document) if one.path == "/api/search")
    assert search.method == "GET"
    assert {one.name: (one.type_words, one.required) for one in search.parameters} == {
        "q": ("string", True),
        "limit": ("integer from 1 to 100", False),
        "department": ("string", False),
        "theme": ("string", False),
        "near": ("string", False),
        "within": ("integer from 0 to 1000", False),
        "kind": ("actor or case or null", False),
        "lang": ("fr or en", False),
        "like": ("list of string", False),
        "unlike": ("list of string", False),
        "taken_back": ("list of string", False),
        "wording": ("on or off", False),
        "whole": ("yes or no", False),
    }
    report = next(one for one in operations(document) if one.path == "/api/report")
    told = {one.name: one.type_words for one in report.parameters}
    assert told["format"] == "json or csv"
    fields = {shape.name: {one.name: one for one in shape.fields} for shape in shapes(document)}
    assert fields["EvidenceOut"]["marks"].type_words == "list of [integer, integer]"
    assert fields["EvidenceOut"]["case"].type_words == "CaseReference or null"
    assert fields["EvidenceOut"]["case"].shape == "CaseReference"
    assert fields["EvidenceOut"]["precedent"].type_words == "PrecedentOut or null"
    assert fields["SearchAnswer"]["roles"].type_words == "list of PartAnswerOut"
    assert fields["SearchAnswer"]["hits"].type_words == "list of ActorHitOut"
    assert fields["Facets"]["themes"].type_words == "object of integer"
    assert fields["Facets"]["themes"].example == '{"Emballage": 5}'
    assert fields["ActorHitOut"]["fit"].type_words == "strong or possible or weak or none"


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
                    schema = answer["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}


def test_bodies_are_told_by_their_shape_or_their_fields(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    bodies = {
        (one.method, one.path): {body.media_type: body for body in one.bodies}
        for one in operations(document)
    }
    change = bodies["PUT", "/api/contributions/{contribution_id}"]["application/json"]
    assert (change.shape, change.fields) == ("ContributionChange", [])
    sent = bodies["POST", "/api/contributions"]
    assert {field.name for field in sent["application/json"].fields} == {
        "text",
        "title",
        "url",
        "submit",
    }
    assert [field.required for field in sent["multipart/form-data"].fields] == [True, False]
    assert bodies["GET", "/api/search"] == {}


def test_the_documentation_pages_of_the_framework_are_off(client: TestClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code == 404
