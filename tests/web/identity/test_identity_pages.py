"""What visitors see of the operator: name, colour, logo, legal texts; and how it is changed."""

from io import BytesIO
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from pydantic import SecretStr

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.registers.identity import Identity
from kb.registers.personal_data.traits import Retention
from tests.web.page_reader import Page
from tests.web.signed_in import SETTINGS, account_client, client_of, csrf_token
from web.http.colours import contrast
from web.identity import DARK_PAPERS, LEAST_CONTRAST, LIGHT_PAPERS, accent_of


@pytest.fixture
def client(base: KnowledgeBase) -> TestClient:
    return account_client(base, AccountRole.ADMINISTRATOR)


def picture(form: str = "PNG") -> bytes:
    stream = BytesIO()
    Image.new("RGB", (300, 100), "teal").save(stream, form)
    return stream.getvalue()


def save(client: TestClient, changed: dict[str, str], **sent: Any) -> Any:
    """Sends the form of the settings as it is shown, but for what is `changed`."""
    read = Page(client.get("/en/settings").text)
    fields = {
        one.attributes["name"]: one.attributes.get("value", "")
        for one in read.all("input")
        if one.attributes.get("type") not in {"file", "checkbox"}
    }
    texts = {one.attributes["name"]: one.text.strip() for one in read.all("textarea")}
    return client.post("/en/settings", data={**fields, **texts, "do": "save", **changed}, **sent)


def test_the_name_and_the_welcome_stand_on_every_page(
    client: TestClient, base: KnowledgeBase
) -> None:
    changed = {
        "name": "Réseau <b>",
        "tagline_fr": "Bienvenue & bonjour",
        "contact": "eit@reseau.example",
    }
    assert save(client, changed).status_code == 303
    visitor = client_of(base)
    home = Page(visitor.get("/fr/").text)
    assert home.text("title").endswith("– Réseau <b>")
    assert home.one("h1").text == "Réseau <b>"
    assert home.all("p", class_="lead")[0].text == "Bienvenue & bonjour"
    assert "Bienvenue" not in visitor.get("/en/").text
    assert [link.text for link in home.all("a", href="mailto:eit@reseau.example")] == ["Contact"]
    assert "<ShortName>Réseau &lt;b&gt;</ShortName>" in visitor.get("/fr/opensearch.xml").text


def test_any_colour_becomes_readable_in_light_and_dark() -> None:
    for chosen in ("#ffd400", "#ffffff", "#000000", "#9c2f1b", "#777777"):
        accent = accent_of(chosen)
        assert all(contrast(accent.light, paper) >= LEAST_CONTRAST for paper in LIGHT_PAPERS)
        assert all(contrast(accent.dark, paper) >= LEAST_CONTRAST for paper in DARK_PAPERS)


def test_a_pale_colour_is_adjusted_and_that_is_said(
    client: TestClient, base: KnowledgeBase
) -> None:
    answer = save(client, {"accent": "#FFD400"})
    used = accent_of("#ffd400").light
    said = Page(client.get(answer.headers["Location"]).text).one("p", role="status").text
    assert "#ffd400" in said
    assert used in said
    visitor = client_of(base)
    (style,) = (
        link.attributes["href"]
        for link in Page(visitor.get("/en/").text).all("link", rel="stylesheet")
        if link.attributes["href"].startswith("/identity.css")
    )
    colours = visitor.get(style)
    assert f"--quisait-accent:{used}" in colours.text
    assert "immutable" in colours.headers["Cache-Control"]
    # Of an earlier page, which may be shown again with the colour of another time.
    assert visitor.get("/identity.css?v=9").headers["Cache-Control"] == "no-cache"


def test_a_logo_is_shown_and_can_be_removed(client: TestClient, base: KnowledgeBase) -> None:
    sent = {"logo_file": ("logo.jpg", picture("JPEG"), "image/jpeg")}
    assert save(client, {"logo_alt": "Réseau"}, files=sent).status_code == 303
    visitor = client_of(base)
    shown = Page(visitor.get("/fr/").text).one("img", class_="logo").attributes
    assert (shown["alt"], shown["width"], shown["height"]) == ("Réseau", "300", "100")
    content = client.get(shown["src"])
    assert content.headers["Content-Type"] == "image/png"
    assert content.headers["X-Content-Type-Options"] == "nosniff"
    assert content.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert save(client, {"without_logo": "1"}).status_code == 303
    assert not Page(visitor.get("/fr/").text).all("img", class_="logo")


def test_what_is_refused_is_said_at_its_field_and_nothing_is_lost(
    client: TestClient, base: KnowledgeBase
) -> None:
    sent = {"logo_file": ("logo.png", picture(), "image/png")}
    answer = save(client, {"name": "Réseau", "accent": "blue"}, files=sent)
    assert answer.status_code == 422
    read = Page(answer.text)
    assert read.one("input", name="accent").attributes["aria-invalid"] == "true"
    assert read.one("input", name="name").attributes["value"] == "Réseau"
    assert read.one("input", name="logo").attributes["value"].endswith("300x100.png")
    assert base.identity.current().revision == 0
    wrong = {"logo_file": ("logo.svg", b"<svg/>", "image/svg+xml")}
    answer = save(client, {}, files=wrong)
    assert answer.status_code == 422
    assert "JPEG, PNG or WebP" in Page(answer.text).one("p", role="alert").text


def test_of_two_who_save_the_second_is_asked(client: TestClient, base: KnowledgeBase) -> None:
    token = csrf_token(client, "/en/settings")
    base.identity.save(Identity(name="Hers"), by="Léa", revision=0)
    sent = {"csrf": token, "do": "save", "revision": "0", "name": "Mine"}
    answer = client.post("/en/settings", data=sent)
    assert answer.status_code == 409
    assert Page(answer.text).one("input", name="name").attributes["value"] == "Mine"
    assert base.identity.current().identity.name == "Hers"
    earlier = Page(client.get("/en/settings?revision=1").text)
    assert earlier.one("input", name="name").attributes["value"] == "Hers"


def test_the_privacy_page_says_what_this_site_does_and_how_long_it_keeps(
    base: KnowledgeBase,
) -> None:
    plain = Page(client_of(base).get("/en/privacy").text)
    days = [row.text.split() for row in plain.all("td")]
    retention = Retention.of(SETTINGS)
    assert [" ".join(cell) for cell in days[5::2]] == [
        f"{number} day{'s' if number > 1 else ''}" for number in retention.days.values()
    ]
    assert all(" ".join(cell) for cell in days)
    assert "It sends no e-mails." in plain.one("main").text
    assert "No language model is asked" in plain.one("main").text
    settings = SETTINGS.model_copy(
        update={
            "keep_jobs_days": 12,
            "map_tiles": "https://tiles.example/{z}/{x}/{y}.png",
            "smtp_url": SecretStr("smtp://127.0.0.1:2525"),
            "mail_from": "site@kb.example",
        }
    )
    told = Page(client_of(base, settings).get("/en/privacy").text)
    assert "12 days" in [cell.text for cell in told.all("td")]
    assert "loads the background of maps from tiles.example" in told.one("main").text
    assert "It sends e-mails that somebody asked for" in told.one("main").text
