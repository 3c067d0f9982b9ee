import pytest
from fastapi.testclient import TestClient

from kb.settings import Settings
from tests.web.catalogue.test_pages import EVERY_PAGE
from tests.web.page_reader import Page
from tests.web.sample_base import SampleBase
from web.app import create_app

pytestmark = pytest.mark.thorough

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

OTHER_ADDRESSES = [
    "/",
    "/fr",
    "/api/search?q=gel",
    "/api/search",
    "/api/nothing",
    "/api/openapi.json",
    "/static/style.css",
    "/static/nothing.css",
    "/robots.txt",
    "/sitemap.xml",
    "/opensearch.xml",
]


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    for path in [*EVERY_PAGE, *OTHER_ADDRESSES]:
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"] == POLICY, path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "geolocation=()" in headers["Permissions-Policy"]
        assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    ("public_url", "expected"),
    [
        ("https://quisait.example/", "max-age=31536000"),
        # Of a part of a host, whoever has the host says it; without TLS, nobody can.
        ("https://quisait.example/savoir/", ""),
        ("http://quisait.example/", ""),
        ("", ""),
    ],
)
def test_a_site_with_a_host_of_its_own_is_asked_over_tls_alone(
    knowledge_base: SampleBase, public_url: str, expected: str
) -> None:
    app = create_app(knowledge_base, Settings(public_url=public_url))
    with TestClient(app, base_url=public_url.removesuffix("savoir/") or "http://a.example") as one:
        prefix = "/savoir" if public_url.endswith("savoir/") else ""
        for path in ("/fr/", "/api/status", "/static/style.css"):
            answer = one.get(prefix + path)
            assert answer.headers.get("Strict-Transport-Security", "") == expected


def test_the_answer_to_an_unforeseen_failure_carries_them_too(
    client: TestClient, knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError

    monkeypatch.setattr(knowledge_base, "status", broken)
    for path in ("/fr/", "/api/status"):
        response = client.get(path)
        assert response.status_code == 500
        assert response.headers["Content-Security-Policy"] == POLICY


def test_pages_have_nothing_inline_and_load_only_what_is_ours(client: TestClient) -> None:
    for element in [one for path in EVERY_PAGE for one in Page(client.get(path).text).elements]:
        assert element.tag != "style"
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
        if element.tag == "script" and "src" in element.attributes:
            assert element.text == ""
            assert element.attributes.keys() <= {"src", "async", "defer", "type"}
            assert element.attributes["src"].startswith(("/static/", "/embed/v1/"))
            continue
        if element.tag == "script":
            assert element.attributes == {"type": "application/ld+json"}
        if element.tag == "link" and element.attributes["rel"] in {"stylesheet", "icon", "search"}:
            assert element.attributes["href"].startswith(("/static/", "/fr/", "/en/"))
        assert "src" not in element.attributes


def test_the_style_sheet_is_small_and_loads_nothing(client: TestClient) -> None:
    style = client.get("/static/style.css").text
    assert len(style.encode()) < 20_000
    assert "url(" not in style
    assert "@import" not in style
