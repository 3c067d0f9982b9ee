from collections.abc import Sequence

import numpy as np
import pytest

from kb.encoder import query_cache
from kb.encoder.encoder import Embeddings, TextKind
from kb.encoder.query_cache import QueryCache
from tests.encoders import WordCountEncoder


class Counting(WordCountEncoder):
    """Remembers each call; what is encoded together differs in its last digits."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, ...]] = []

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        self.calls.append(tuple(texts))
        return super().encode(texts, kind) + np.float32(1e-6 * len(texts))


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def cache(counting: Counting) -> QueryCache:
    return QueryCache(counting)


def test_it_is_the_encoder_that_it_is_around(counting: Counting, cache: QueryCache) -> None:
    assert (cache.name, cache.engine) == (counting.name, counting.engine)
    assert (cache.fingerprint, cache.dimension) == (counting.fingerprint, counting.dimension)
    ours = cache.encode_words("du gel", TextKind.QUERY)
    theirs = counting.encode_words("du gel", TextKind.QUERY)
    assert (ours and ours.spans) == (theirs and theirs.spans)


def test_a_query_is_encoded_once_and_what_becomes_of_it_changes_nothing(
    counting: Counting, cache: QueryCache
) -> None:
    first = cache.encode(["du gel"], TextKind.QUERY)
    expected = first.copy()
    first[:] = 0
    assert np.array_equal(cache.encode(["du gel"], TextKind.QUERY), expected)
    assert counting.calls == [("du gel",)]


def test_what_was_begun_is_encoded_once_and_remembered(
    counting: Counting, cache: QueryCache
) -> None:
    expected = cache.begin(["du gel"], TextKind.QUERY)()
    assert counting.calls == [("du gel",)]
    again = cache.begin(["du gel"], TextKind.QUERY)()
    again[:] = 0
    assert np.array_equal(cache.encode(["du gel"], TextKind.QUERY), expected)
    assert counting.calls == [("du gel",)]


def test_what_was_encoded_together_is_remembered_together(
    counting: Counting, cache: QueryCache
) -> None:
    for texts in (["du gel", "gants"], ["du gel"], ["gants", "du gel"], ["du gel", "gants"]):
        expected = counting.encode(texts, TextKind.QUERY)
        assert np.array_equal(cache.encode(texts, TextKind.QUERY), expected)
    assert len(counting.calls) == 4 + 3


def test_documents_and_many_texts_are_not_remembered(counting: Counting, cache: QueryCache) -> None:
    many = [f"texte {number}" for number in range(query_cache.MOST_TEXTS + 1)]
    for _ in range(2):
        cache.encode(["du gel"], TextKind.DOCUMENT)
        cache.encode(many, TextKind.QUERY)
    assert counting.calls == [("du gel",), tuple(many)] * 2


def test_the_query_that_was_asked_longest_ago_is_forgotten(
    counting: Counting, cache: QueryCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_cache, "REMEMBERED", 2)
    for query in ("un", "deux", "un", "trois", "un", "deux"):
        cache.encode([query], TextKind.QUERY)
    assert counting.calls == [("un",), ("deux",), ("trois",), ("deux",)]
