"""An e-mail on the page and in the API: searched whole, shown folded, its details beside it."""

from urllib.parse import urlencode

from fastapi.testclient import TestClient

LETTER = (
    "Bonjour, je vous écris de la part de ma commune, où il a beaucoup plu. Les écoles rouvrent. "
    "Nous cherchons 300 flacons de gel hydroalcoolique pour nos agents. Le budget est voté. "
    '- "Auriez-vous un contact dans le réseau ?" Cordialement, Anne Exemple, Angoulême'
)


def test_the_page_shows_the_whole_text_folded_and_what_was_read_of_it(client: TestClient) -> None:
    page = client.get(f"/fr/recherche?{urlencode({'q': LETTER})}").text
    assert "<summary>La recherche porte sur tout le texte.</summary>" in page
    assert (
        LETTER[:40] in page.partition('<details class="understood">')[2].partition("</details>")[0]
    )
    assert "300 flacons" in page


def test_the_api_searches_the_whole_text_and_says_its_parts(client: TestClient) -> None:
    asked = client.get("/api/search", params={"q": LETTER}).json()["asked"]
    assert asked["text"] == LETTER
    assert asked["object"] == LETTER
    assert (asked["required"], asked["unwanted"]) == ([], [])
    assert [part["text"] for part in asked["parts"]] == ["300 flacons", "nos agents", "Angoulême"]
