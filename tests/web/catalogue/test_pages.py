"""What each page shows, in both languages."""

from dataclasses import replace
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.settings import Settings
from tests.web.page_reader import Page
from tests.web.sample_base import ACTORS, ANGOULEME, AVEL, SampleBase
from tests.web.signed_in import account_client, client_of, send
from web.app import create_app

EVERY_PAGE = [
    "/fr/",
    "/en/",
    "/fr/recherche",
    "/en/search",
    "/fr/recherche?q=gel+sanitiser",
    "/en/search?q=gel+sanitiser",
    "/fr/recherche?q=fus%C3%A9e",
    "/en/search?q=rocket",
    "/fr/recherche?q=",
    "/en/search?q=",
    "/fr/acteurs/avel",
    "/en/actors/avel",
    "/fr/acteurs/hostile",
    "/fr/acteurs/weavers%20%26%20co%3F%20100%25",
    "/fr/cas/angouleme",
    "/en/cases/angouleme",
    "/fr/cas/kalundborg",
    "/fr/themes",
    "/en/themes",
    "/fr/themes?theme=Chimie+et+formulation",
    "/en/themes?theme=Chimie+et+formulation",
    "/fr/a-propos",
    "/en/about",
    "/fr/integrer",
    "/en/embed",
    "/fr/assistants",
    "/en/assistants",
    "/fr/integrer?limit=99&label=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "/fr/rien",
    "/en/nothing",
    "/api/docs",
]


def page(client: TestClient, path: str, status: int = 200) -> Page:
    response = client.get(path)
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return Page(response.text)


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_every_page_is_whole_and_in_its_language(client: TestClient, path: str) -> None:
    response = client.get(path)
    read = Page(response.text)
    language = "en" if path.startswith(("/en/", "/api/")) else "fr"
    assert read.one("html").attributes["lang"] == language
    assert response.headers["Content-Language"] == language
    assert read.text("title").endswith("Qui sait faire ?")
    assert len(read.all("h1")) == 1
    for landmark in ("header", "main", "footer"):
        assert [one for one in read.all(landmark) if len(one.ancestors) == 2]
    assert read.one("a", class_="skip").attributes["href"] == "#content"
    ids = [one.attributes["id"] for one in read.elements if "id" in one.attributes]
    assert sorted(ids) == sorted(set(ids))
    levels = [int(one.tag[1]) for one in read.elements if one.tag in {"h1", "h2", "h3", "h4"}]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_other_language_is_the_same_page(client: TestClient) -> None:
    site = "https://quisait.example"
    for french, english in (
        ("/fr/recherche?q=gel&department=16", "/en/search?q=gel&department=16"),
        ("/fr/acteurs/avel", "/en/actors/avel"),
        ("/fr/themes?theme=Sant%C3%A9", "/en/themes?theme=Sant%C3%A9"),
        ("/fr/integrer?lang=fr&theme=Sant%C3%A9", "/en/embed?lang=fr&theme=Sant%C3%A9"),
    ):
        for path, other, language in [(french, english, "en"), (english, french, "fr")]:
            read = page(client, path)
            assert read.one("a", class_="language").attributes["href"] == other
            assert read.one("link", rel="canonical").attributes["href"] == site + path
            alternate = read.one("link", rel="alternate", hreflang=language)
            assert alternate.attributes["href"] == site + other


def test_home_says_what_the_base_holds(client: TestClient) -> None:
    assert page(client, "/fr/").text("p", class_="holdings") == (
        "4 organisations · 2 départements · 2 cas"
    )
    assert page(client, "/en/").text("p", class_="holdings") == (
        "4 organisations · 2 departments · 2 cases"
    )


