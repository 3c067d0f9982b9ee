"""Searches in flight: what several people ask for at the same moment is computed once."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future

from kb.search.results import SearchResult


class SearchesInFlight:
    """Gives those who ask for the same the same result, which never changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[Hashable, Future[SearchResult]] = {}

    def once(self, key: Hashable, search: Callable[[], SearchResult]) -> SearchResult:
        """Searches, or waits for the thread that does so for the same key, and its errors.

        The key holds all that the result depends on, the generation of the base among them.
        """
        with self._lock:
            found = self._under_way.get(key)
            if found is None:
                ours = self._under_way[key] = Future[SearchResult]()
        if found is not None:
            return found.result()
        try:
            result = search()
        except BaseException as error:
            ours.set_exception(error)
            raise
        else:
            ours.set_result(result)
            return result
        finally:
            with self._lock:
                del self._under_way[key]
