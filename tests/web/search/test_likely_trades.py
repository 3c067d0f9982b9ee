"""The trades in which a need would be filed: told on the page of results and in the API."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.reference.trades import trade_of
from kb.search.results import SearchResult
from kb.search.trades.background import LikelyTrade
from tests.web.page_reader import Page
from tests.web.sample_base import SampleBase

SOAP, SHOES = trade_of("20.41"), trade_of("15.20")


@pytest.fixture
def understood(knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch) -> None:
    search = knowledge_base.search
    assert SOAP
    assert SHOES
    likely = (LikelyTrade(SOAP, 0.6), LikelyTrade(SHOES, 0.25))

    def found(*asked: Any, **more: Any) -> SearchResult:
        return replace(search(*asked, **more), trades=likely)

    monkeypatch.setattr(knowledge_base, "search", found)


@pytest.mark.usefixtures("understood")
def test_the_page_names_the_trades_that_are_considered(client: TestClient) -> None:
    read = Page(client.get("/fr/recherche", params={"q": "cirages"}).text)
    label, _, text = " ".join(read.one("div", class_="understood").text.split()).partition(" : ")
    assert label == "Métiers voisins pris en compte"
    assert SOAP
    assert SHOES
    for words, trade in zip(text.split(" · "), (SOAP, SHOES), strict=True):
        assert trade.fr.startswith(words.removesuffix("…"))
        assert len(words) <= 61


@pytest.mark.usefixtures("understood")
def test_the_api_gives_the_trades_with_their_shares(client: TestClient) -> None:
    asked = client.get("/api/search", params={"q": "cirages"}).json()["asked"]
    assert SOAP
    assert [(trade["code"], trade["share"]) for trade in asked["trades"]] == [
        ("20.41", 0.6),
        ("15.20", 0.25),
    ]
    assert (asked["trades"][0]["fr"], asked["trades"][0]["en"]) == (SOAP.fr, SOAP.en)
