"""The application on a knowledge base of its own making: SQLite, an index, many threads."""

import asyncio

import httpx
import pytest

from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
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
