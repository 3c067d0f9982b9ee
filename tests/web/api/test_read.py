from dataclasses import asdict
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.errors import KnowledgeBaseError
from kb.models import Kind
from kb.search.results import ActorHit, Filters, Steering
from kb.settings import Settings
from tests.web.sample_base import (
    ACTORS,
    AVEL,
    PERFUMER,
    SampleBase,
    with_bottling,
)
from web.app import create_app

SITE = "https://quisait.example"
AVEL_SUMMARY = {
    "id": "avel",
    "name": "Avel (Saphir)",
    "place": "Magnac-Lavalette",
    "department": "16",
    "country": "FR",
    "activity_code": "20.41Z",
    "siret": "12345678900012",
    "website": "https://avel.example/",
    "phone": [],
    "email": [],
    "address": "",
    "contact": "",
    "lang": "fr",
    "themes": ["Cuir et chaussure", "Chimie et formulation"],
    "source_url": "https://www.angouleme.example/avel",
    "url": f"{SITE}/fr/acteurs/avel",
}


def answer(client: TestClient, path: str, **query: object) -> Any:
    response = client.get(path, params={name: str(value) for name, value in query.items()})
    assert response.status_code == 200, response.text
    assert response.headers["Quisait-API-Version"] == "1"
    return response.json()


NO_WORDING = {"model": "", "state": "off", "phrases": [], "taken_back": []}


def detail(client: TestClient, path: str, status: int, **query: object) -> str:
    response = client.get(path, params={name: str(value) for name, value in query.items()})
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Quisait-API-Version"] == "1"
    body = response.json()
    assert list(body) == ["title", "status", "detail"]
    assert isinstance(body["detail"], str)
    assert "\n" not in body["detail"]
    return str(body["detail"])


def known_parts(hit: ActorHit) -> dict[str, float]:
    """The parts of a score that are known: the encoder of the tests has no trade index."""
    assert hit.parts.filing is hit.parts.able is None
    return {name: value for name, value in asdict(hit.parts).items() if value is not None}


def test_a_search_answers_exactly_this(client: TestClient, knowledge_base: SampleBase) -> None:
    searched = knowledge_base.search("cirages", filters=Filters("16"))
    of_own = [hit.parts.own + hit.parts.limit for hit in searched.hits]
    assert of_own == pytest.approx([hit.score for hit in searched.hits])
    scores = [hit.score for hit in searched.hits] + [hit.score for hit in searched.cases]
    assert sorted(set(scores), reverse=True) == scores
    found = answer(client, "/api/search", q="cirages", department="16")
    assert found["hits"].pop()["actor"] == AVEL_SUMMARY
    assert found["hits"][0].pop("actor")["id"] == "hostile"
    assert found == {
        "took_ms": 1.2,
        "query": "cirages",
        "asked": {
            "text": "cirages",
            "required": [],
            "wanted": [],
            "unwanted": [],
            "object": "cirages",
            "parts": [],
            "like": [],
            "unlike": [],
            "near": "",
            "trades": [],
            "wording": NO_WORDING,
        },
        "total": 2,
        "hits": [
            {
                "rank": 1,
                "score": scores[0],
                "fit": "strong",
                "evidence": [
                    {
                        "kind": "passage",
                        "text": 'Cirages</p><img src=x onerror="alert(1)"> & <b>gras</b>',
                        "marks": [[0, 7]],
                        "source": "",
                        "code": "",
                    }
                ],
                "parts": known_parts(searched.hits[0]),
            },
        ],
        "total_cases": 0,
        "cases": [
            {
                "rank": 1,
                "id": "angouleme",
                "title": "Angoulême : du cirage au gel hydroalcoolique",
                "date": "2020-07-01",
                "period": "2020-21",
                "score": scores[2],
                "fit": "none",
                "url": f"{SITE}/fr/cas/angouleme",
                "need": "Fournir du gel hydroalcoolique (sanitiser) à l'hôpital",
                "themes": ["Chimie et formulation", "Santé"],
                "evidence": [
                    {
                        "kind": "passage",
                        "text": text,
                        "marks": [],
                        "source": "https://www.angouleme.example/cas",
                        "code": "",
                    }
                    for text in (
                        "<script>alert('case')</script>",
                        "Fournir du gel hydroalcoolique (sanitiser) à l'hôpital",
                    )
                ],
            },
        ],
        "nothing_fits": False,
        "unsaid": [],
        "facets": {
            "departments": {"16": 2},
            "themes": {
                '"><script>alert("theme")</script>': 1,
                "Chimie et formulation": 1,
                "Cuir et chaussure": 1,
            },
            "distances": {},
        },
        "roles": [],
    }


