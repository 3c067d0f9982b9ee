"""Counts what is searched for, and not found, on the way into the register of demand.

Searches must not wait for a writer: they are counted here, and written down every ten seconds.
Until then the texts of needs that nothing answered wait in memory, and nowhere else; where an
administrator has not chosen to count, nothing waits.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import cast

from starlette.requests import Request

from kb.errors import QuisaitError
from kb.knowledge_base import KnowledgeBase
from kb.registers.clock import today
from kb.search.results import Fit, SearchResult
from kb.settings import Settings
from web.http.security.secret import site_secret
from web.regularly import Regularly
from web.search.request import SearchRequest

WRITTEN_EVERY_S = 10.0
MOST_WAITING = 500
"""Needs that wait at most; those of a flood of searches are not counted."""

_log = logging.getLogger(__name__)


class DemandCounter(Regularly):
    """Counts searches by best fit, and the needs without one. Safe to share between threads."""

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        settings: Settings,
        day: Callable[[], str] = today,
    ) -> None:
        super().__init__("demand", self.flush, WRITTEN_EVERY_S, first_after_s=0)
        self._knowledge_base = knowledge_base
        self._settings = settings
        self._day = day
        self._lock = threading.Lock()
        self._counts = False
        self._fits: Counter[str] = Counter()
        self._missed: list[str] = []

    def stop(self) -> None:
        """Writes the last counts and stops."""
        super().stop()
        self.flush()

    def add(self, asked: SearchRequest, result: SearchResult) -> None:
        """Counts a search, if that is chosen; takes no time worth measuring."""
        fit = min((hit.fit for hit in result.hits), key=list(Fit).index, default=Fit.NONE)
        # What a filter leaves out may well be here, and a name or a number is no need.
        missed = result.nothing_fits and not result.absent and result.filters.keep_all
        with self._lock:
            if not self._counts:
                return
            self._fits[fit.value] += 1
            if missed and len(self._missed) < MOST_WAITING:
                self._missed.append(asked.q)

    def flush(self) -> None:
        """Writes the counts to the register; those that cannot be written are lost."""
        with self._lock:
            fits, self._fits = self._fits, Counter()
            missed, self._missed = self._missed, []
        base = self._knowledge_base
        try:
            counts = base.demand.choice().counted
            with self._lock:
                self._counts = counts
            if counts and fits:
                needs = [need for text in missed if (need := base.countable_need(text))]
                secret = site_secret(self._settings, base)
                base.demand.count(self._day(), fits, needs, key=secret)
        except QuisaitError as error:
            _log.warning("Searches were not counted: %s", error)


def demand_counter_of(request: Request) -> DemandCounter:
    return cast("DemandCounter", request.app.state.demand_counter)


def count_demand(request: Request, asked: SearchRequest, result: SearchResult) -> None:
    """Counts a search that a person made on a page, once: not its head, nor what steers it."""
    if request.method == "GET" and not asked.is_steered:
        demand_counter_of(request).add(asked, result)
