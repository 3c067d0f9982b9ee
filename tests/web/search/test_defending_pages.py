"""What a person needs to defend an answer: parts, inferences, explanations, reports."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from kb.explanation.explanation import (
    CloseWord,
    Explanation,
    OwnPart,
    WordShare,
    WordShares,
    score_table,
)
from kb.explanation.report_files import verify
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind
from kb.search.results import ActorHit, Filters, Steering
from kb.search.weights import DEFAULT_WEIGHTS
from kb.settings import Settings
from kb.store.store import Store
from tests.encoders import WordCountEncoder
from tests.web.page_reader import Element, Page
from tests.web.sample_base import (
    ACTORS,
    ANGOULEME,
    AVEL,
    DISTILLERY,
    PERFUMER,
    SampleBase,
    with_bottling,
)
from web.app import create_app

SECRET = "a secret of thirty-two characters"


@pytest.fixture
def knowledge_base() -> SampleBase:
    return SampleBase((*ACTORS, PERFUMER))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("defended")
    Store.open(folder / DATABASE_FILE, create=True).close()
    with closing(KnowledgeBase(folder, WordCountEncoder)) as base:
        base.put([AVEL, DISTILLERY, PERFUMER, ANGOULEME])
        yield base


def page(client: TestClient, path: str) -> Page:
    response = client.get(path)
    assert response.status_code == 200, response.headers.get("Location")
    return Page(response.text)


def said(element: Element) -> str:
    return " ".join(element.text.split())


def explain_by(
    change: Callable[[Explanation], Explanation],
    knowledge_base: SampleBase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Has what the base explains changed before it is shown."""
    explain = knowledge_base.explain

    def changed(*asked: Any, **more: Any) -> Explanation:
        return change(explain(*asked, **more))

    monkeypatch.setattr(knowledge_base, "explain", changed)


def with_parts(told: Explanation, **parts: float) -> Explanation:
    hit = cast("ActorHit", told.hit)
    return replace(told, hit=replace(hit, parts=replace(hit.parts, **parts)))


def links(read: Page, element: Element) -> dict[str, str]:
    return {said(one): one.attributes["href"] for one in read.inside(element, "a")}


# The page of results


def test_each_part_says_what_is_asked_from_which_case_and_whom_to_call(
    client: TestClient,
) -> None:
    client.app.state.knowledge_base = with_bottling()  # type: ignore[attr-defined]
    read = page(client, "/fr/recherche?q=sanitiser")
    blocks = {one.attributes["id"]: said(one) for one in read.all("section", class_="role-block")}
    case = "Angoulême : du cirage au gel hydroalcoolique"
    assert blocks == {
        "role-maker": f"Fabrication Demandé sanitiser D’après le cas « {case} » Avel (Saphir) "
        f"Magnac-Lavalette · Charente (16) Convient bien Montré fabrique et conditionne le gel – "
        f"{case}, printemps 2020 "
        "Garder dans le dossier – Avel (Saphir) Parfums d'Angoulême Angoulême · Charente (16) "
        "Pourrait convenir "
        "Déduit métier "
        f"proche : Avel (Saphir), qui a pris part au cas « {case} » Garder dans le dossier – "
        "Parfums d'Angoulême Garder toute cette partie dans le dossier – Fabrication",
        "role-inputs": f"Matières Demandé alcool D’après le cas « {case} » Distillerie Merlet "
        f"Saint-Sauvant · Charente-Maritime (17) A tenu ce rôle Montré fournit l'alcool – {case}, "
        "printemps 2020 Garder dans le dossier – Distillerie Merlet",
        "role-packaging": "Emballage et étiquettes Demandé emballages en carton, étuis et "
        "coffrets, étiquettes Habituel pour un tel besoin, mais aucun cas semblable n’en parle "
        "ici. Cartons de Charente Convient bien Décrit Emballages en carton, cardboard packaging. "
        "Garder dans le dossier – Cartons de Charente",
        "role-repackaging": "Conditionnement Demandé conditionnement à façon, embouteillage "
        f"D’après le cas « {case} » Distillerie Merlet Saint-Sauvant · Charente-Maritime (17) A "
        f"tenu ce rôle Montré met le gel en flacons de verre – {case}, "
        "printemps 2020 Garder dans le dossier – Distillerie Merlet",
        "role-validation": "Contrôle et validation Demandé laboratoire d'analyses, contrôle de la "
        f"qualité D’après le cas « {case} » Agence régionale de santé, dans le cas « {case} » ; "
        "sans fiche ici – valide la formule",
    }
    (views,) = read.all("fieldset", class_="views")
    assert [said(one) for one in read.inside(views, "label")] == [
        "Toutes 3",
        "Fabrication 2",
        "Matières 1",
        "Emballage et étiquettes 1",
        "Conditionnement 1",
        "Contrôle et validation",
        "Cas semblables 1",
        "Besoins proches 1",
    ]


