from fastapi.testclient import TestClient

from tests.web.page_reader import Page


def style_addresses(client: TestClient) -> list[str]:
    sheets = Page(client.get("/fr/").text).all("link", rel="stylesheet")
    return [sheet.attributes["href"] for sheet in sheets]


def test_an_address_with_the_hash_of_the_content_is_kept_for_ever(client: TestClient) -> None:
    addresses = style_addresses(client)
    # The palette first: what is printed has colours of its own.
    assert [one.partition("?")[0] for one in addresses] == [
        "/static/fonts/fonts.css",
        "/static/palette.css",
        "/static/style.css",
        "/static/dossiers/picks.css",
        "/static/home.css",
        "/static/typing/suggestions.css",
    ]
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/css; charset=utf-8"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_any_other_address_of_the_file_is_asked_for_again(client: TestClient) -> None:
    for path in ("/static/style.css", "/static/style.css?v=0123456789ab"):
        assert client.get(path).headers["Cache-Control"] == "no-cache"


def test_a_file_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    etag = client.get("/static/style.css").headers["ETag"]
    assert client.get("/static/style.css", headers={"If-None-Match": etag}).status_code == 304


def test_the_icon_is_drawn_in_svg(client: TestClient) -> None:
    icon = Page(client.get("/fr/").text).one("link", rel="icon").attributes["href"]
    assert client.get(icon).headers["Content-Type"] == "image/svg+xml"


def test_nothing_outside_of_the_folder_is_served(client: TestClient) -> None:
    assert client.get("/static/%2e%2e/security.py").status_code == 404
    assert client.get("/static/").status_code == 404


def test_large_answers_are_compressed(client: TestClient) -> None:
    response = client.get("/fr/a-propos", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]
