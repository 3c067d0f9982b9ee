import tracemalloc
from collections.abc import Collection, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.articles.article import Article
from ingest.known_articles import KnownArticles, normal_address
from kb.models import Case
from tests.ingest.memory_knowledge_base import MemoryKnowledgeBase


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://www.Reseau.example/a/", "reseau.example/a"),
        ("http://reseau.example/a?b=2&utm_medium=x&a=1#c", "reseau.example/a?a=1&b=2"),
        ("https://reseau.example:8443/a", "reseau.example:8443/a"),
        ("", ""),
        ("http://[", ""),
    ],
)
def test_addresses_that_differ_in_nothing_that_matters(url: str, normal: str) -> None:
    assert normal_address(url) == normal


class _NoDrafts(MemoryKnowledgeBase):
    """A base without drafts and cases."""

    def cases(self, ids: Collection[str] | None = None) -> Iterator[Case]:
        return iter(())

    @property
    def drafts(self) -> Any:
        return SimpleNamespace(list=lambda _states: [])


def test_articles_that_were_compared_leave_little_behind() -> None:
    known = KnownArticles(_NoDrafts())
    known.refuse(Article("Before", "What is loaded once. " * 10))
    tracemalloc.start()
    try:
        for number in range(10):
            known.refuse(Article(f"Article {number}", f"mot{number} " * 20_000))
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left < 1_000_000
