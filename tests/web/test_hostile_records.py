"""Nothing that a record or a visitor says becomes part of a page's structure."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kb.settings import Settings
from tests.web.page_reader import Page
from tests.web.sample_base import HOSTILE, SampleBase
from web.app import create_app

pytestmark = pytest.mark.thorough

ATTACK = '"><script>alert("query")</script><img src=x onerror=alert(1)>'
PAGES = [
    "/fr/acteurs/hostile",
    "/fr/cas/angouleme",
    "/fr/cas/kalundborg",
    "/fr/recherche?q=cirages+gras",
    "/fr/themes",
    f"/fr/themes?theme={HOSTILE.themes[0]}",
    "/fr/recherche",
]


def assert_harmless(read: Page) -> None:
    for element in read.elements:
        assert element.tag not in {"img", "iframe", "object", "embed", "b", "i", "style"}
        assert not [name for name in element.attributes if name.startswith("on")]
        assert "style" not in element.attributes
        for name in ("href", "src", "action"):
            assert not element.attributes.get(name, "").lower().startswith("javascript:")
        if element.tag == "script" and element.attributes != {"type": "application/ld+json"}:
            assert element.attributes["src"].startswith("/static/")


@pytest.mark.parametrize("path", PAGES)
def test_hostile_records_stay_text(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert_harmless(Page(response.text))


@pytest.mark.parametrize("name", ["q", "theme"])
def test_a_hostile_query_stays_text(client: TestClient, name: str) -> None:
    response = client.get("/fr/recherche", params={"q": "cirages", name: ATTACK})
    assert response.status_code == 200
    read = Page(response.text)
    assert_harmless(read)
    assert ATTACK in [one.attributes.get("value") for one in read.elements]


@pytest.fixture(scope="module")
def long_lived_client() -> Iterator[TestClient]:
    with TestClient(create_app(SampleBase(), Settings())) as client:
        yield client


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_query_is_answered_or_refused_and_kept(
    long_lived_client: TestClient, query: str
) -> None:
    response = long_lived_client.get("/en/search", params={"q": query})
    assert response.status_code in {200, 400}
    assert_harmless(Page(response.text))
