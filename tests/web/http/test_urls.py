from web.http.i18n import Language
from web.http.urls import Page, address, web_link


def test_ids_and_queries_are_percent_encoded() -> None:
    assert address("actor", "à ?#%/").path(Language.EN) == "/en/actors/%C3%A0%20%3F%23%25%2F"
    assert address(Page.SEARCH, q="a&b=é", limit=25).path(Language.FR) == (
        "/fr/recherche?q=a%26b%3D%C3%A9&limit=25"
    )


def test_empty_values_are_left_out_of_a_query() -> None:
    assert address("search", q="", theme="Bois").path(Language.EN) == "/en/search?theme=Bois"


def test_a_page_links_to_the_web_and_to_nothing_else() -> None:
    for url in ("https://a.example/", "HTTP://A.example", "http://a.example?b"):
        assert web_link(url) == url
    for url in (
        "", "javascript:alert(1)", " javascript:alert(1)", "JavaScript://a.example/%0aalert(1)",
        "data:text/html,<script>", "//a.example/", "a.example", "http://[broken", "https:",
    ):  # fmt: skip
        assert web_link(url) == ""
