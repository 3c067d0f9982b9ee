import tracemalloc
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.articles.article import Article
from ingest.known_articles import KnownArticles, normal_address


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


def test_articles_that_were_compared_leave_little_behind() -> None:
    base: Any = SimpleNamespace(cases=tuple, drafts=SimpleNamespace(list=lambda _states: []))
    known = KnownArticles(base)
    known.refuse(Article("Before", "What is loaded once. " * 10))
    tracemalloc.start()
    try:
        for number in range(10):
            known.refuse(Article(f"Article {number}", f"mot{number} " * 20_000))
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left < 1_000_000
