import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.errors import QueryError
from kb.in_flight import SearchesInFlight
from kb.knowledge_base import KnowledgeBase
from kb.search.results import Filters, SearchResult

MOST_S = 60


class Held:
    """A search that is under way until it is let go."""

    def __init__(self, outcome: Callable[[], SearchResult]) -> None:
        self.count = 0
        self.begun, self.may_end = threading.Event(), threading.Event()
        self._outcome = outcome

    def search(self) -> SearchResult:
        self.count += 1
        self.begun.set()
        assert self.may_end.wait(MOST_S)
        return self._outcome()


def test_an_error_is_of_all_who_ask_and_the_next_search_anew() -> None:
    def refuse() -> SearchResult:
        raise QueryError("empty", "q")

    in_flight, held = SearchesInFlight(), Held(refuse)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(in_flight.once, "a", held.search)
        assert held.begun.wait(MOST_S)
        second = pool.submit(in_flight.once, "a", held.search)
        held.may_end.set()
        for asked in (first, second):
            with pytest.raises(QueryError):
                asked.result(MOST_S)
    before = held.count
    with pytest.raises(QueryError):
        in_flight.once("a", held.search)
    assert held.count == before + 1


def test_the_same_search_at_the_same_moment_is_made_once(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end, encoded = threading.Semaphore(0), threading.Event(), list[str]()
    encode = type(base.encoder).encode

    def slowly(encoder: object, texts: Sequence[str], kind: TextKind) -> Embeddings:
        if texts[0] == "cirages":
            encoded.extend(texts)
            begun.release()
            assert may_end.wait(MOST_S)
        return encode(encoder, texts, kind)  # type: ignore[arg-type]

    base.search("bonjour")
    monkeypatch.setattr(type(base.encoder), "encode", slowly)
    told: list[SearchResult] = []
    base.on_search = told.append
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(base.search, "cirages")
        assert begun.acquire(timeout=MOST_S)
        second = pool.submit(base.search, "cirages")
        other = pool.submit(base.search, "cirages", filters=Filters(department="33"))
        assert begun.acquire(timeout=MOST_S)  # the other search is another, and is made
        assert not second.done()
        may_end.set()
        assert first.result(MOST_S) is second.result(MOST_S)
        assert other.result(MOST_S) is not first.result(MOST_S)
    assert len(told) == 3
    assert encoded == ["cirages"] * 2
