"""What a language model words for a need: shown, taken back, told of, and kept from other sites."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from kb.language_model import NeedWorder
from kb.settings import Settings
from tests.chat_server import ChatServer
from tests.web.page_reader import Element, Page
from tests.web.sample_base import AVEL, SampleBase

PATIENT_S = 60.0
NEED = "brillant pour chaussures"
PATHS = {"fr": "/fr/recherche", "en": "/en/search"}


@pytest.fixture(autouse=True)
def server(chat_server: ChatServer, knowledge_base: SampleBase) -> ChatServer:
    chat_server.says({"trades": ["cirages", "shoe polish"], "materials": ["cire"], "gestures": []})
    knowledge_base.worder = NeedWorder(chat_server.service, PATIENT_S)
    return chat_server


def shown(client: TestClient, lang: str = "en", **more: str) -> Page:
    response = client.get(PATHS[lang], params={"q": NEED, **more})
    assert response.status_code == 200
    return Page(response.text)


def block(read: Page) -> Element:
    return read.one("div", class_="understood")


def links(read: Page) -> Mapping[str, str]:
    """The addresses of the block, by their words."""
    return {
        " ".join(link.text.split()): link.attributes["href"]
        for link in read.inside(block(read), "a")
    }


def query(address: str) -> Mapping[str, list[str]]:
    return parse_qs(urlsplit(address).query)


def test_phrases_are_shown_with_their_kind_and_their_model(client: TestClient) -> None:
    assert " ".join(block(shown(client, "fr")).text.split()) == (
        "Métiers voisins pris en compte : Retirer métier : cirages × Retirer métier : shoe "
        "polish × Retirer matière : cire × Ces formules viennent du modèle de langue little-model, "
        "auquel les mots de votre besoin ont été transmis. Les retirer toutes"
    )


def test_a_phrase_is_taken_back_by_its_link(client: TestClient) -> None:
    address = links(shown(client))["Remove trade: cirages ×"]
    assert query(address) == {"q": [NEED], "taken_back": ["cirages"]}
    read = Page(client.get(address).text)
    assert "trade: cirages" not in block(read).text
    assert query(links(read)["Remove material: cire ×"])["taken_back"] == ["cirages", "cire"]
    # Filters keep what was taken back.
    kept = read.one("input", name="taken_back")
    assert kept.attributes["value"] == "cirages"
    again = links(read)["Use the phrases of the language model"]
    assert query(again) == {"q": [NEED]}


def test_all_of_them_are_taken_back_and_the_model_is_not_asked(
    client: TestClient, server: ChatServer
) -> None:
    address = links(shown(client))["Remove all of them"]
    assert query(address) == {"q": [NEED], "wording": ["off"]}
    other = address.replace("brillant", "lustre")
    read = Page(client.get(other).text)
    assert [server.data(at)["need"] for at in range(len(server.asked))] == [NEED]
    assert " ".join(block(read).text.split()) == (
        "The language model little-model was not asked. Use the phrases of the language model"
    )
    assert read.one("input", name="wording").attributes["value"] == "off"
    assert "wording" not in query(links(read)["Use the phrases of the language model"])


def test_phrases_change_the_answer_and_taking_them_back_restores_it(
    client: TestClient, knowledge_base: SampleBase
) -> None:
    def score(**more: str) -> float:
        found = client.get("/api/search", params={"q": NEED, **more}).json()["hits"]
        return float(next(hit["score"] for hit in found if hit["actor"]["id"] == AVEL.id))

    assert score() > score(wording="off") + 1
    assert score(taken_back="shoe polish") > score(taken_back="cirages")


def test_what_stays_here_is_told(client: TestClient, server: ChatServer) -> None:
    read = shown(client, q=f"{NEED}, Paul Lefèvre, 06 12 34 56 78")
    assert " ".join(block(read).text.split()) == (
        "Not sent to the language model little-model: e-mails, long texts, and names or "
        "numbers of organisations stay on this server."
    )
    assert server.asked == []


def test_an_explanation_gives_each_phrase_its_share(client: TestClient) -> None:
    page = client.get("/en/search/why", params={"q": NEED, "id": AVEL.id}).text
    assert "the phrase “cirages” of the language model" in page
    found = client.get("/api/explain", params={"q": NEED, "actor": AVEL.id}).json()
    assert found["asked"]["wording"]["model"] == "little-model"
    best = found["passages"][0]
    shares = {share["text"]: share for share in best["phrases"]}
    assert shares["cirages"]["kind"] == "trade"
    assert shares["cirages"]["share"] > shares["cire"]["share"]
    added = best["need_shares"]["total"] + sum(share["share"] for share in best["phrases"])
    assert added == pytest.approx(best["dense"], abs=1e-4)


def test_the_api_says_what_was_used_and_what_was_not(client: TestClient) -> None:
    found = client.get("/api/search", params={"q": NEED, "taken_back": ["Cirages"]}).json()
    assert found["asked"]["wording"] == {
        "model": "little-model",
        "state": "given",
        "phrases": [
            {"kind": "trade", "text": "shoe polish"},
            {"kind": "material", "text": "cire"},
        ],
        "taken_back": [{"kind": "trade", "text": "cirages"}],
    }
    assert client.get("/api/search", params={"q": NEED, "wording": "maybe"}).status_code == 422


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/fr/", "Les mots d’un besoin sont aussi transmis au modèle de langue little-model."),
        ("/en/", "The words of a need are also sent to the language model little-model."),
        ("/fr/a-propos", "Seuls les mots d’un besoin court sont aussi transmis au modèle"),
        ("/en/about", "Only the words of a short need are also sent to the language model"),
    ],
)
def test_visitors_are_told_where_their_words_go(client: TestClient, path: str, told: str) -> None:
    assert told in " ".join(client.get(path).text.split())


def test_the_search_on_other_sites_asks_no_model(
    client: TestClient, server: ChatServer, settings: Settings
) -> None:
    for path in ("/embed/v1/search", "/embed/search"):
        assert client.get(path, params={"q": NEED}).status_code == 200
    assert server.asked == []