def test_what_was_understood_can_be_taken_back_piece_by_piece(client: TestClient) -> None:
    path = (
        "/en/search?q=cirages+%2Bcr%C3%A8mes+-alcool+%22les+m%C3%A9lange%22"
        "&department=16&like=avel&unlike=hostile&like=nobody"
    )
    read = page(client, path)
    chips = links(read, read.one("ul", class_="chosen"))
    assert list(chips) == [
        "No longer require required: les mélange ×",
        "No longer prefer counts more: crèmes ×",
        "No longer leave out left out: alcool ×",
        "Remove the example like Avel (Saphir) ×",
        'Remove the example not like <script>alert("name")</script> ×',
        "Remove the filter Charente (16) ×",
    ]
    queries = [parse_qs(urlsplit(href).query) for href in chips.values()]
    whole = {"department": ["16"], "like": ["avel"], "unlike": ["hostile"]}
    typed = 'cirages +crèmes -alcool "les mélange"'
    assert queries == [
        {"q": ["cirages +crèmes -alcool les mélange"], **whole},
        {"q": ['cirages crèmes -alcool "les mélange"'], **whole},
        {"q": ['cirages +crèmes "les mélange"'], **whole},
        {"q": [typed], "department": ["16"], "unlike": ["hostile"]},
        {"q": [typed], "department": ["16"], "like": ["avel"]},
        {"q": [typed], "like": ["avel"], "unlike": ["hostile"]},
    ]


# Whom to call


def test_the_dossier_of_whom_to_call_has_what_it_takes_to_call(client: TestClient) -> None:
    results = page(client, "/fr/recherche?q=sanitiser&department=16")
    (way,) = [one for one in results.all("a") if said(one).startswith("Qui appeler")]
    read = page(client, way.attributes["href"])
    assert read.text("h1") == "sanitiser"
    first, second = [said(one) for one in read.all("li", class_="call")]
    for words in (
        "Avel (Saphir)",
        "Convient bien",
        "fabrique et conditionne le gel",
        "avel.example",
    ):
        assert words in first
    assert "Parfums d'Angoulême" in second
    assert "Déduit" in second


@pytest.mark.parametrize("path", ["pourquoi", "compte-rendu"])
def test_what_cannot_be_searched_is_sent_back_to_where_it_is_told(
    client: TestClient, path: str
) -> None:
    response = client.get(f"/fr/recherche/{path}?q=%F0%9F%99%82&id=avel&like=avel")
    assert response.status_code == 303
    assert response.headers["Location"] == "/fr/recherche?q=%F0%9F%99%82&like=avel"


# Why