def test_a_matched_case_is_named_in_the_evidence(client: TestClient) -> None:
    avel = answer(client, "/api/search", q="sanitiser", lang="en")["hits"][0]
    assert (avel["actor"]["id"], avel["fit"]) == ("avel", "strong")
    assert avel["actor"]["url"] == f"{SITE}/en/actors/avel"
    assert avel["evidence"][0] == {
        "kind": "case",
        "text": "fabrique et conditionne le gel",
        "marks": [],
        "source": "https://www.angouleme.example/cas",
        "code": "",
        "case": {
            "id": "angouleme",
            "title": "Angoulême : du cirage au gel hydroalcoolique",
            "date": "2020-07-01",
            "period": "2020-21",
            "role": "producer",
            "contribution": "fabrique et conditionne le gel",
            "url": f"{SITE}/en/cases/angouleme",
        },
    }
    merlet = answer(client, "/api/search", q="sanitiser alcool")["hits"][1]["evidence"][0]
    assert [merlet["text"][start:end] for start, end in merlet["marks"]] == ["alcool"]


def test_what_is_inferred_names_its_precedent_and_no_case_of_its_own() -> None:
    base = SampleBase((*ACTORS, PERFUMER))
    client = TestClient(create_app(base, Settings(public_url=SITE)))
    found = {
        hit["actor"]["id"]: hit for hit in answer(client, "/api/search", q="sanitiser")["hits"]
    }
    assert found["parfumeur"]["evidence"][-1] == {
        "kind": "similar",
        "text": PERFUMER.description,
        "marks": [],
        "source": "https://parfums.example/",
        "code": "",
        "precedent": {
            "id": "avel",
            "name": "Avel (Saphir)",
            "url": f"{SITE}/fr/acteurs/avel",
            "place": "Magnac-Lavalette",
            "case": {
                "id": "angouleme",
                "title": "Angoulême : du cirage au gel hydroalcoolique",
                "date": "2020-07-01",
                "period": "2020-21",
                "role": "producer",
                "contribution": "fabrique et conditionne le gel",
                "url": f"{SITE}/fr/cas/angouleme",
            },
        },
    }
    assert found["parfumeur"]["parts"]["similar"] > 0
    assert found["parfumeur"]["parts"]["case"] == 0


def test_the_parts_that_a_need_takes_are_answered_one_by_one(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.app.state, "knowledge_base", with_bottling())  # type: ignore[attr-defined]
    roles = answer(client, "/api/search", q="sanitiser", lang="en")["roles"]
    parts = ["maker", "inputs", "packaging", "repackaging", "validation"]
    assert [answered["role"] for answered in roles] == parts
    maker, inputs, packaging, _, validation = roles
    assert [hit["actor"]["id"] for hit in maker["hits"]] == ["avel", "parfumeur"]
    assert packaging["hits"][0]["actor"]["id"] == "boxes"
    assert maker["cases"] == [
        {
            "id": "angouleme",
            "title": "Angoulême : du cirage au gel hydroalcoolique",
            "date": "2020-07-01",
            "period": "2020-21",
            "contribution": "",
            "url": f"{SITE}/en/cases/angouleme",
        }
    ]
    assert (inputs["need"], inputs["mentioned"]) == ("alcool", [])
    assert packaging["cases"] == []
    assert validation["hits"] == []
    assert [(one["name"], one["case"]["role"]) for one in validation["mentioned"]] == [
        ("Agence régionale de santé", "authority")
    ]


def test_a_search_is_steered_and_says_how_it_was_understood(
    client: TestClient, knowledge_base: SampleBase
) -> None:
    query = {"q": 'cirages +crèmes -alcools "les mélange"', "like": ["avel", "nobody"]}
    found = client.get("/api/search", params={**query, "unlike": ["hostile"]}).json()
    assert found["asked"] == {
        "text": "cirages crèmes les mélange",
        "required": ["les mélange"],
        "wanted": ["crèmes"],
        "unwanted": ["alcools"],
        "object": "cirages crèmes les mélange",
        "parts": [],
        "like": ["avel"],
        "unlike": ["hostile"],
        "near": "",
        "trades": [],
        "wording": NO_WORDING,
    }
    assert knowledge_base.steerings == [Steering(("avel",), ("hostile",))]
    ids = [hit["actor"]["id"] for hit in found["hits"]]
    assert "hostile" not in ids
    assert "distillerie-merlet" not in ids
    many = {"q": "gel", "like": [str(number) for number in range(21)]}
    assert client.get("/api/search", params=many).status_code == 422


def test_filters_reach_the_knowledge_base(client: TestClient, knowledge_base: SampleBase) -> None:
    query = {"q": "gel", "limit": 3, "department": "2a", "theme": "Santé", "kind": "case"}
    found = answer(client, "/api/search", **query)
    assert found["hits"] == []
    assert knowledge_base.searches == [("gel", 3, Filters("2A", "Santé", Kind.CASE))]


