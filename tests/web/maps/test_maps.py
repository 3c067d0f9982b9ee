"""Maps and places on pages, and what their scripts load."""

from fastapi.testclient import TestClient

from kb.settings import Settings
from tests.web.page_reader import Element, Page
from tests.web.sample_base import DISTILLERY, WEAVER, SampleBase
from web.app import create_app

NEAR = {"q": "sanitiser", "near": "16100"}


def read(client: TestClient, path: str, **query: str) -> Page:
    response = client.get(path, params=query)
    assert response.status_code == 200
    return Page(response.text)


def text_of(element: Element) -> str:
    return " ".join(element.text.split())


def test_a_hit_says_how_far_it_is(client: TestClient) -> None:
    page = read(client, "/en/search", **NEAR)
    distances = [text_of(each) for each in page.all("span", class_="distance")]
    assert distances[:2] == ["about 50 km", "about 15 km"]
    assert page.one("input", name="near").attributes["value"] == "Cognac (16)"


def test_distances_are_offered_with_what_they_leave(client: TestClient) -> None:
    page = read(client, "/fr/recherche", **NEAR)
    options = page.inside(page.one("select", name="within"), "option")
    assert [text_of(option) for option in options] == [
        "Toutes",
        "à 10 km au plus – 0",
        "à 25 km au plus – 1",
        "à 50 km au plus – 1",
        "à 100 km au plus – 2",
        "à 200 km au plus – 2",
    ]
    close = read(client, "/fr/recherche", **NEAR, within="25")
    assert [each.attributes["id"] for each in close.all("li", class_="hit")] == ["actor-1"]
    assert close.text("h1").startswith("1 ")
    assert close.one("option", value="25").attributes.get("selected") == ""


def test_an_unknown_town_is_said_and_the_search_goes_on(client: TestClient) -> None:
    page = read(client, "/en/search", q="sanitiser", near="Kalundborg", within="25")
    assert page.text("p", id="place-problem") == (
        "No town in France is called 'Kalundborg': write its name or its postal code, such as "
        "16000. Here is the search without a place."
    )
    field = page.one("input", name="near")
    assert field.attributes["value"] == "Kalundborg"
    assert field.attributes["aria-describedby"] == "place-problem"
    assert len(page.all("li", class_="hit")) > 1
    assert not page.all("span", class_="distance")


def test_towns_of_one_name_are_offered(client: TestClient) -> None:
    page = read(client, "/en/search", q="sanitiser", near="Saint-Denis")
    links = page.inside(page.one("ul", class_="namesakes"), "a")
    assert [text_of(link) for link in links] == [
        "Saint-Denis (93)",
        "Saint-Denis (974)",
        "Saint-Denis (11)",
        "Saint-Denis (30)",
    ]
    chosen = client.get(links[0].attributes["href"])
    assert 'value="Saint-Denis (93)"' in chosen.text


def test_the_map_of_results_has_the_ranks_of_the_list(client: TestClient) -> None:
    page = read(client, "/fr/recherche", **NEAR)
    pins = page.all("a", class_="pin")
    assert sorted(pin.attributes["href"] for pin in pins) == ["#actor-1", "#actor-2"]
    assert [pin.attributes["aria-label"] for pin in pins] == [
        "2. Distillerie Merlet",
        "1. Avel (Saphir)",
    ]
    assert page.one("g", class_="centre").attributes["aria-label"] == "Cognac (16)"
    assert "open" not in page.one("details", class_="map").attributes


def test_an_organisation_has_a_small_map_where_its_place_is_known(client: TestClient) -> None:
    known = read(client, f"/en/actors/{DISTILLERY.id}")
    assert known.one("svg", class_="drawn-map").attributes["aria-label"] == DISTILLERY.place
    abroad = Page(client.get("/en/actors/weavers%20%26%20co%3F%20100%25").text)
    assert abroad.text("h1") == WEAVER.name
    assert not abroad.all("svg", class_="drawn-map")


def test_towns_are_suggested(client: TestClient) -> None:
    assert client.get("/maps/towns.json?q=ang").json()[:2] == ["Angers (49)", "Angoulême (16)"]
    assert client.get("/maps/towns.json?q=").json() == []
    assert client.get("/maps/towns.json", params={"q": "x" * 101}).status_code == 400


def test_tiles_are_asked_of_the_server_that_is_set_and_no_other(
    knowledge_base: SampleBase,
) -> None:
    tiles = "https://tiles.example/{z}/{x}/{y}.png"
    settings = Settings(kb=knowledge_base.folder, map_tiles=tiles, map_credit="© Makers")
    with TestClient(create_app(knowledge_base, settings)) as client:
        answer = client.get("/fr/recherche", params=NEAR)
        assert (
            "img-src 'self' data: https://tiles.example;"
            in (answer.headers["Content-Security-Policy"])
        )
        data = Page(answer.text).one("details", class_="map").attributes
        assert (data["data-tiles"], data["data-credit"]) == (tiles, "© Makers")