def test_a_score_is_explained_as_a_sum_with_its_words_case_and_passage(
    client: TestClient, knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_hand(told: Explanation) -> Explanation:
        words = WordShares((WordShare(0, 7, 0.5), WordShare(8, 17, -0.25)), 1.5)
        best = replace(
            told.passages[0],
            dense=1.75,
            query_shares=words,
            close=(CloseWord(0, 4, 0, 7, 0.6),),
        )
        (path,) = told.cases
        assert path.need
        path = replace(path, need=replace(path.need, dense=1.75), closeness=1.75, relevance=0.5)
        path = replace(path, probability=0.5)
        hit = cast("ActorHit", told.hit)
        hit = replace(hit, score=2.6, parts=replace(hit.parts, own=1.0, case=3.0, limit=-0.5))
        return replace(told, hit=hit, passages=(best, *told.passages[1:]), cases=(path,))

    explain_by(by_hand, knowledge_base, monkeypatch)
    read = page(client, "/en/search/why?q=cirages+sanitiser&id=avel")
    assert read.text("h1") == "Why Avel (Saphir) for “cirages sanitiser”?"
    folded = [said(one) for one in read.all("details")]
    assert any("Rank 1, with a score of 2.60." in one for one in folded)
    assert "score" not in said(read.one("header", class_="opening"))
    rows = [said(one) for one in read.inside(read.one("table", class_="sum"), "tr")]
    assert rows[1].startswith("A case in which it took part")
    assert rows[1].endswith("3.00 in full 3.00")
    assert rows[2].startswith("Its description")
    assert rows[2].endswith("1.00 10% 0.10")
    assert rows[3].startswith("Limit")
    assert rows[3].endswith("−0.50 in full −0.50")
    words = [said(one) for one in read.inside(read.one("table", class_="shares"), "tr")]
    assert words == [
        "Word Gives",
        "cirages 0.50",
        "sanitiser −0.25",
        "the need as a whole 1.50",
        "Meaning 1.75",
    ]
    bars = [
        one.attributes["width"] for one in read.inside(read.one("table", class_="shares"), "rect")
    ]
    assert bars == ["96.0", "48.0"]
    passage = read.all("figure")[0]
    assert [one.text for one in read.inside(passage, "mark")] == ["Avel", "cirages"]
    assert "Words of the need in this text: cirages" in said(passage)
    assert "Words with a similar meaning: Avel for cirages" in said(passage)
    steps = [said(one) for one in read.inside(read.one("ol", class_="path"), "li")]
    assert steps == [
        "Your need: “cirages sanitiser”",
        "The need of the case: Fournir du gel hydroalcoolique (sanitiser) à l'hôpital 1.75",
        "Similarity of the two needs: 50%",
        "Weight of the role “Producer”: 100%",
        "Likelihood that this case makes it an answer: 50%",
    ]
    assert "/en/about#ranking" in [one.attributes.get("href") for one in read.all("a")]


def test_what_is_inferred_is_explained_by_its_precedent(
    client: TestClient, knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_hand(told: Explanation) -> Explanation:
        path, *_ = told.similar
        path = replace(path, likeness=2.5, weight=0.75)
        told = with_parts(told, example=0.75, likeness=2.5, similar=1.03)
        return replace(told, similar=(path,))

    explain_by(by_hand, knowledge_base, monkeypatch)
    read = page(client, "/fr/recherche/pourquoi?q=sanitiser&id=parfumeur")
    section = read.one("section", aria_labelledby="inferred")
    table = read.one("table", class_="sum witnesses")
    case = "Angoulême : du cirage au gel hydroalcoolique"
    assert [said(one) for one in read.inside(table, "tr")] == [
        "Qui l’a fait Poids Ressemblance",
        f"Avel (Saphir)Production – {case} 0,75 2,50",
    ]
    assert links(read, table)["Avel (Saphir)"] == "/fr/acteurs/avel"
    assert said(read.one("div", class_="inferred")) == (
        f"Le passage le plus proche, chez Parfums d'Angoulême : {PERFUMER.description} C’est une "
        "déduction : demandez à cette organisation avant d’y compter."
    )
    assert said(section).endswith(
        "Ce que cela ajoute : 0,65 × 0,75 (le meilleur poids) × 2,50 (la ressemblance) = 1,03."
    )
    assert "1,03 pour les exemples de métiers proches" in said(read.one("table", class_="sum"))


CASE = "Angoulême : du cirage au gel hydroalcoolique"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            "q=sanitiser&id=avel",
            f"Avel (Saphir) took part in the case “{CASE}”: fabrique et conditionne le gel. "
            "The lead is solid.",
        ),
        (
            "q=sanitiser&id=parfumeur",
            "The work of Parfums d'Angoulême is close to that of Avel (Saphir), which took part in "
            f"the case “{CASE}”. The lead is worth a call, without being certain. No case shows "
            "that it did this itself: ask before you count on it.",
        ),
        (
            "q=cirages&id=avel",
            "What is written about Avel (Saphir) has words of your need: cirages. The lead is "
            "solid. No case shows that it did this: only its description suggests it.",
        ),
        (
            "q=avel+(saphir)&id=avel",
            "You asked for Avel (Saphir) by its name or number. Whether it could meet a need is "
            "not judged here.",
        ),
    ],
)
def test_why_begins_with_two_sentences(client: TestClient, asked: str, told: str) -> None:
    read = page(client, f"/en/search/why?{asked}")
    assert read.text("p", class_="in-words") == told
    # All figures are folded.
    for table in read.all("table"):
        assert any(one.tag == "details" for one in table.ancestors)


def test_who_is_left_out_is_told_by_what(client: TestClient) -> None:
    for asked, told in (
        ("&unlike=avel", "you chose “Leave this profile out”"),
        ("&department=17", "because of a filter, a required word"),
    ):
        read = page(client, f"/en/search/why?q=cirages{asked}&id=avel")
        assert told in read.text("p", class_="silence")
        assert not read.all("table", class_="sum")


def test_nobody_is_explained_who_is_not_here(client: TestClient) -> None:
    assert client.get("/fr/recherche/pourquoi?q=gel&id=nobody").status_code == 404
    assert client.get("/fr/recherche/pourquoi?q=gel").status_code == 404


def test_what_counts_adds_up_to_the_score(real: KnowledgeBase) -> None:
    for query in ("du gel hydroalcoolique", "cirages", "Avel (Saphir)", "rocket"):
        for hit in real.search(query, complete=True).hits:
            counted = sum(part.counted for part in score_table(hit, DEFAULT_WEIGHTS))
            assert counted == pytest.approx(hit.score)
            own = OwnPart.of(hit.parts, DEFAULT_WEIGHTS)
            assert own.meaning + own.words + own.trade == pytest.approx(hit.parts.own)
            assert own.means + own.examples == pytest.approx(hit.parts.inferred)