def test_a_distance_is_said_and_can_be_bounded(client: TestClient) -> None:
    near = {"q": "sanitiser", "near": "16100"}
    found = answer(client, "/api/search", **near)
    assert found["asked"]["near"] == "Cognac (16)"
    km = {hit["actor"]["id"]: hit.get("distance_km") for hit in found["hits"]}
    assert km == {
        "avel": 50,
        "hostile": None,  # no town is called so
        "distillerie-merlet": 15,
        "weavers & co? 100%": None,  # abroad
    }
    near_ones = {hit["actor"]["id"]: hit.get("near") for hit in found["hits"]}
    assert near_ones == {id_: None if of is None else of <= 25 for id_, of in km.items()}
    assert found["facets"]["distances"] == {"10": 0, "25": 1, "50": 1, "100": 2, "200": 2}
    close = answer(client, "/api/search", **near, within=25)
    assert [hit["actor"]["id"] for hit in close["hits"]] == ["distillerie-merlet"]
    assert close["total"] == 1
    assert [case["id"] for case in close["cases"]] == ["angouleme"]
    explained = answer(client, "/api/explain", **near, within=25, actor="distillerie-merlet")
    assert explained["hit"]["distance_km"] == 15


def test_what_cannot_be_searched_is_refused_in_one_line(client: TestClient) -> None:
    expected: list[tuple[dict[str, object], int, str]] = [
        ({"q": ""}, 400, "The query is empty: say in a few words what you need"),
        ({"q": "🙂"}, 400, "The query has no word in it: say what you are looking for."),
        ({"q": "a" * 10_000}, 400, "The query has 10,000 characters; 4,000 at most"),
        ({}, 422, "q: this is required"),
        ({"q": "gel", "limit": 101}, 422, "limit: input should be less than or equal to 100"),
        ({"q": "gel", "kind": "firm"}, 422, "kind: input should be 'actor' or 'case' (given: firm"),
        ({"q": "gel", "lang": "de"}, 422, "lang: input should be 'fr' or 'en' (given: de)"),
        ({"q": "gel", "department": "99"}, 422, "department: '99' is not a department of France"),
    ]
    for query, status, said in expected:
        assert detail(client, "/api/search", status, **query).startswith(said)


def test_an_actor_with_its_facts_and_cases(client: TestClient) -> None:
    assert answer(client, "/api/actors/avel") == {
        **AVEL_SUMMARY,
        "description": AVEL.description,
        "closed_on": "",
        "facts": {"Effectif": "35"},
        "cases": [
            {
                "id": "angouleme",
                "title": "Angoulême : du cirage au gel hydroalcoolique",
                "date": "2020-07-01",
                "period": "2020-21",
                "role": "producer",
                "contribution": "fabrique et conditionne le gel",
                "url": f"{SITE}/fr/cas/angouleme",
            }
        ],
    }


def test_unknown_records_and_paths(client: TestClient) -> None:
    assert detail(client, "/api/actors/nobody", 404) == "There is no actor with the id 'nobody'."
    assert detail(client, "/api/cases/nothing", 404) == "There is no case with the id 'nothing'."
    in_french = "Aucune organisation n’a l’identifiant «\u00a0nobody\u00a0»."
    assert detail(client, "/api/actors/nobody", 404, lang="fr") == in_french
    assert detail(client, "/api/nothing", 404) == "Not Found"
    assert client.post("/api/search").status_code == 405
    assert client.post("/api/search").json()["detail"] == "Method Not Allowed"
    allowed = client.post("/api/search").headers["Allow"]
    assert set(allowed.split(", ")) == {"GET", "HEAD"}


def test_the_status_tells_nothing_of_the_machine(
    client: TestClient, knowledge_base: SampleBase
) -> None:
    status = knowledge_base.status()
    assert answer(client, "/api/status") == {
        "actors": 4,
        "cases": 2,
        "passages": 12,
        "embedded": 12,
        "ready": True,
        "model": "word-count",
        "engine": "test",
        "encoder": "words-1",
        "dimension": 2048,
        "schema_version": status.schema_version,
        "generation": status.generation,
        "size_bytes": status.size_bytes,
        "updated_at": status.updated_at,
    }


def test_a_knowledge_base_out_of_order_is_unavailable(
    client: TestClient,
    knowledge_base: SampleBase,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KnowledgeBaseError("/secret/folder was embedded by another encoder.")

    monkeypatch.setattr(knowledge_base, "search", broken)
    assert detail(client, "/api/search", 503, q="gel") == "The knowledge base cannot answer now."
    assert "/secret/folder was embedded by another encoder." in caplog.text


def test_what_nothing_says_and_who_is_not_here_are_said(client: TestClient) -> None:
    quoted = client.get("/api/search", params={"q": 'sanitiser "sans alcool"'}).json()
    assert (quoted["unsaid"], quoted["nothing_fits"]) == (["sans alcool"], True)
    assert (quoted["hits"], quoted["cases"], quoted["roles"]) == ([], [], [])
    for q, absent in [("552100554", "number"), ("Saint-Gobain", "name")]:
        answer = client.get("/api/search", params={"q": q}).json()
        assert (answer["absent"], answer["nothing_fits"]) == (absent, True)
        assert (answer["hits"], answer["cases"]) == ([], [])
    assert "absent" not in client.get("/api/search", params={"q": "sanitiser"}).json()
