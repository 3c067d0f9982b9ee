from fastapi.testclient import TestClient

from kb.models import Kind
from kb.settings import Settings
from tests.web.page_reader import Page
from tests.web.sample_base import AVEL, DISTILLERY, SampleBase
from web.app import create_app


def suggested(client: TestClient, q: str, **more: str) -> list[tuple[str, str, str]]:
    answer = client.get("/api/suggestions", params={"q": q, **more})
    assert answer.status_code == 200
    return [(one["kind"], one["text"], one["url"]) for one in answer.json()["suggestions"]]


def test_each_kind_leads_to_its_page(client: TestClient) -> None:
    root = "https://quisait.example"
    assert suggested(client, "merl") == [
        ("actor", DISTILLERY.name, f"{root}/fr/acteurs/distillerie-merlet")
    ]
    assert suggested(client, "gel", lang="en") == [
        (
            "need",
            "Fournir du gel hydroalcoolique (sanitiser) à l'hôpital",
            f"{root}/en/search?q=Fournir+du+gel+hydroalcoolique+%28sanitiser%29"
            "+%C3%A0+l%27h%C3%B4pital",
        )
    ]
    assert suggested(client, "cuir") == [
        ("theme", "Cuir et chaussure", f"{root}/fr/themes?theme=Cuir+et+chaussure")
    ]
    assert suggested(client, "magnac") == [
        ("place", "Magnac-Lavalette", f"{root}/fr/recherche?q=Magnac-Lavalette")
    ]
    for _, _, url in suggested(client, "merl") + suggested(client, "cuir"):
        assert client.get(url).status_code == 200


def test_they_follow_the_catalogue(client: TestClient, knowledge_base: SampleBase) -> None:
    assert suggested(client, "saphir")
    knowledge_base.withdraw(Kind.ACTOR, AVEL.id, by="a moderator")
    assert suggested(client, "saphir") == []


def test_they_are_bounded(client: TestClient, knowledge_base: SampleBase) -> None:
    assert client.get("/api/suggestions?q=" + "a" * 201).status_code == 422
    assert client.get("/api/suggestions?q=gel&limit=9").status_code == 422
    app = create_app(knowledge_base, Settings(searches_a_minute=3))
    client = TestClient(app, client=("203.0.113.7", 5000))
    statuses = [client.get("/api/suggestions?q=gel").status_code for _ in range(4)]
    assert statuses[-1] == 429


def test_the_search_field_asks_for_them(client: TestClient) -> None:
    for path in ("/fr/", "/en/search", "/fr/nowhere"):
        page = Page(client.get(path).text)
        field = page.one("input", name="q")
        assert field.attributes["data-suggestions"] == "/api/suggestions"
    for module in ("suggestions.js", "asker.js", "state.js"):
        script = client.get(f"/static/typing/{module}")
        assert script.status_code == 200
        assert "javascript" in script.headers["content-type"]