def test_an_actor_keeps_stated_and_shown_apart(client: TestClient) -> None:
    read = page(client, "/fr/acteurs/avel")
    stated, shown = read.one("section", class_="stated"), read.one("section", class_="shown")
    assert AVEL.description in stated.text
    assert "Angoulême" not in stated.text
    assert "Angoulême : du cirage au gel hydroalcoolique" in shown.text
    assert "fabrique et conditionne le gel" in shown.text
    assert [one.text for one in read.inside(shown, "strong")] == ["Production"]
    assert [one.attributes["href"] for one in read.inside(shown, "a")] == [
        "/fr/cas/angouleme",
        "https://www.angouleme.example/cas",
    ]
    assert [one.attributes["href"] for one in read.inside(stated, "a")] == [
        "https://www.angouleme.example/avel"
    ]


def test_a_case_names_its_people_its_need_and_who_did_what(client: TestClient) -> None:
    read = page(client, "/fr/cas/angouleme")
    assert read.text("p", class_="kicker") == "Cas · printemps 2020"
    assert read.text("h1") == "Angoulême : du cirage au gel hydroalcoolique"
    assert read.text("ul", class_="byline") == (
        "Par Qui sait faire ? article, 1er juillet 2020 Modéré par Vincent "
        "Modifié le 2 juillet 2020"
    )
    assert "(sanitiser) à l'hôpital" in read.one("section", class_="need").text
    parts = read.inside(read.one("ul", class_="parts"), "li")
    assert [" ".join(part.text.split()) for part in parts] == [
        "Production Avel fabrique et conditionne le gel Activité habituelle : Avel fabrique des "
        "cirages et des crèmes, les mélange et les conditionne.",
        "Fourniture Merlet fournit l'alcool Activité habituelle : La distillerie produit des "
        "alcools et des eaux-de-vie de Cognac.",
        "Autorité Agence régionale de santé valide la formule",
    ]
    linked = read.inside(read.one("ul", class_="parts"), "a")
    assert [one.attributes["href"] for one in linked] == [
        "/fr/acteurs/avel",
        "/fr/acteurs/distillerie-merlet",
    ]


def test_a_case_links_to_its_translations() -> None:
    english = replace(
        ANGOULEME, id="polish", title="From polish", lang="en", translation_of="angouleme"
    )
    base = SampleBase(cases=(ANGOULEME, english))
    with TestClient(create_app(base, Settings())) as client:
        for here, there, path in [
            ("angouleme", english, "/fr/cas/polish"),
            ("polish", ANGOULEME, "/fr/cas/angouleme"),
        ]:
            read = page(client, f"/fr/cas/{here}")
            (link,) = read.inside(read.one("ul", class_="byline"), "a")
            assert link.text == there.title
            assert link.attributes["href"] == path
            assert link.attributes["hreflang"] == there.lang
            assert link.attributes.get("lang", "fr") == there.lang
        # An actor's part is told once, in the language of the page.
        for path, title in [
            ("/fr/acteurs/avel", ANGOULEME.title),
            ("/en/actors/avel", "From polish"),
        ]:
            shown = page(client, path).one("main").text
            assert title in shown
            assert ("From polish" in shown) != (ANGOULEME.title in shown)


def test_the_page_about_says_where_to_write(client: TestClient) -> None:
    def links(client: TestClient) -> list[str]:
        read = page(client, "/en/about")
        return [one.attributes["href"] for one in read.inside(read.one("main"), "a")]

    assert links(client) == ["mailto:reseau@quisait.example", "/api/docs"]
    unwritten = TestClient(create_app(SampleBase(), Settings()))
    assert links(unwritten) == ["/api/docs"]


def test_degrees_are_shown_by_the_map_alone(base: KnowledgeBase) -> None:
    base.put([replace(AVEL, facts={"Effectif": "35", "Latitude": "45,65", "Longitude": "0,15"})])
    details = Page(client_of(base).get("/fr/acteurs/avel").text).one("aside").text
    assert "Effectif" in details
    assert "Latitude" not in details


