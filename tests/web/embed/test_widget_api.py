"""What pages of other sites load: who may read it, how much of it, and what is counted."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha384
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.registers.sites import Site, SiteCounts
from kb.search.results import Filters
from kb.settings import Settings
from tests.web.sample_base import ACTORS, PERFUMER, RegisteredSites, SampleBase
from web.app import create_app
from web.embed.scripts import build_name

ORIGIN = "https://reseau.example"
OTHER = "https://autre.example:8443"
SITE = Site("qss_1", "Réseau", (ORIGIN, OTHER), "16", "", 100, "2026-01-01T00:00:00", False)
OFF = replace(SITE, key="qss_off", disabled=True)
POOR = replace(SITE, key="qss_poor", per_day=2)
CATALOGUE = "https://quisait.example"


@pytest.fixture
def sites() -> RegisteredSites:
    return RegisteredSites((SITE, OFF, POOR))


@pytest.fixture
def base(sites: RegisteredSites) -> SampleBase:
    base = SampleBase((*ACTORS, PERFUMER))
    base.sites = sites
    return base


def client_at(base: SampleBase, root: str, settings: Settings) -> Iterator[TestClient]:
    app = create_app(base, settings)
    with TestClient(
        app, base_url=root, follow_redirects=False, raise_server_exceptions=False
    ) as client:
        yield client


@pytest.fixture
def client(base: SampleBase) -> Iterator[TestClient]:
    yield from client_at(base, CATALOGUE, Settings(public_url=CATALOGUE))


@pytest.fixture
def demonstration(base: SampleBase) -> Iterator[TestClient]:
    yield from client_at(base, "http://127.0.0.1:8000", Settings())


def search(client: TestClient, origin: str = "", **query: str) -> Any:
    headers = {"Origin": origin} if origin else {}
    return client.get("/embed/v1/search", params={"q": "sanitiser", **query}, headers=headers)


# Who may read


@pytest.mark.parametrize("origin", [ORIGIN, OTHER])
def test_a_registered_origin_reads_the_answer(client: TestClient, origin: str) -> None:
    answer = search(client, origin, site="qss_1")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]
    assert [hit["name"] for hit in answer.json()["hits"]] == [
        "Avel (Saphir)",
        "Parfums d'Angoulême",
    ]


@pytest.mark.parametrize("path", ["search", "counts"])
def test_no_other_origin_does(client: TestClient, path: str) -> None:
    for origin in (
        "https://reseau.example.evil.example", "https://evil-reseau.example",
        "https://sub.reseau.example", "http://reseau.example", "https://reseau.example:444",
        "https://autre.example", "https://RESEAU.example", "https://reseau.example/", "null", "*",
        "http://127.0.0.1:8000",
    ):  # fmt: skip
        answer = client.request(
            "POST" if path == "counts" else "GET",
            f"/embed/v1/{path}",
            params={"q": "sanitiser", "site": "qss_1", "event": "search"},
            headers={"Origin": origin},
        )
        assert answer.status_code == 403, origin
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_unknown_key_opens_nothing(client: TestClient) -> None:
    answer = search(client, ORIGIN, site="qss_2")
    assert answer.status_code == 403
    assert answer.json()["detail"] == "This site is not registered here: the public key is unknown."
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_site_that_is_switched_off_is_told_so(client: TestClient, base: SampleBase) -> None:
    answer = search(client, ORIGIN, site="qss_off")
    assert answer.status_code == 403
    assert answer.json()["detail"] == "The search is switched off for this site."
    # Its page may read why.
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert base.searches == []


def test_our_own_pages_need_no_key(client: TestClient) -> None:
    for origin in ("", CATALOGUE):
        assert search(client, origin).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "http://127.0.0.1:5500", "http://[::1]:8080"]
)
def test_the_demonstration_needs_no_key_on_this_machine(
    demonstration: TestClient, origin: str
) -> None:
    answer = search(demonstration, origin)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("comes_from", ["cross-site", "same-site"])
@pytest.mark.parametrize("query", [{}, {"site": "qss_1"}])
def test_what_is_no_script_of_a_page_uses_up_nothing(
    client: TestClient,
    base: SampleBase,
    sites: RegisteredSites,
    comes_from: str,
    query: dict[str, str],
) -> None:
    # As an image of another page would be loaded: a browser sends no origin.
    answer = client.get(
        "/embed/v1/search",
        params={"q": "sanitiser", **query},
        headers={"Sec-Fetch-Site": comes_from, "Sec-Fetch-Dest": "image"},
    )
    assert answer.status_code == 403
    client.app.state.tallies.flush()  # type: ignore[attr-defined]
    assert (base.searches, sites.counted) == ([], {})


def test_a_program_that_names_a_site_is_not_counted_for_it(
    client: TestClient, sites: RegisteredSites
) -> None:
    for _ in range(3):
        assert search(client, site="qss_poor").status_code == 200
    for event in ("search", "empty", "selection"):
        assert client.post(f"/embed/v1/counts?site=qss_poor&event={event}").status_code == 403
    client.app.state.tallies.flush()  # type: ignore[attr-defined]
    assert sites.counted == {}
    assert search(client, ORIGIN, site="qss_poor").status_code == 200


def test_nothing_else_is_readable_by_other_origins(client: TestClient) -> None:
    for path in ("/api/search?q=sanitiser&site=qss_1", "/fr/", "/api/status"):
        answer = client.get(path, headers={"Origin": ORIGIN})
        assert "Access-Control-Allow-Origin" not in answer.headers


# What is answered


def test_who_is_very_unlikely_is_not_shown_on_anothers_page(client: TestClient) -> None:
    for need in ("rocket", "chaises en rotin"):
        answer = search(
            client, q=need, lang="fr", site="qss_1", origin=ORIGIN, department=""
        ).json()
        assert (answer["fits"], answer["hits"]) == (False, [])
        assert answer["url"].startswith(f"{CATALOGUE}/fr/recherche?q={need.split()[0]}")
    answer = search(client, q="flacons gel", site="qss_1", origin=ORIGIN, department="").json()
    assert {hit["fit"] for hit in answer["hits"]} == {"weak"}
    assert answer["fits"] is False


def test_an_answer_says_who_where_why_and_leads_there(client: TestClient) -> None:
    answer = search(client, ORIGIN, site="qss_1", q="cirages sanitiser", lang="en").json()
    assert answer["query"] == "cirages sanitiser"
    assert answer["fits"] is True
    assert answer["total"] == 3
    assert answer["url"] == f"{CATALOGUE}/en/search?q=cirages+sanitiser&department=16"
    assert answer["hits"][0] == {
        "id": "avel",
        "name": "Avel (Saphir)",
        "place": "Magnac-Lavalette, Charente (16)",
        "fit": "strong",
        "named": False,
        "url": f"{CATALOGUE}/en/actors/avel",
        "passage": {
            "lang": "fr",
            "code": "",
            "pieces": [
                ["Avel fabrique des ", False],
                ["cirages", True],
                [" et des crèmes, les mélange et les conditionne.", False],
            ],
        },
        "case": {
            "ground": "shown",
            "title": "Angoulême : du cirage au gel hydroalcoolique",
            "lang": "fr",
            "url": f"{CATALOGUE}/en/cases/angouleme",
            "witness": "",
            "elsewhere": False,
        },
        "means": "",
    }


def test_the_sites_filters_hold_until_others_are_given(
    client: TestClient, base: SampleBase
) -> None:
    expected: list[tuple[dict[str, str], Filters]] = [
        ({}, Filters(department="16")),
        ({"department": "Charente-Maritime"}, Filters(department="17")),
        ({"department": ""}, Filters()),
        ({"theme": "Santé"}, Filters(department="16", theme="Santé")),
    ]
    for query, filters in expected:
        assert search(client, ORIGIN, site="qss_1", **query).status_code == 200
        assert base.searches[-1][2] == filters


# How much, and what is counted


def test_a_quota_holds_for_the_day(client: TestClient, base: SampleBase) -> None:
    for _ in range(2):
        assert search(client, ORIGIN, site="qss_poor").status_code == 200
    answer = search(client, ORIGIN, site="qss_poor")
    assert answer.status_code == 429
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
    assert 0 < int(answer.headers["Retry-After"]) <= 24 * 60 * 60
    assert len(base.searches) == 2
    # That of another site is its own.
    assert search(client, ORIGIN, site="qss_1").status_code == 200


def test_a_quota_outlives_a_restart(base: SampleBase, client: TestClient) -> None:
    for _ in range(2):
        search(client, ORIGIN, site="qss_poor")
    client.app.state.tallies.flush()  # type: ignore[attr-defined]
    for restarted in client_at(base, CATALOGUE, Settings(public_url=CATALOGUE)):
        assert search(restarted, ORIGIN, site="qss_poor").status_code == 429


def test_events_are_counted_by_site(client: TestClient, sites: RegisteredSites) -> None:
    for event in ("search", "empty", "empty", "selection"):
        answer = client.post(
            f"/embed/v1/counts?site=qss_1&event={event}", headers={"Origin": ORIGIN}
        )
        assert answer.status_code == 204
        assert answer.content == b""
        assert "Set-Cookie" not in answer.headers
    search(client, ORIGIN, site="qss_1")
    client.app.state.tallies.flush()  # type: ignore[attr-defined]
    (counts,) = [counts for (key, _), counts in sites.counted.items() if key == "qss_1"]
    assert counts == SiteCounts(requests=1, searches=3, empty=2, selections=1)


# The script


def test_the_newest_script_is_kept_for_minutes(client: TestClient) -> None:
    answer = client.get("/embed/v1/quisait.js")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=300, stale-while-revalidate=3600"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = client.get(
        "/embed/v1/quisait.js", headers={"If-None-Match": f'"x", W/{answer.headers["ETag"]}'}
    )
    assert again.status_code == 304
    assert again.content == b""


def test_a_build_is_kept_for_good_under_the_hash_of_its_content(client: TestClient) -> None:
    content = client.get("/embed/v1/quisait.js").content
    answer = client.get(f"/embed/v1/{build_name(content)}")
    assert answer.content == content
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    script = client.app.state.widget.current  # type: ignore[attr-defined]
    assert script.address == f"/embed/v1/{build_name(content)}"
    assert script.integrity == f"sha384-{b64encode(sha384(content).digest()).decode()}"
