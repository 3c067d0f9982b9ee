"""What is inferred by the means of a trade, and by what firms elsewhere did, wherever hits go."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from kb.explanation.explanation import Explanation
from kb.explanation.report import SearchReport
from kb.models import Actor, Case, Participation
from kb.reference.roles import Part, Role
from kb.reference.trades import trade_of
from kb.search.results import (
    ActorHit,
    Evidence,
    EvidenceKind,
    MeansMatch,
    PartAnswer,
    SearchResult,
)
from kb.settings import Settings
from tests.web.mcp.conftest import SITE, Assistant
from tests.web.page_reader import Page
from tests.web.sample_base import WEAVER, SampleBase
from web.app import create_app

SOURCE = "https://journal.example/masques"
TRADE = trade_of("14.12")
assert TRADE
ABLE = Evidence(
    EvidenceKind.MEANS,
    WEAVER.description,
    means=MeansMatch(TRADE, "surblouse de soins", ("machine à coudre", "coupe de textile")),
)
PART = Participation("Voilerie Tarot", Role.PRODUCER, "", "masques lavables", SOURCE)
ELSEWHERE = Evidence(
    EvidenceKind.SIMILAR,
    WEAVER.description,
    (),
    "",
    Case("elsewhere O007", "masques lavables", "", period="2020", source_url=SOURCE),
    PART,
    Actor("", "Voilerie Tarot", "voilerie", "Les Sables-d'Olonne", source_url=SOURCE),
)
SAID = {
    "means": (
        "Métier proche : bleus, blouses, combinaisons, uniformes",
        "ses moyens habituels (machine à coudre, coupe de textile) conviendraient pour : surblouse "
        "de soins.",
    ),
    "similar": (
        "Ailleurs, dans un métier proche (voilerie), Voilerie Tarot (Les Sables-d'Olonne) l’a fait "
        "en 2020 : masques lavables",
    ),
}


@pytest.fixture(params=[ABLE, ELSEWHERE], ids=["means", "elsewhere"])
def evidence(request: pytest.FixtureRequest) -> Evidence:
    given: Evidence = request.param
    return given


@pytest.fixture
def _found(evidence: Evidence, knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has every search find the weaver by this evidence."""

    def with_it(hits: tuple[ActorHit, ...]) -> tuple[ActorHit, ...]:
        stated = next(iter(hits))
        return (replace(stated, rank=1, actor=WEAVER, evidence=(evidence,)),)

    def searched(result: SearchResult) -> SearchResult:
        hits = with_it(result.hits)
        return replace(result, hits=hits, parts=(PartAnswer(Part.MAKER, "", (), hits),))

    def reported(report: SearchReport) -> SearchReport:
        return replace(report, hits=with_it(report.hits))

    def explained(told: Explanation) -> Explanation:
        assert isinstance(told.hit, ActorHit)
        parts = replace(told.hit.parts, inferred=2.0, similar=2.0 if evidence.precedent else 0.0)
        hit = replace(told.hit, evidence=(evidence,), parts=replace(parts, own=0.0, case=0.0))
        return replace(told, hit=hit)

    def change(name: str, into: Callable[[Any], Any]) -> None:
        made = getattr(knowledge_base, name)
        monkeypatch.setattr(knowledge_base, name, lambda *args, **more: into(made(*args, **more)))

    change("search", searched)
    change("report", reported)
    change("explain", explained)


pytestmark = pytest.mark.usefixtures("_found")


@pytest.mark.parametrize(
    "path",
    [
        "/fr/recherche?q=cirages",
        "/fr/recherche/compte-rendu?q=cirages",
        "/fr/recherche/pourquoi?q=cirages&id=avel",
    ],
)
def test_every_page_says_by_what_it_is_inferred(
    client: TestClient, evidence: Evidence, path: str
) -> None:
    read = Page(client.get(path).text)
    text = " ".join(read.one("main").text.split())
    for words in SAID[evidence.kind]:
        assert words in text
    hrefs = {link.attributes.get("href", "") for link in read.all("a")}
    assert not any("elsewhere" in href or href.endswith("/acteurs/") for href in hrefs)
    assert (SOURCE in hrefs) is (evidence is ELSEWHERE)
    assert "Déduit" in text


def test_the_widget_and_its_frame_give_it(client: TestClient, evidence: Evidence) -> None:
    answer = client.get("/embed/v1/search?q=cirages").json()
    (hit,) = answer["hits"]
    frame = Page(client.get("/embed/search?q=cirages&lang=fr").text)
    text = " ".join(frame.one("main").text.split())
    if evidence is ABLE:
        assert (hit["means"], hit["case"]) == ("surblouse de soins", None)
        assert (
            "Déduit les moyens habituels de son métier conviendraient pour : surblouse de soins"
            in text
        )
        return
    assert hit["means"] == ""
    assert hit["case"] == {
        "ground": "inferred",
        "title": "masques lavables",
        "lang": "fr",
        "url": SOURCE,
        "witness": "Voilerie Tarot (Les Sables-d'Olonne, 2020)",
        "elsewhere": True,
    }
    assert "Voilerie Tarot (Les Sables-d'Olonne, 2020), qui l’a fait ailleurs : masques" in text


def test_assistants_are_told_it(evidence: Evidence, knowledge_base: SampleBase) -> None:
    assistant = Assistant(create_app(knowledge_base, Settings(public_url=SITE)))
    text = assistant.reads("search", need="cirages", lang="fr")
    for words in SAID[evidence.kind]:
        assert words in " ".join(text.split())
    assert ("elsewhere" in text, SOURCE in text) == (False, evidence is ELSEWHERE)
