"""How to put the search on a site: what can be chosen, what the code says, and what is refused."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha384
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from kb.settings import Settings
from tests.web.embed.test_frame import CHARENTE, OFF, ROOT, SITE
from tests.web.page_reader import Page
from tests.web.sample_base import ACTORS, CASES, SampleBase
from web.app import create_app
from web.embed.configurator import COLOURS, LEAST_CONTRASTS
from web.http.colours import contrast

HOSTILE = '"><script>alert("&amp;1")</script>'


@pytest.fixture
def knowledge_base() -> SampleBase:
    return SampleBase(ACTORS, CASES, (SITE, CHARENTE, OFF))


@pytest.fixture
def client(knowledge_base: SampleBase) -> Iterator[TestClient]:
    app = create_app(knowledge_base, Settings(public_url=ROOT))
    with TestClient(app, follow_redirects=False) as client:
        yield client


def configure(
    client: TestClient, status: int = 200, /, path: str = "/en/embed", **query: str
) -> Page:
    response = client.get(path, params=query)
    assert response.status_code == status, response.text
    return Page(response.text)


def code(page: Page, name: str) -> Page:
    """A piece of code as a browser would see it once it is pasted."""
    return Page(page.one("code", id=name).text)


def test_the_element_says_what_differs_and_no_more(client: TestClient) -> None:
    written = configure(client).one("code", id="element").text
    script, _, rest = written.partition("</script>\n")
    assert script.startswith(f'<script src="{ROOT}/embed/v1/quisait.')
    assert rest == (
        '<quisait-search lang="en">\n'
        f'  <a href="{ROOT}/en/search">Search the catalogue “Qui sait faire ?”</a>\n'
        "</quisait-search>"
    )


def test_no_html_has_css_in_it_which_strict_policies_refuse(client: TestClient) -> None:
    read = configure(client, colours="own", radius="6", scheme="dark")
    for name in ("element", "frame", "frame-script", "form"):
        pasted = code(read, name)
        assert not pasted.all("style")
        assert all("style" not in one.attributes for one in pasted.elements)
    assert read.one("code", id="frame-style").text == (
        "iframe[data-quisait] {\n  display: block;\n  border: 0;\n}"
    )
    assert configure(client).one("code", id="element-style").text == (
        "quisait-search {\n  display: block;\n  min-height: max(5rem, 80px);\n}"
    )


def test_the_element_says_all_that_is_chosen(client: TestClient) -> None:
    read = configure(
        client, lang="fr", site=SITE.key, department="16", theme="Cuir et chaussure", limit="8",
        open="dialog", shortcut="k", target="_blank", label="Un besoin", placeholder="du cuir",
    )  # fmt: skip
    pasted = code(read, "element")
    assert pasted.one("quisait-search").attributes == {
        "lang": "fr",
        "site": SITE.key,
        "department": "16",
        "theme": "Cuir et chaussure",
        "limit": "8",
        "open": "dialog",
        "shortcut": "k",
        "target": "_blank",
        "label": "Un besoin",
        "placeholder": "du cuir",
    }
    assert pasted.one("a").attributes["href"] == (
        f"{ROOT}/fr/recherche?department=16&theme=Cuir+et+chaussure"
    )
    assert pasted.one("a").text == "Chercher dans le catalogue «\xa0Qui sait faire\xa0?\xa0»"
    assert "min-height: max(3rem, 48px);" in read.one("code", id="element-style").text


def test_what_is_pinned_is_what_is_served(client: TestClient) -> None:
    script = code(configure(client), "element").one("script").attributes
    assert script["crossorigin"] == "anonymous"
    served = client.get(script["src"].removeprefix(ROOT))
    assert served.headers["Access-Control-Allow-Origin"] == "*"
    assert served.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    digest = b64encode(sha384(served.content).digest()).decode()
    assert script["integrity"] == f"sha384-{digest}"


def test_the_look_is_in_its_own_rule(client: TestClient) -> None:
    def look(**query: str) -> list[str]:
        lines = configure(client, **query).one("code", id="element-style").text.splitlines()
        return [line.strip() for line in lines[3:-1]]

    assert look(accent="#123456", ink="#654321") == []
    assert look(colours="own", accent="#123456", radius="6", scheme="dark") == [
        "--quisait-accent: #123456;",
        "--quisait-paper: #fffcf4;",
        "--quisait-ink: #241e18;",
        "--quisait-radius: 6px;",
        "color-scheme: dark;",
    ]
    assert look(scheme="device") == ["color-scheme: light dark;"]
    assert look(scheme="light", radius="0") == ["color-scheme: light;"]


def test_the_frame_leads_to_the_frame(client: TestClient) -> None:
    read = configure(client, lang="fr", site=CHARENTE.key, theme="Santé", limit="3", shortcut="k")
    frame = code(read, "frame").one("iframe").attributes
    assert (frame["width"], frame["height"]) == ("100%", "480")
    assert frame["title"] == "Qui sait faire\N{NARROW NO-BREAK SPACE}? – recherche"
    address = urlsplit(frame["src"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{ROOT}/embed/search"
    assert parse_qs(address.query) == {
        "lang": ["fr"],
        "site": [CHARENTE.key],
        "theme": ["Santé"],
        "limit": ["3"],
    }
    assert client.get(f"{address.path}?{address.query}").status_code == 200
    assert "data-quisait" in frame
    script = code(read, "frame-script").one("script").attributes
    assert script == {"src": f"{ROOT}/embed/v1/frame.js", "async": ""}


def test_the_form_leads_to_the_results(client: TestClient) -> None:
    read = configure(client, lang="fr", site=CHARENTE.key, target="_blank", label="Un besoin")
    pasted = code(read, "form")
    assert pasted.one("form").attributes == {
        "action": f"{ROOT}/fr/recherche",
        "role": "search",
        "lang": "fr",
        "target": "_blank",
    }
    field = pasted.one("input", type="search").attributes
    assert pasted.one("label", for_=field["id"]).text == "Un besoin"
    assert field["placeholder"] == "un objet, une matière, un geste"
    hidden = pasted.all("input", type="hidden")
    assert {one.attributes["name"]: one.attributes["value"] for one in hidden} == {
        "department": "16",
        "theme": "Chimie et formulation",
    }


def test_hostile_texts_stay_texts(client: TestClient) -> None:
    for name in ("label", "placeholder"):
        read = configure(client, **{name: HOSTILE})
        assert len(read.all("script")) == 3  # those of this page, and that of lists
        assert read.one("input", name=name).attributes["value"] == HOSTILE
        assert read.one("quisait-search").attributes[name] == HOSTILE
        pasted = code(read, "element")
        assert len(pasted.all("script")) == 1
        assert pasted.one("quisait-search").attributes[name] == HOSTILE
        form = code(read, "form")
        assert not form.all("script")
        given = form.one("label").text if name == "label" else form.one("input").attributes[name]
        assert given == HOSTILE


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("site", "qss_nobody", "This site is not registered here"),
        ("site", OFF.key, "The search is switched off for this site."),
        ("department", "99", "There is no such department in France."),
        ("theme", "Aviation", "This theme is not in the catalogue."),
        ("limit", "21", "The number of results is a whole number from 1 to 20."),
        ("radius", "33", "The corner radius is a whole number of pixels"),
        ("shortcut", "/", "The shortcut is one letter, such as k or j."),
        ("accent", "red", "A colour is written as # and six"),
        ("ink", "#000;}</style><script>", "A colour is written as # and six"),
        ("label", "a" * 121, "A text has at most 120 characters."),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_is_lost(
    client: TestClient, name: str, value: str, message: str
) -> None:
    given = {"label": "Un besoin", "colours": "own", name: value}
    read = configure(client, 400, **given)
    assert read.one("p", role="alert").text.startswith(message)
    assert "hidden" not in read.one("p", role="alert").attributes
    field = next(one for one in read.elements if one.attributes.get("name") == name)
    assert field.attributes["aria-invalid"] == "true"
    told = read.one("p", id=f"s-{name}-error")
    assert told.attributes["id"] in field.attributes["aria-describedby"].split()
    assert told.text.startswith(message)
    if field.tag == "select":
        (chosen,) = [one for one in read.inside(field, "option") if "selected" in one.attributes]
        assert chosen.attributes["value"] == value
    elif name in COLOURS:  # a browser can show no other
        assert field.attributes["value"] == COLOURS[name]
    else:
        assert field.attributes["value"] == value
    if name != "label":
        assert read.one("input", name="label").attributes["value"] == "Un besoin"
    assert "hidden" in read.one("div", id="made").attributes
    assert f'"{value}"' not in read.one("code", id="element").text


def test_colours_that_are_hard_to_read_are_told(client: TestClient) -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert contrast("#808080", "#808080") == 1
    assert contrast(COLOURS["ink"], COLOURS["paper"]) > LEAST_CONTRASTS["ink"]
    assert contrast(COLOURS["accent"], COLOURS["paper"]) > LEAST_CONTRASTS["accent"]

    def warned(**query: str) -> list[str]:
        read = configure(client, **query)
        return [
            one.attributes["id"]
            for one in read.all("p", class_="warning")
            if "hidden" not in one.attributes
        ]

    assert warned(site=SITE.key) == []
    assert warned(site=SITE.key, ink="#ffffff") == []
    assert warned(site=SITE.key, ink="#cccccc", colours="own") == ["ink-contrast"]
    assert warned(site=SITE.key, accent="#eeeeee", colours="own") == ["accent-contrast"]
    read = configure(client, path="/fr/integrer", ink="#999999", paper="#ffffff", colours="own")
    assert "contraste est de 2,8" in read.one("p", id="ink-contrast").text
