"""Lists of actors and cases, page by page, and answers that are not sent twice."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.models import Actor, Case, Participation
from kb.reference.roles import Role
from kb.settings import Settings
from tests.web.api.test_read import answer
from tests.web.sample_base import ACTORS, ANGOULEME, AVEL, CASES, WEAVER, SampleBase
from web.app import create_app

LISTS = {"/api/actors": "actors", "/api/cases": "cases"}


def pages(client: TestClient, path: str) -> Iterator[Any]:
    """Each page from a path on, as a client finds it by the links."""
    while path:
        response = client.get(path)
        assert response.status_code == 200, response.text
        yield response.json()
        link = (
            re.fullmatch(r'<https://quisait\.example(.+)>; rel="next"', response.headers["Link"])
            if ("Link" in response.headers)
            else None
        )
        path = link[1] if link else ""


def client_on(base: SampleBase) -> TestClient:
    return TestClient(create_app(base, Settings(public_url="https://quisait.example/")))


def ids(listed: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in listed]


def test_the_links_lead_through_all_of_a_list_once_in_the_order_of_ids(client: TestClient) -> None:
    for limit, (path, of) in product((1, 3, 100), LISTS.items()):
        read = list(pages(client, f"{path}?limit={limit}"))
        every = [record.id for record in (ACTORS if of == "actors" else CASES)]
        assert [id_ for page in read for id_ in ids(page[of])] == sorted(every)
        assert {page["total"] for page in read} == {len(every)}
        assert all(len(page[of]) == limit for page in read[:-1])


def test_a_listed_actor_says_what_it_can_and_where(client: TestClient) -> None:
    avel = answer(client, "/api/actors")["actors"][0]
    one = answer(client, "/api/actors/avel")
    assert avel == {name: value for name, value in one.items() if name not in {"facts", "cases"}}


def test_a_listed_case_says_all_but_its_text(client: TestClient) -> None:
    listed = answer(client, "/api/cases")["cases"][0]
    assert listed | {"text": ANGOULEME.text} == answer(client, "/api/cases/angouleme")
    assert [part["activity"] for part in listed["participants"]] == [
        AVEL.description,
        "La distillerie produit des alcools et des eaux-de-vie de Cognac.",
        "",
    ]


def test_a_case_gives_back_who_wrote_and_moderated_it_and_when() -> None:
    case = Case(
        "jars", "Jars", "Text.", author="Léa", author_job="facilitator", moderator="Max",
        moderator_job="clerk", moderated="2020-07-03",
        participants=(Participation("A", Role.BUYER, source_url="https://a.example/"),),
    )  # fmt: skip
    read = answer(client_on(SampleBase((), (case,))), "/api/cases/jars")
    assert read["moderated"] == "2020-07-03"
    assert (read["author_job"], read["moderator_job"]) == ("facilitator", "clerk")
    assert read["participants"][0]["source_url"] == "https://a.example/"


def test_actors_are_filtered(client: TestClient) -> None:
    expected: list[tuple[dict[str, str], list[str]]] = [
        ({"department": "16"}, ["avel", "hostile"]),
        ({"department": "Charente-Maritime"}, ["distillerie-merlet"]),
        ({"theme": "cuir et CHAUSSURE"}, ["avel", WEAVER.id]),
        ({"theme": "cuir et chaussure", "department": "16"}, ["avel"]),
        ({"name": "MERLET distillerie SARL"}, ["distillerie-merlet"]),
        ({"name": "Avel", "department": "17"}, []),
        ({"name": "merlet avel"}, []),
        ({"name": "merl"}, []),
        ({"name": "?!"}, []),
    ]
    for query, found in expected:
        listed = answer(client, "/api/actors", **query)
        assert (ids(listed["actors"]), listed["total"]) == (found, len(found)), query
    assert ids(answer(client, "/api/actors", after="hostile")["actors"]) == [WEAVER.id]


def test_cases_are_filtered_by_their_themes_and_where_their_actors_are(client: TestClient) -> None:
    for query in ({"department": "17"}, {"theme": "sante"}):
        listed = answer(client, "/api/cases", **query)
        assert (ids(listed["cases"]), listed["total"]) == (["angouleme"], 1)
    assert answer(client, "/api/cases", department="974") == {"total": 0, "cases": []}


@pytest.mark.parametrize("path", [*LISTS, "/api/actors/avel", "/api/cases/angouleme"])
def test_what_a_client_has_already_is_not_sent_again(
    client: TestClient, knowledge_base: SampleBase, path: str
) -> None:
    response = client.get(f"{path}?lang=en")
    tag = response.headers["ETag"]
    assert response.headers["Cache-Control"] == "no-cache"
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = client.get(f"{path}?lang=en", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
        assert again.headers["Quisait-API-Version"] == "1"
    assert client.head(f"{path}?lang=en").headers["ETag"] == tag
    # Other addresses lead on from it.
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200
    knowledge_base.put([Actor("avel", "Avel", "Fait du cirage.")])
    changed = client.get(f"{path}?lang=en", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
