"""The search in a frame: who may show it, what it says, what it counts, whom it knows: nobody."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.registers.sites import Site, SiteCounts
from kb.settings import Settings
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.web.page_reader import Page
from tests.web.sample_base import (
    ACTORS,
    CASES,
    PERFUMER,
    RegisteredSites,
    SampleBase,
)
from tests.web.signed_in import account_client
from web.app import create_app
from web.tallies import Tallies, today

ROOT = "https://quisait.example"
SITE = Site(
    key="qss_reseau",
    name="Réseau",
    origins=("https://www.reseau.example", "https://reseau.example:8443"),
    department="",
    theme="",
    per_day=3,
    created_at="2020-07-01T08:00:00Z",
    disabled=False,
)
CHARENTE = replace(
    SITE,
    key="qss_charente",
    origins=("https://charente.example",),
    department="16",
    theme="Chimie et formulation",
)
OFF = replace(SITE, key="qss_off", origins=("https://off.example",), disabled=True)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
)


@pytest.fixture
def knowledge_base() -> SampleBase:
    return SampleBase((*ACTORS, PERFUMER), CASES, (SITE, CHARENTE, OFF))


def client_at(knowledge_base: KnowledgeBase, root: str) -> TestClient:
    app = create_app(knowledge_base, Settings(public_url=root))
    return TestClient(app, follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def client(knowledge_base: SampleBase) -> Iterator[TestClient]:
    with client_at(knowledge_base, ROOT) as client:
        yield client


FROM_THE_FRAME = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"}
"""What a browser says when a form in the frame is sent."""


def ask(client: TestClient, status: int = 200, /, **query: str | int) -> Page:
    response = client.get("/embed/search", params=query)
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Set-Cookie" not in response.headers
    return Page(response.text)


def counted(client: TestClient, key: str = SITE.key) -> SiteCounts:
    state = cast("FastAPI", client.app).state
    cast("Tallies", state.tallies).flush()
    register = cast("SampleBase", state.knowledge_base).sites
    return dict(register.counts(key, since=today())).get(today(), SiteCounts())


# Who may show it


def test_only_pages_of_the_site_may_show_it(client: TestClient) -> None:
    for query, status, ancestors in (
        ("", 200, "'self'"),
        ("site=qss_reseau", 200, "'self' https://www.reseau.example https://reseau.example:8443"),
        ("site=qss_nobody", 403, "'none'"),
        ("site=qss_off&limit=900", 403, "'self' https://off.example"),
        ("site=qss_charente&limit=900&q=", 400, "'self' https://charente.example"),
    ):
        response = client.get(f"/embed/search?{query}")
        assert response.status_code == status
        assert response.headers["Content-Security-Policy"] == POLICY + ancestors
        assert "X-Frame-Options" not in response.headers
        told = Page(response.text).one("script").attributes["data-ancestors"]
        assert told == ancestors.replace("'none'", "")


def test_what_no_policy_can_name_is_left_out_of_it(
    client: TestClient, knowledge_base: SampleBase
) -> None:
    assert isinstance(knowledge_base.sites, RegisteredSites)
    origins = ("https://[2001:db8::1]", "https://a-b.example:8443", "https://mon_site.example")
    knowledge_base.sites.known[SITE.key] = replace(SITE, origins=origins)
    response = client.get("/embed/search", params={"site": SITE.key})
    assert response.headers["Content-Security-Policy"] == (
        POLICY + "'self' https://a-b.example:8443"
    )


def test_pages_of_this_machine_may_show_the_demonstration(
    knowledge_base: SampleBase,
) -> None:
    with client_at(knowledge_base, "http://127.0.0.1:8000") as client:
        response = client.get("/embed/search")
        assert response.headers["Content-Security-Policy"] == (
            POLICY + "'self' http://127.0.0.1:* http://localhost:*"
        )


def test_who_is_not_let_in_is_told_so_in_words(client: TestClient) -> None:
    for site, said in (
        ("qss_nobody", "This site is not registered here: the public key is unknown."),
        (OFF.key, "The search is switched off for this site."),
    ):
        read = ask(client, 403, lang="en", site=site)
        assert read.one("p", role="alert").text == said
        assert not read.all("form")
        assert read.all("a")[0].attributes["href"] == "/en/search"


# What it says


def test_it_begins_with_a_form_alone(client: TestClient) -> None:
    read = ask(client, site=SITE.key, lang="en", limit=3, theme="", other="1")
    assert read.one("html").attributes["lang"] == "en"
    assert read.text("title") == "Qui sait faire ? – search"
    assert read.one("meta", name="robots").attributes["content"] == "noindex"
    assert read.one("form").attributes == {"role": "search", "action": "/embed/search#found"}
    hidden = read.all("input", type="hidden")
    assert {one.attributes["name"]: one.attributes["value"] for one in hidden} == {
        "lang": "en",
        "site": SITE.key,
        "theme": "",
        "limit": "3",
    }
    assert read.one("label", for_="q").text == "What do you need?"
    assert read.one("input", id="q").attributes["value"] == ""
    assert not read.all("h2")
    assert not read.all("header")
    assert "Sign in" not in read.one("body").text


def test_it_shows_who_answers_and_why(client: TestClient) -> None:
    read = ask(client, q="cirages sanitiser", site=SITE.key)
    assert read.text("title") == "Qui sait faire ? – recherche : « cirages sanitiser »"
    assert read.one("input", id="q").attributes["value"] == "cirages sanitiser"
    assert read.text("h2") == "4 organisations pour « cirages sanitiser »"
    assert [one.text.strip() for one in read.all("h3")] == [
        "Avel (Saphir) (nouvel onglet)",
        '<script>alert("name")</script> (nouvel onglet)',
        "Distillerie Merlet (nouvel onglet)",
        "Parfums d'Angoulême (nouvel onglet)",
    ]
    first = " ".join(read.inside(read.one("ol"), "li")[0].text.split())
    assert first == (
        "Avel (Saphir) (nouvel onglet) Magnac-Lavalette, Charente (16) Convient bien "
        "Avel fabrique des cirages et des crèmes, les mélange et les conditionne. "
        "Montré dans le cas Angoulême : du cirage au gel hydroalcoolique (nouvel onglet)"
    )
    assert read.all("mark")[0].text == "cirages"
    inferred = " ".join(read.inside(read.one("ol"), "li")[3].text.split())
    assert "Déduit métier proche : Avel (Saphir), qui a pris part au cas" in inferred
    links = read.inside(read.one("main"), "a")
    assert [one.attributes["href"] for one in links if "data-selection" in one.attributes] == [
        f"{ROOT}/fr/acteurs/avel",
        f"{ROOT}/fr/acteurs/hostile",
        f"{ROOT}/fr/acteurs/distillerie-merlet",
        f"{ROOT}/fr/acteurs/parfumeur",
    ]
    assert links[-1].attributes["href"] == f"{ROOT}/fr/recherche?q=cirages+sanitiser"
    for link in links:
        assert link.attributes["target"] == "_blank"
        assert link.attributes["rel"] == "noopener"
        assert "(nouvel onglet)" in link.text


def test_filters_are_those_given_or_the_site_s_and_are_said(
    client: TestClient, knowledge_base: SampleBase
) -> None:
    def asked(**query: str | int) -> tuple[str, str, int]:
        read = ask(client, 200, q="cirages", **query)
        _, limit, filters = knowledge_base.searches[-1]
        said = [one.text for one in read.all("p", class_="small") if "Filtres" in one.text]
        shown = [filters.department, filters.theme]
        assert bool(said) == any(shown)
        return filters.department, filters.theme, limit

    assert asked() == ("", "", 5)
    assert asked(department="17", limit=3) == ("17", "", 3)
    assert asked(site=CHARENTE.key) == ("16", "Chimie et formulation", 5)
    assert asked(site=CHARENTE.key, department="", theme="") == ("", "", 5)
    assert asked(site=CHARENTE.key, department="2a") == ("2A", "Chimie et formulation", 5)


def test_where_nobody_could_do_it_it_links_to_the_site_and_shows_nobody(
    client: TestClient,
) -> None:
    read = Page(client.get("/embed/search?q=rocket&lang=fr").text)
    assert read.all("h3") == []
    link = read.inside(read.one("p", class_="foot"), "a")[0]
    assert link.text.startswith("Chercher sur Qui sait faire")
    assert link.attributes["href"].endswith("/fr/recherche?q=rocket")


# What it counts, and whom it knows


def test_a_form_that_was_sent_is_a_search_that_stands(client: TestClient) -> None:
    client.headers.update(FROM_THE_FRAME)
    ask(client, site=SITE.key)
    assert counted(client) == SiteCounts()
    ask(client, site=SITE.key, q="cirages")
    ask(client, site=SITE.key, q="rocket")
    assert counted(client) == SiteCounts(requests=2, searches=2, empty=1)
    ask(client, 400, site=SITE.key, q="")
    assert counted(client) == SiteCounts(requests=3, searches=2, empty=1)
    ask(client, q="cirages")
    assert counted(client) == SiteCounts(requests=3, searches=2, empty=1)


def test_who_has_used_up_the_day_is_told_until_when(
    client: TestClient, knowledge_base: SampleBase
) -> None:
    client.headers.update(FROM_THE_FRAME)
    for _ in range(SITE.per_day):
        ask(client, site=SITE.key, q="cirages")
    response = client.get("/embed/search", params={"site": SITE.key, "q": "cuir", "lang": "en"})
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 86_400
    read = Page(response.text)
    assert read.one("p", role="alert").text == (
        "This site has reached its daily quota of searches."
    )
    assert read.one("input", id="q").attributes["value"] == "cuir"
    assert len(knowledge_base.searches) == SITE.per_day
    ask(client, site=SITE.key)


def test_it_loads_nothing_but_what_is_ours_and_has_nothing_inline(client: TestClient) -> None:
    for query in ({}, {"q": "cirages"}, {"q": "rocket"}, {"q": ""}):
        read = Page(client.get("/embed/search", params=query).text)
        assert not read.all("style")
        for element in read.elements:
            assert "style" not in element.attributes
            assert not [name for name in element.attributes if name.startswith("on")]
            for name in ("src", *(["href"] if element.tag == "link" else [])):
                assert element.attributes.get(name, "/static/").startswith("/static/")
        assert read.one("script").text == ""


def test_it_neither_shows_nor_renews_who_is_signed_in(
    open_base: OpenBase,
) -> None:
    base = open_base(WordCountEncoder())
    with account_client(base, name="Jeanne Martin") as client:
        paths = ["/embed/search", "/embed/search?q=gel", "/embed/search?site=qss_nobody"]
        for path in [*paths, "/embed/search?q=", "/embed/search?limit=0"]:
            response = client.get(path)
            assert "Jeanne" not in response.text
            assert "Set-Cookie" not in response.headers
            assert response.headers["Cache-Control"] == "private, no-store"
        assert "Jeanne Martin" in client.get("/fr/").text
