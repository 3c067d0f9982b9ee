"""The texts of a query are encoded together, and a failing encoder fails the search."""

from collections.abc import Callable, Sequence

import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.errors import EncoderError
from kb.knowledge_base import KnowledgeBase
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS


class Watched(WordCountEncoder):
    """Does something before it encodes queries, once this is set, and notes them."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Callable[[], object] = lambda: None
        self.asked: list[list[str]] = []

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        if kind is TextKind.QUERY:
            self.before()
            self.asked.append(list(texts))
        return super().encode(texts, kind)


@pytest.fixture
def encoder() -> Watched:
    return Watched()


@pytest.fixture
def base(encoder: Watched, open_base: OpenBase) -> KnowledgeBase:
    base = open_base(encoder)
    base.put(RECORDS)
    base.search("gants")  # what is computed once of the encoder
    encoder.asked.clear()
    return base


def test_an_error_of_the_encoder_is_the_error_of_the_search(
    base: KnowledgeBase, encoder: Watched
) -> None:
    def fail() -> None:
        raise EncoderError("gone")

    encoder.before = fail
    with pytest.raises(EncoderError, match="gone"):
        base.search("gants de cuir")
    encoder.before = lambda: None
    assert base.search("gants de cuir").hits


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("gants de cuir", ["gants de cuir"]),
        ("bocaux pour du miel", ["bocaux pour du miel", "bocaux"]),
        ("gants +cuir -laine", ["gants cuir", "cuir", "laine"]),
    ],
)
def test_all_texts_of_a_query_are_encoded_together(
    base: KnowledgeBase, encoder: Watched, query: str, texts: list[str]
) -> None:
    base.search(query)
    assert encoder.asked == [texts]