def test_the_real_pages_answer(real: KnowledgeBase) -> None:
    client = TestClient(create_app(real, Settings(secret=SecretStr(SECRET))))
    for path in ("search", "dossier", "search/report", "search/why"):
        page(client, f"/en/{path}?q=du+gel+hydroalcoolique+%2Bflacons&id=avel&like=avel")
    explained = client.get("/api/explain?q=du+gel&actor=avel").json()
    hit = next(one for one in real.search("du gel", complete=True).hits if one.actor.id == "avel")
    assert isinstance(hit, ActorHit)
    assert explained["hit"]["score"] == pytest.approx(hit.score)
    assert sum(part["counted"] for part in explained["score"]) == pytest.approx(hit.score)
    assert explained["actor"]["id"] == "avel"
    assert explained["constants"]["passages"]["lexical"] > 0


# Reports


def test_a_report_tells_all_and_leaves_room_to_sign(
    client: TestClient, knowledge_base: SampleBase
) -> None:
    read = page(client, "/en/search/report?q=cirages+%2Bcr%C3%A8mes&department=16&unlike=hostile")
    told = [said(one) for one in read.inside(read.all("dl", class_="conditions")[1], "dd")]
    assert datetime.strptime(f"{told[0]}+0000", "%d %B %Y, %H:%M UTC%z") <= datetime.now(UTC)
    assert told[1:] == [
        f"5 organisations, 2 cases; state {knowledge_base.status().generation}",
        f"quisait {version('quisait')}",
        "word-count fingerprint of the encoder: words-1",
        "2 organisations compared left out: 2 by filters, 0 by words, 1 as “not like”, 0 closed, "
        "0 without a description",
    ]
    rows = [said(one) for one in read.inside(read.one("tbody"), "tr")]
    (avel, _) = knowledge_base.search(
        "cirages +crèmes", filters=Filters("16"), steering=Steering((), ("hostile",))
    ).hits
    score = f"{avel.score:.2f}"
    assert rows[0].startswith(f"1 Avel (Saphir) Magnac-Lavalette · 16 {score} Strong fitDescribed")
    limit = f"−{-avel.parts.limit:.2f}" if avel.parts.limit else "–"
    assert rows[0].endswith(f" {avel.parts.own:.2f} – – {limit} –")
    terms = [said(one) for one in read.inside(read.one("dl", class_="signature"), "dt")]
    assert terms == ["Name", "Date", "Signature"]


def test_the_files_of_a_report_are_those_of_its_page(client: TestClient) -> None:
    read = page(client, "/fr/recherche/compte-rendu?q=cirages")
    digest, seal = (one.text for one in read.inside(read.one("section", class_="sign-off"), "code"))
    as_csv, as_json = (
        one.attributes["href"] for one in read.inside(read.one("p", class_="ways-out"), "a")
    )
    written = client.get(as_json)
    assert written.headers["Content-Disposition"] == 'attachment; filename="quisait-report.json"'
    report = json.loads(written.content)
    assert (report["sha256"], report["hmac"]) == (digest, seal)
    assert verify(written.content, SECRET)
    table = client.get(as_csv)
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert verify(table.content, SECRET)
    rows = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig")), delimiter=";"))
    assert ["report sha256", digest] in rows
    assert ["constants.wording.kind_shares.material", "0,25"] in rows


def test_a_browser_that_comes_too_late_for_a_file_is_led_to_the_report_of_now(
    client: TestClient, knowledge_base: SampleBase
) -> None:
    told = "The catalogue has changed since that report. This is a new report."
    asked = f"/en/search/report?q=cirages&department=16&unlike={PERFUMER.id}"
    read = page(client, asked)
    assert told not in said(read.one("main"))
    href = read.inside(read.one("p", class_="ways-out"), "a")[0].attributes["href"]
    knowledge_base.remove(Kind.ACTOR, ["hostile"])
    as_a_browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    led = client.get(href, headers=as_a_browser)
    assert (led.status_code, led.headers["Location"]) == (303, f"{asked}&changed=yes")
    read = page(client, led.headers["Location"])
    assert said(read.one("p", role="status")) == told
    href = read.inside(read.one("p", class_="ways-out"), "a")[0].attributes["href"]
    assert verify(client.get(href, headers=as_a_browser).content, SECRET)


def test_without_a_secret_a_report_is_shown_but_not_given(tmp_path: Path) -> None:
    base = SampleBase()
    base.folder = tmp_path / "nowhere"
    client = TestClient(create_app(base, Settings()), raise_server_exceptions=False)
    read = page(client, "/en/search/report?q=cirages")
    assert not read.all("p", class_="ways-out")
    assert "has no secret to sign the report" in said(read.one("section", class_="sign-off"))
    assert client.get("/api/report?q=cirages").status_code == 503
