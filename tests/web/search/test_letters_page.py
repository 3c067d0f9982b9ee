"""A long text on the page and in the API: what was understood, and the whole text instead."""

from urllib.parse import urlencode

from fastapi.testclient import TestClient

LETTER = (
    "Bonjour, je vous écris de la part de ma commune, où il a beaucoup plu. Les écoles rouvrent. "
    "Nous cherchons du gel hydroalcoolique pour nos agents. Le budget est voté depuis lundi. "
    "Cordialement, Anne Exemple"
)
PAGE = "/fr/recherche"
ASKED = "Nous cherchons du gel hydroalcoolique pour nos agents."


def page_of(client: TestClient, **query: str) -> str:
    return client.get(f"{PAGE}?{urlencode({'q': LETTER, **query})}").text


def test_the_page_says_what_it_understood(client: TestClient) -> None:
    page = page_of(client)
    assert f"Compris\N{NO-BREAK SPACE}:</span> <q>{ASKED}</q>" in page
    assert "whole=yes" in page


def test_the_api_gives_the_sentences(client: TestClient) -> None:
    asked = client.get("/api/search", params={"q": LETTER}).json()["asked"]
    assert asked["sentences"] == [ASKED]
    whole = client.get("/api/search", params={"q": LETTER, "whole": "yes"}).json()["asked"]
    assert whole["sentences"] == []
    assert "écoles" in whole["text"]
