"""The application on a knowledge base of its own making: SQLite, an index, many threads."""

import asyncio

import httpx
import pytest

from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from tests.web.page_reader import Page
from tests.web.sample_base import ACTORS, CASES
from web.app import create_app

pytestmark = pytest.mark.thorough


async def ask(base: KnowledgeBase, paths: list[str]) -> list[httpx.Response]:
    transport = httpx.ASGITransport(create_app(base, Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://quisait.test") as client:
        return await asyncio.gather(*(client.get(path) for path in paths))


def test_many_visitors_at_once_get_the_same_answer(base: KnowledgeBase) -> None:
    base.put([*ACTORS, *CASES])
    answers = asyncio.run(ask(base, ["/api/search?q=cirages"] * 200))
    # Who comes while many wait is told to come again.
    refused = [answer for answer in answers if answer.status_code != 200]
    assert all((one.status_code, "Retry-After" in one.headers) == (503, True) for one in refused)
    answered = [answer for answer in answers if answer.status_code == 200]
    found = [[hit["actor"]["id"] for hit in answer.json()["hits"]] for answer in answered]
    assert found[0][0] == "avel"
    assert all(one == found[0] for one in found)


def test_every_page_of_a_base_is_served(base: KnowledgeBase) -> None:
    base.put([*ACTORS, *CASES])
    paths = [
        "/fr/",
        "/en/search?q=cirages",
        "/fr/recherche?q=cirages&department=16&theme=Cuir+et+chaussure",
        "/fr/acteurs/avel",
        "/fr/cas/angouleme",
        "/fr/themes",
        "/fr/themes?theme=Sant%C3%A9",
        "/sitemap-1.xml",
        "/api/actors/avel",
        "/api/cases/angouleme",
        "/api/status",
    ]
    answers = asyncio.run(ask(base, paths))
    assert [(path, answer.status_code) for path, answer in zip(paths, answers, strict=True)] == [
        (path, 200) for path in paths
    ]


def test_an_empty_base_answers_that_nothing_fits(base: KnowledgeBase) -> None:
    page, data, home = asyncio.run(ask(base, ["/en/search?q=gel", "/api/search?q=gel", "/en/"]))
    assert "Nothing here really fits" in page.text
    assert data.json()["hits"] == []
    holdings = Page(home.text).text("p", class_="holdings")
    assert holdings == "0 organisations · 0 departments · 0 cases"


def test_what_cannot_be_searched_is_refused_by_the_real_search_too(base: KnowledgeBase) -> None:
    for query in ("", "%20", "%F0%9F%99%82", "a" * 10_000):
        page, data = asyncio.run(ask(base, [f"/fr/recherche?q={query}", f"/api/search?q={query}"]))
        assert (page.status_code, data.status_code) == (400, 400)
        assert "telle quelle" not in page.text  # the words for a refusal without a reason of ours
