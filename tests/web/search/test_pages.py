"""The page of results: hits with their evidence, filters, and the honest empty state."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from fastapi.testclient import TestClient

from kb.reference.trades import means_of, trade_of
from kb.search.results import Evidence, EvidenceKind, Fit, MeansMatch, SearchResult
from kb.search.trades.background import LikelyTrade
from kb.settings import Settings
from tests.web.page_reader import Page
from tests.web.sample_base import AVEL, SampleBase
from web.app import create_app
from web.search.evidence_text import inner


def results(client: TestClient, path: str, status: int = 200) -> Page:
    response = client.get(path)
    assert response.status_code == status
    return Page(response.text)


def names(read: Page) -> list[str]:
    return [
        one.text
        for one in read.all("h3")
        if any(outer.attributes.get("class") == "hit" for outer in one.ancestors)
    ]


def test_actors_are_shown_best_first_with_rank_place_and_fit(client: TestClient) -> None:
    read = results(client, "/fr/recherche?q=cirages+pour+sanitiser")
    assert read.text("h1") == "3 pistes sérieuses – cirages pour sanitiser"
    assert names(read) == ["Avel (Saphir)", '<script>alert("name")</script>', "Distillerie Merlet"]
    hits = read.all("li", class_="hit")
    assert [hit.attributes["id"] for hit in hits] == ["actor-1", "actor-2", "actor-3"]
    first = " ".join(hits[0].text.split())
    assert first.startswith("1 Avel (Saphir) Magnac-Lavalette · Charente (16) Convient bien")
    fits = [" ".join(fit.text.split()) for fit in read.all("p", class_="fit fit-strong")]
    # An actor fits, a case resembles. Who only supplied something could fit.
    assert [fits[0], fits[-1]] == ["Convient bien", "Très proche"]
    assert " ".join(hits[2].text.split()).startswith("3 Distillerie Merlet")
    assert "Pourrait convenir" in hits[2].text


def test_what_is_serious_is_counted_and_what_is_unlikely_is_folded(
    client: TestClient, knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = knowledge_base.search

    def searched(*args: Any, **more: Any) -> SearchResult:
        result = made(*args, **more)
        first, *rest = result.hits
        hits = (first, *(replace(hit, fit=Fit.WEAK) for hit in rest))
        return replace(result, hits=hits, serious=1)

    monkeypatch.setattr(knowledge_base, "search", searched)
    read = results(client, "/fr/recherche?q=cirages+pour+sanitiser")
    assert read.text("h1").startswith("1 piste sérieuse, 2 peu probables")
    (folded,) = read.all("details", class_="leads")
    assert read.inside(folded, "summary")[0].text == "2 organisations peu probables"
    assert [one.text for one in read.inside(folded, "h3")] == names(read)[1:]
    assert "open" not in folded.attributes
    # A filter leaves both: without a word, eight of it would be seven leads.
    assert "comptent aussi les organisations peu probables" in read.one("form", role="search").text


def test_where_nothing_fits_the_advice_is_of_this_need(
    client: TestClient, knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, tanning = knowledge_base.search, trade_of("15.11")
    assert tanning
    phrases = [("cirages", "fr"), ("wax polish", "en"), ("nacelle lunaire", "fr")]
    near = tuple(
        Evidence(EvidenceKind.MEANS, "", means=MeansMatch(tanning, phrase, (), lang))
        for phrase, lang in phrases
    )

    def searched(q: str, **more: Any) -> SearchResult:
        result = made(q, **more)
        if q != "fusée":
            return result
        hits = tuple(replace(hit, evidence=near) for hit in result.hits)
        return replace(result, hits=hits, trades=(LikelyTrade(tanning, 0.9),))

    monkeypatch.setattr(knowledge_base, "search", searched)
    read = results(client, "/fr/recherche?q=fus%C3%A9e")
    advice = read.one("div", class_="advice")
    # Only what finds somebody here, and in the language of the page.
    links = {one.text: one.attributes["href"] for one in read.inside(advice, "a")}
    assert links["cirages"] == "/fr/recherche?q=cirages"
    assert not {"wax polish", "nacelle lunaire"} & links.keys()
    assert ", ".join(means_of("15.11", "fr")[:3]) in advice.text
    # Nobody is to be called who very probably cannot help.
    folded = read.all("details", class_="unfolded")
    calls = [one for one in read.all("a") if one.attributes["href"].startswith("tel:")]
    assert all(any(one in call.ancestors for one in folded) for call in calls)


def test_quotation_marks_within_others_are_inner_ones() -> None:
    assert inner("mousse « sans alcool »", "fr") == "mousse “sans alcool”"
    assert inner('foam "alcohol-free" or “dry”', "en") == "foam ‘alcohol-free’ or ‘dry’"


def test_a_hit_is_a_few_lines_and_the_rest_is_folded(client: TestClient) -> None:
    read = results(client, "/en/search?q=cirages+sanitiser")
    for hit in read.all("li", class_="hit"):
        (folded,) = (
            one for one in read.inside(hit, "details") if one.attributes["class"] == "unfolded"
        )
        assert "open" not in folded.attributes
        seen = [one for one in read.inside(hit, "a") if folded not in one.ancestors]
        assert len(seen) <= 2
        assert read.inside(folded, "ul")[0].attributes["class"] == "evidence"
        (ground,) = (
            one
            for one in read.inside(hit, "p")
            if one.attributes.get("class", "").startswith("ground")
        )
        assert len(ground.text) < 300
    first = read.all("p", class_="ground shown")[0]
    assert " ".join(first.text.split()) == "Shown fabrique et conditionne le gel (spring 2020)"
    read = results(client, "/en/search?q=cirages")
    stated = read.all("p", class_="ground stated")[1]
    assert " ".join(stated.text.split()).startswith("Described Avel fabrique des cirages")
    assert [one.text for one in read.inside(stated, "mark")] == ["cirages"]


def test_a_need_to_be_rid_of_something_is_said_to_be_understood(client: TestClient) -> None:
    for query, told in (
        ("que faire de nos cirages ?", "Vous avez quelque chose à céder"),
        ("mutualiser du cirage", "Vous voulez mettre quelque chose en commun"),
        ("cherche du cirage", "Vous "),
    ):
        main = results(client, f"/fr/recherche?{urlencode({'q': query})}").one("main").text
        assert (told in main) == (told != "Vous ")


def test_evidence_says_whether_it_is_shown_or_stated(client: TestClient) -> None:
    read = results(client, "/en/search?q=cirages+sanitiser")
    first = read.all("li", class_="hit")[0]
    shown, stated, trade = read.inside(first, "li")
    assert shown.attributes["class"] == "shown"
    assert " ".join(shown.text.split()) == (
        "Shown in the case Angoulême : du cirage au gel hydroalcoolique spring 2020 "
        "Fournir du gel hydroalcoolique (sanitiser) à l'hôpital "
        "Producer fabrique et conditionne le gel Source: angouleme.example"
    )
    assert trade.attributes["class"] == "coded"
    assert trade.text.split()[:3] == ["Trade", "(code", "20.41Z)"]
    assert "Source" not in trade.text
    assert stated.attributes["class"] == "stated"
    assert AVEL.description in stated.text
    assert [one.text for one in read.inside(stated, "mark")] == ["cirages"]
    assert read.inside(stated, "blockquote")[0].attributes["lang"] == "fr"


def test_cases_are_a_view_of_their_own(client: TestClient) -> None:
    cases = results(client, "/fr/recherche?q=sanitiser").one("section", class_="cases")
    assert " ".join(cases.text.split()) == (
        "Cas semblables, du plus proche au plus lointain Angoulême : du cirage au gel "
        "hydroalcoolique Très proche Fournir du gel hydroalcoolique (sanitiser) à l'hôpital "
        "printemps 2020"
    )


def test_when_nothing_fits_the_page_says_so_and_helps(client: TestClient) -> None:
    read = results(client, "/fr/recherche?q=fus%C3%A9e+lunaire&theme=Cuir+et+chaussure")
    assert read.text("h1") == "Avec ces filtres, rien de certain pour « fusée lunaire »"
    headings = [one.text for one in read.all("h2")]
    assert headings == ["Ce que vous pouvez faire"]
    assert "Voir 2 résultats éloignés" in [one.text for one in read.all("summary")]
    assert sorted(names(read)) == ["Avel (Saphir)", "Kalundborg Weavers"]
    assert all(
        "fit-none" in one.attributes["class"]
        for one in read.all("p")
        if one.text.strip() == "Très peu probable"
    )
    assert read.text("p", class_="silence").startswith(
        "Aucune des organisations retenues par les filtres n’est assez proche de ce besoin"
    )
    advice = read.inside(read.one("div", class_="advice"), "a")
    post, tell, without_filters = (one.attributes["href"] for one in advice)
    assert post.startswith("/fr/besoins-et-offres/publier?q=fus%C3%A9e+lunaire&theme=")
    assert without_filters == "/fr/recherche?q=fus%C3%A9e+lunaire"
    address = urlsplit(tell)
    assert (address.scheme, address.path) == ("mailto", "reseau@quisait.example")
    assert parse_qs(address.query) == {
        "subject": ["Qui sait faire ? fusée lunaire"],
        "body": [
            "https://quisait.example/fr/recherche?q=fus%C3%A9e+lunaire&theme=Cuir+et+chaussure"
        ],
    }


def test_words_in_quotation_marks_that_no_text_says_are_named(client: TestClient) -> None:
    read = results(client, "/fr/recherche?q=sanitiser+%22sans+alcool%22")
    assert read.text("p", class_="silence") == "Aucune fiche ici ne mentionne « sans alcool »."
    assert not names(read)
    assert not read.all("section", class_="cases")
    assert not read.all("section", class_="role-block")
    links = {one.text: one.attributes["href"] for one in read.all("a")}
    assert links["Chercher sans les guillemets"] == "/fr/recherche?q=sanitiser+sans+alcool"


def test_where_to_tell_a_need_comes_from_the_settings() -> None:
    for contact_url, more in (("", 0), ("https://reseau.example/besoin", 1)):
        app = create_app(SampleBase(), Settings(contact_url=contact_url))
        read = results(TestClient(app), "/en/search?q=rocket")
        links = read.inside(read.one("div", class_="advice"), "a")
        hrefs = [one.attributes["href"] for one in links]
        assert hrefs == ["/en/needs-and-offers/post?q=rocket", *[contact_url] * more]


def test_filters_offer_what_is_left_with_counts(client: TestClient) -> None:
    read = results(client, "/fr/recherche?q=sanitiser")
    options = [
        (one.attributes["value"], one.text)
        for one in read.inside(read.one("select", name="department"), "option")
    ]
    assert options == [
        ("", "Tous"),
        ("16", "Charente (16) – 1"),
        ("17", "Charente-Maritime (17) – 1"),
    ]


def test_a_filter_in_use_is_chosen_in_the_form_and_can_be_removed(client: TestClient) -> None:
    read = results(client, "/fr/recherche?q=sanitiser&department=la+Charente&theme=Rien")
    chosen = [one.attributes["value"] for one in read.all("option") if "selected" in one.attributes]
    assert chosen == ["16", "Rien"]
    removals = read.inside(read.one("ul", class_="chosen"), "a")
    assert [(one.attributes["href"], " ".join(one.text.split())) for one in removals] == [
        ("/fr/recherche?q=sanitiser&theme=Rien", "Retirer le filtre Charente (16) ×"),
        ("/fr/recherche?q=sanitiser&department=16", "Retirer le filtre Rien ×"),
    ]


def test_more_actors_are_shown_step_by_step(client: TestClient) -> None:
    many = [replace(AVEL, id=f"avel-{number:03}") for number in range(120)]
    client.app.state.knowledge_base = SampleBase(many, [])  # type: ignore[attr-defined]
    path, shown = "/fr/recherche?q=cirages", []
    while path:
        read = results(client, path)
        shown.append(len(read.all("li", class_="hit")))
        more = read.all("a", class_="button")
        path = more[0].attributes["href"] if more else ""
        if path:
            assert urlsplit(path).fragment == f"actor-{shown[-1] + 1}"
    assert shown == [10, 25, 50, 100]
    assert "Seules les meilleures sont montrées." in read.one("p", class_="more").text


def test_a_refused_query_is_answered_in_place_and_kept(client: TestClient) -> None:
    for query, message in (
        ("   ", "Décrivez votre besoin en quelques mots : un objet, une matière, un geste."),
        ("🙂🙂", "Il n’y a là aucun mot à chercher. Décrivez votre besoin en quelques mots."),
        ("a" * 10_000, "C’est trop long pour être cherché. Une ou deux phrases suffisent."),
    ):
        response = client.get("/fr/recherche", params={"q": query})
        assert response.status_code == 400
        read = Page(response.text)
        refusal, field = read.one("p", role="alert"), read.one("input", name="q")
        assert read.text("p", role="alert") == message
        assert field.attributes["value"] == query
        assert field.attributes["aria-invalid"] == "true"
        assert field.attributes["aria-describedby"] == refusal.attributes["id"]
        assert read.text("h1") == "Cette recherche n’est pas possible"


def test_no_catalogue_is_said_to_have_one_organisation_only(
    knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch, client: TestClient
) -> None:
    made = knowledge_base.search

    def searched(*args: Any, **more: Any) -> SearchResult:
        return replace(made(*args, **more), hits=(), cases=(), total=0, nothing_fits=False)

    monkeypatch.setattr(knowledge_base, "search", searched)
    for path, said in (
        ("/fr/recherche?q=flacons", "Aucune organisation du catalogue n’est assez proche"),
        ("/en/search?q=flacons", "No organisation in the catalogue is close enough"),
    ):
        assert results(client, path).text("p", class_="silence").startswith(said)


def test_a_vague_word_is_not_said_to_have_several_meanings(client: TestClient) -> None:
    read = results(client, "/fr/recherche?q=verre")
    said = next(one.text for one in read.all("p", class_="meant") if "verre trempé" in one.text)
    assert said.startswith("Ce mot seul en dit peu.")
    assert "plusieurs sens" not in said