def test_a_theme_lists_its_actors_and_cases(client: TestClient) -> None:
    english = page(client, "/en/themes?theme=Chimie+et+formulation")
    assert english.text("h1") == "Chemicals and formulation"
    assert "lang" not in english.one("h1").attributes
    read = page(client, "/fr/themes?theme=Chimie+et+formulation")
    links = [one.attributes["href"] for one in read.inside(read.one("main"), "a")]
    shown = [link for link in links if "theme=" not in link]
    assert shown == ["/fr/themes", "/fr/acteurs/avel", "/fr/cas/angouleme"]


def test_errors_are_pages_in_the_language_of_the_address(client: TestClient) -> None:
    for path, status, title in (
        ("/fr/acteurs/nobody", 404, "Page introuvable"),
        ("/en/themes?theme=None+such", 404, "Page not found"),
        ("/fr/themes?theme=Sant%C3%A9&part=two", 400, "Cette demande n’est pas valable"),
        ("/en/search?q=gel&limit=1000", 400, "This request is not valid"),
    ):
        read = page(client, path, status)
        assert read.text("h1") == title
        assert read.one("meta", name="robots").attributes["content"] == "noindex"
        assert read.one("form", role="search")


def test_an_address_without_a_language_is_refused_in_the_visitors(client: TestClient) -> None:
    response = client.get("/nowhere", headers={"Accept-Language": "en-GB"})
    assert response.status_code == 404
    assert "Accept-Language" in response.headers["Vary"]
    assert Page(response.text).text("h1") == "Page not found"


def test_home_shows_three_stories_the_chosen_first_and_each_once(base: KnowledgeBase) -> None:
    english = replace(ANGOULEME, id="polish", title="Polish", lang="en", translation_of="angouleme")
    others = [
        replace(ANGOULEME, id=f"c{day}", title=f"Cas {day}", date=f"2021-01-0{day}")
        for day in range(1, 5)
    ]
    base.put([ANGOULEME, english, *others])

    def titles(path: str) -> list[str]:
        read = page(client_of(base), path)
        return [one.text for one in read.all("h3")]

    assert titles("/fr/") == ["Cas 4", "Cas 3", "Cas 2"]
    moderator = account_client(base, AccountRole.MODERATOR)
    asked = {"do": "choose", "item": ""}
    answer = send(moderator, "/en/edit/cases/angouleme?item=need", asked)
    assert answer.headers["Location"] == "/en/cases/angouleme?done=on_front_page"
    assert titles("/fr/") == [ANGOULEME.title, "Cas 4", "Cas 3"]
    assert titles("/en/") == ["Polish", "Cas 4", "Cas 3"]
    story = page(client_of(base), "/fr/").all("p", class_="story-doers")[0].text
    assert "Avel, Merlet" in story
    assert moderator.get("/en/cases/polish").text.count("Remove from the home page") == 1
    send(moderator, "/en/edit/cases/angouleme?item=need", {"do": "leave_out"})
    assert titles("/fr/") == ["Cas 4", "Cas 3", "Cas 2"]


def examples_of(base: SampleBase, path: str) -> list[str]:
    read = page(client_of(base), path)
    return [one.text for one in read.inside(read.one("div", class_="examples"), "a")]


def test_the_examples_of_the_home_page_are_of_this_base() -> None:
    long = replace(ANGOULEME, id="long", need="un besoin " * 30)
    english = replace(ANGOULEME, id="en", lang="en", need="Polish for boots.", translation_of="x")
    base = SampleBase(ACTORS, (ANGOULEME, long, english))
    assert examples_of(base, "/fr/")[0] == ANGOULEME.need
    assert examples_of(base, "/en/")[0] == "Polish for boots"
    assert not any("un besoin" in example for example in examples_of(base, "/fr/"))
    # A base of firms alone has only what they say of themselves.
    firm = replace(ACTORS[0], description="Nous réparons des horloges comtoises. Depuis 1900.")
    assert examples_of(SampleBase([firm], ()), "/fr/") == ["Nous réparons des horloges comtoises"]
    mute = SampleBase([replace(firm, description="")], ())
    assert not page(client_of(mute), "/fr/").all("div", class_="examples")
