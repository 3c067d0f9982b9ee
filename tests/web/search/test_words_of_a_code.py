"""What only a code of activity says, told apart from what somebody said, wherever hits go."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from kb.models import Actor
from kb.reference.trades import trade_of
from kb.search.results import EvidenceKind
from kb.settings import Settings
from tests.web.mcp.conftest import SITE, Assistant
from tests.web.page_reader import Page
from tests.web.sample_base import ACTORS, SampleBase
from web.app import create_app
from web.search.evidence_text import in_order, strongest

SOAP = trade_of("20.42Z")
assert SOAP is not None
BY_CODE = SOAP.fr[:20]
OWN = "Savonnerie à froid"
SOAPERY = Actor(
    "savonnerie", "Aux Bulles", OWN, "Saintes", "17", "FR", activity_code="20.42Z",
    source_url="https://annuaire.example/bulles",
)  # fmt: skip
BARE = replace(SOAPERY, id="muette", name="Muette", description="", activity_code="2042Z")
NEED = "shampooings et maquillage"
SAYS = {"fr": "Métier (code APE {})", "en": "Trade (code {})"}


@pytest.fixture
def knowledge_base() -> SampleBase:
    return SampleBase((*ACTORS, SOAPERY, BARE))


@pytest.mark.parametrize("need", [NEED, f"{NEED} de savonnerie à froid"])
def test_the_words_of_a_code_are_of_a_kind_of_their_own_after_what_was_said(
    knowledge_base: SampleBase, need: str
) -> None:
    found = {hit.actor.id: hit for hit in knowledge_base.search(need).hits}
    *said, by_code = found[SOAPERY.id].evidence
    assert (by_code.kind, by_code.code, by_code.source) == (EvidenceKind.TRADE, "20.42Z", "")
    assert {one.text for one in said if one.kind is EvidenceKind.PASSAGE} == {OWN}
    assert not any(one.code for one in said)
    assert strongest(found[SOAPERY.id].evidence) != by_code
    assert in_order(found[SOAPERY.id].evidence)[-1] == by_code
    (alone,) = found[BARE.id].evidence
    assert (alone.kind, alone.code) == (EvidenceKind.TRADE, "2042Z")


@pytest.mark.parametrize(
    "path",
    [
        "{lang}/{search}?q={need}",
        "{lang}/{search}/{why}?q={need}&id=muette",
        "{lang}/{dossier}?need={need}&id=muette",
        "embed/search?q={need}&lang={lang}",
    ],
)
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_pages_say_that_a_code_says_it(client: TestClient, path: str, lang: str) -> None:
    words = {"fr": ("recherche", "pourquoi"), "en": ("search", "why")}[lang]
    at = path.format(lang=lang, need=NEED, search=words[0], why=words[1], dossier="dossier")
    main = " ".join(Page(client.get(f"/{at}").text).one("main").text.split())
    assert SAYS[lang].format("2042Z") in main
    assert not any(f"{said} {BY_CODE}" in main for said in ("Décrit", "Described"))


def test_why_speaks_of_the_code_and_of_a_description_only_if_there_is_one(
    client: TestClient,
) -> None:
    def why(id_: str) -> str:
        page = client.get("/fr/recherche/pourquoi", params={"q": NEED, "id": id_}).text
        return " ".join(Page(page).one("main").text.split())

    assert "Le code d’activité de Muette, 2042Z, dit des mots de votre besoin" in why("muette")
    assert "Sa description" not in why("muette")
    assert "Ce qui est écrit sur" not in why("savonnerie")
    assert why("savonnerie").index(OWN) < why("savonnerie").index("Métier (code APE 20.42Z)")


def test_files_say_it(client: TestClient) -> None:
    sent = {"id": "muette", "need": NEED, "status": "to_call", "note": "", "do": "csv"}
    table = client.post("/fr/dossier/feuille", data=sent).content.decode("utf-8-sig")
    assert "Métier (code APE 2042Z): " in table
    asked = {"q": NEED, "format": "csv", "lang": "fr"}
    report = client.get("/api/report", params=asked).content.decode("utf-8-sig")
    assert '"trade";"2042Z"' in report


def test_the_api_and_the_widget_give_it(client: TestClient) -> None:
    hits = client.get("/api/search", params={"q": NEED}).json()["hits"]
    by_code = [one for hit in hits for one in hit["evidence"] if one["kind"] == "trade"]
    assert {one["code"] for one in by_code} >= {"20.42Z", "2042Z"}
    widget = client.get("/embed/v1/search", params={"q": NEED}).json()["hits"]
    codes = {hit["id"]: hit["passage"]["code"] for hit in widget if hit["passage"]}
    assert codes == {"savonnerie": "", "muette": "2042Z"}


def test_an_assistant_and_a_feed_are_told_it(
    client: TestClient, knowledge_base: SampleBase
) -> None:
    assistant = Assistant(create_app(knowledge_base, Settings(public_url=SITE)))
    assert "Métier (code APE 2042Z)" in assistant.reads("search", need=NEED, lang="fr")
    feed = client.get("/fr/flux/recherche.atom", params={"q": NEED}).text
    assert "Métier (code APE 2042Z)" in feed
