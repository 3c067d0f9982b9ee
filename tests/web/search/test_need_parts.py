"""The parts of a need on the page and in the API: shown, taken back, and filters of a place."""

from urllib.parse import parse_qs, urlsplit

from fastapi.testclient import TestClient

from tests.web.page_reader import Page
from tests.web.sample_base import SampleBase

NEED = "un hôpital cherche 40 tonnes de cirages par mois près de Cognac avant vendredi"


def page(client: TestClient, path: str = "/fr/recherche", **query: str) -> Page:
    response = client.get(path, params=query)
    assert response.status_code == 200
    return Page(response.text)


def chips(read: Page) -> dict[str, str]:
    """The addresses that take each part back, by its words."""
    return {
        " ".join(link.text.split()): link.attributes["href"]
        for block in read.all("ul", class_="chosen")
        for link in read.inside(block, "a")
    }


def test_the_parts_of_a_need_are_shown(client: TestClient) -> None:
    read = page(client, q=NEED)
    assert [told.replace("\N{NO-BREAK SPACE}", " ") for told in chips(read)] == [
        "Retirer pour : un hôpital ×",
        "Retirer quantité : 40 tonnes ×",
        "Retirer fréquence : par mois ×",
        "Retirer lieu : près de Cognac (16) ×",
        "Retirer délai : avant vendredi ×",
    ]
    assert "– cirages" in read.text("h1")


def test_a_part_taken_back_counts_as_words_do_and_stays_so(client: TestClient) -> None:
    (address,) = (to for told, to in chips(page(client, q=NEED)).items() if "Cognac" in told)
    assert parse_qs(urlsplit(address).query)["taken_back"] == ["près de Cognac"]
    read = Page(client.get(address).text)
    assert not any("Cognac" in told for told in chips(read))
    assert "cirages par mois près de Cognac" in read.text("h1")
    assert read.one("input", name="taken_back").attributes["value"] == "près de Cognac"
    assert not read.all("span", class_="distance")


def test_a_distance_draws_a_circle_and_a_department_filters(
    client: TestClient, knowledge_base: SampleBase
) -> None:
    def total(**query: str) -> int:
        return int(client.get("/api/search", params=query).json()["total"])

    everywhere = total(q="cirages")
    assert everywhere
    assert total(q="cirages en Charente") == total(q="cirages", department="16")
    assert total(q="cirages dans le Finistère") == 0
    assert total(q="cirages en Bretagne") == 0
    assert total(q="cirages en Nouvelle-Aquitaine") == total(q="cirages", department="16")
    assert total(q="cirages à moins de 10 km de Brest") == 0
    assert total(q="cirages près de Brest") == everywhere


def test_a_filter_set_by_hand_goes_before(client: TestClient) -> None:
    def answer(**query: str) -> dict[str, object]:
        return dict(client.get("/api/search", params={"limit": "3", **query}).json())

    by_hand = answer(q="cirages dans le Finistère", department="16")
    assert by_hand["total"] == answer(q="cirages", department="16")["total"] != 0
    asked = answer(q="cirages à moins de 10 km de Brest", near="Cognac")["asked"]
    assert isinstance(asked, dict)
    assert asked["near"] == "Cognac (16)"


def test_the_api_gives_the_parts_and_takes_them_back(client: TestClient) -> None:
    asked = client.get("/api/search", params={"q": NEED}).json()["asked"]
    assert asked["object"] == "cirages"
    assert [part["kind"] for part in asked["parts"]] == [
        "for",
        "quantity",
        "frequency",
        "place",
        "deadline",
    ]
    place = asked["parts"][3]
    assert (place["near"], place["within"]) == ("Cognac (16)", 0)
    assert asked["near"] == "Cognac (16)"
    left = [part["text"] for part in asked["parts"]]
    whole = client.get("/api/search", params={"q": NEED, "taken_back": left}).json()["asked"]
    assert (whole["parts"], whole["near"]) == ([], "")
    assert "tonnes" in whole["text"]


def test_the_page_says_what_is_near_and_what_is_further_away(client: TestClient) -> None:
    read = page(client, q="sanitiser near Cognac", path="/en/search")
    heads = [head.text for head in read.all("h2", class_="reached")]
    assert any(head.endswith("– within 25 km") for head in heads)
    assert any(head.endswith("– further away") for head in heads)
    assert len(set(heads)) == len(heads)
    assert "at most 25 km from Cognac (16)" in read.text("p", class_="note nearness")


def test_what_near_means_is_changed_in_a_click(client: TestClient) -> None:
    need = {"q": "cirages près de Cognac"}
    counts = client.get("/api/search", params=need).json()["facets"]["distances"]
    read = page(client, **need)
    links = read.inside(read.one("p", class_="note nearness"), "a")
    told = [" ".join(link.text.split()) for link in links]
    assert told == [f"{km} km – {count}" for km, count in counts.items()]
    narrowed = Page(client.get(links[0].attributes["href"]).text)
    assert "à 10 km au plus de Cognac" in narrowed.text("p", class_="note nearness")
    assert not narrowed.all("h2", class_="reached")


def test_a_distance_without_a_place_is_let_go_by_the_page(client: TestClient) -> None:
    query = {"q": "cirages", "within": "50"}
    answered = client.get("/fr/recherche", params=query, follow_redirects=False)
    assert (answered.status_code, answered.headers["location"]) == (303, "/fr/recherche?q=cirages")
    assert client.get("/api/search", params=query).status_code == 400
