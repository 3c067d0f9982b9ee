from fastapi.testclient import TestClient

from tests.web.page_reader import Page


def test_a_slip_is_answered_as_asked_with_a_link_to_what_was_meant(client: TestClient) -> None:
    page = Page(client.get("/fr/recherche?q=cirrages&theme=Cuir+et+chaussure").text)
    assert page.one("input", name="q").attributes["value"] == "cirrages"
    (link,) = page.inside(page.one("p", class_="meant"), "a")
    assert link.text == "cirages"
    meant = Page(client.get(link.attributes["href"]).text)
    assert meant.one("input", name="q").attributes["value"] == "cirages"
    assert "Cuir+et+chaussure" in link.attributes["href"]
    assert not meant.all("p", class_="meant")


def test_what_was_meant_is_text_and_nothing_but_text(client: TestClient) -> None:
    answer = client.get("/en/search", params={"q": "<b>cirrages</b> %s & co"})
    assert answer.status_code == 200
    assert "<b>cirages" not in answer.text
    (link,) = Page(answer.text).inside(Page(answer.text).one("p", class_="meant"), "a")
    assert link.text == "<b>cirages</b> %s & co"


def test_related_needs_lead_to_searches(client: TestClient) -> None:
    for need, is_found in (("sanitiser en flacons", True), ("un mécanicien de tracteurs", False)):
        page = Page(client.get("/fr/recherche", params={"q": need}).text)
        found = page.all("section", class_="related")
        assert bool(found) == is_found
        if found:
            (link,) = page.inside(found[0], "a")
            assert link.text == "Fournir du gel hydroalcoolique (sanitiser) à l'hôpital"
            assert client.get(link.attributes["href"]).status_code == 200
