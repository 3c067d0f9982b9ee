from xml.etree import ElementTree

from fastapi.testclient import TestClient

from tests.web.page_reader import Page

SITE = "https://quisait.example"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


def xml(client: TestClient, path: str) -> ElementTree.Element:
    response = client.get(path)
    assert response.status_code == 200
    return ElementTree.fromstring(response.text)


def locations(root: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SITEMAP}loc")]


def test_robots_are_told_of_the_sitemap_and_kept_from_searching(client: TestClient) -> None:
    response = client.get("/robots.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text.split("\n") == [
        "User-agent: *",
        "Disallow: /fr/recherche",
        "Disallow: /en/search",
        "Disallow: /fr/flux/recherche.atom",
        "Disallow: /en/feeds/search.atom",
        "Disallow: /api/search",
        "Disallow: /api/explain",
        "Disallow: /api/report",
        "",
        f"Sitemap: {SITE}/sitemap.xml",
    ]


def test_the_sitemap_lists_every_page_in_every_language(client: TestClient) -> None:
    assert locations(xml(client, "/sitemap.xml")) == [f"{SITE}/sitemap-1.xml"]
    listed = locations(xml(client, "/sitemap-1.xml"))
    for path in [
        "/fr/",
        "/en/",
        "/en/about",
        "/fr/themes",
        "/fr/themes?theme=Sant%C3%A9",
        "/fr/acteurs/avel",
        "/en/actors/avel",
        "/en/actors/weavers%20%26%20co%3F%20100%25",
        "/fr/cas/angouleme",
    ]:
        assert f"{SITE}{path}" in listed
    assert len(listed) == len(set(listed))
    assert not [one for one in listed if "/recherche" in one or "/search" in one]


def test_every_page_of_the_sitemap_exists_and_is_its_own_canonical(client: TestClient) -> None:
    for url in locations(xml(client, "/sitemap-1.xml")):
        response = client.get(url.removeprefix(SITE))
        assert response.status_code == 200, url
        canonical = Page(response.text).one("link", rel="canonical").attributes["href"]
        assert canonical == url


def test_browsers_can_add_the_search(client: TestClient) -> None:
    for path, header, template, language in (
        ("/opensearch.xml", "en", f"{SITE}/en/search?q={{searchTerms}}", "en"),
        ("/fr/opensearch.xml", "en", f"{SITE}/fr/recherche?q={{searchTerms}}", "fr"),
    ):
        response = client.get(path, headers={"Accept-Language": header})
        assert response.headers["Content-Type"] == "application/opensearchdescription+xml"
        root = ElementTree.fromstring(response.text)
        url, declared = root.find(f"{OPENSEARCH}Url"), root.find(f"{OPENSEARCH}Language")
        assert url is not None
        assert declared is not None
        assert url.attrib == {"type": "text/html", "method": "get", "template": template}
        assert declared.text == language
