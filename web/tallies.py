"""Counts searches and the use of embedding sites; written every ten seconds."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

from starlette.requests import Request

from kb.errors import QuisaitError
from kb.knowledge_base import KnowledgeBase
from kb.registers.clock import today as local_today
from kb.registers.sites import SiteCounts
from kb.search.results import Fit, SearchResult
from kb.settings import Settings
from web.http.security.cookies import site_secret
from web.regularly import Regularly

WRITTEN_EVERY_S = 10.0
MOST_WAITING = 500  # needs that wait at most; those of a flood of searches are not counted
_log = logging.getLogger(__name__)


def today() -> str:
    """Returns the current day in UTC, so that the quotas of all sites begin anew together."""
    return datetime.now(UTC).date().isoformat()


def best_fit(found: SearchResult) -> str:
    return min((hit.fit for hit in found.hits), key=list(Fit).index, default=Fit.NONE).value


class Tallies(Regularly):
    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        settings: Settings,
        day: Callable[[], str] = local_today,
        site_day: Callable[[], str] = today,
    ) -> None:
        super().__init__("tallies", self.flush, WRITTEN_EVERY_S, first_after_s=0)
        self._knowledge_base = knowledge_base
        self._settings = settings
        self._day, self._site_day = day, site_day
        self._lock = threading.Lock()
        self._counts_searches = self._are_late = False
        self._fits: Counter[str] = Counter()
        self._missed: list[str] = []
        self._uses: dict[tuple[str, str], SiteCounts] = {}

    def stop(self) -> None:
        super().stop()
        self.flush()

    def add_search(self, text: str, result: SearchResult) -> None:
        """Counts a search by its best fit, if that is chosen, and its text if nothing fits."""
        # What a filter leaves out may well be here, and a name or a number is no need.
        missed = result.nothing_fits and not result.absent and result.filters.keep_all
        with self._lock:
            if self._counts_searches:
                self._fits[best_fit(result)] += 1
                if missed and len(self._missed) < MOST_WAITING:
                    self._missed.append(text)

    def add_use(self, key: str, counts: SiteCounts) -> None:
        self._keep_use(self._site_day(), key, counts)

    def requests_today(self, key: str) -> int:
        """Returns the searches of a site today, but those being written just now."""
        day = self._site_day()
        with self._lock:
            waiting = self._uses.get((day, key), SiteCounts())
        counted = (
            use for of, use in self._knowledge_base.sites.counts(key, since=day) if of == day
        )
        return sum(counted, waiting).requests

    def flush(self) -> None:
        """Writes all counts; those of sites that cannot be written wait, those of searches go."""
        with self._lock:
            fits, self._fits = self._fits, Counter()
            missed, self._missed = self._missed, []
            uses, self._uses = self._uses, {}
        base = self._knowledge_base
        for (day, key), counts in uses.items():
            try:
                base.sites.count(day, {key: counts})
                self._are_late = False
            except QuisaitError as error:
                if not self._are_late:  # said once, not every ten seconds
                    _log.warning("Counts of sites are kept for later: %s", error)
                self._are_late = True
                self._keep_use(day, key, counts)
        try:
            self._counts_searches = base.demand.choice().counted
            if self._counts_searches and fits:
                needs = [need for text in missed if (need := base.countable_need(text))]
                base.demand.count(self._day(), fits, needs, key=site_secret(self._settings, base))
        except QuisaitError as error:
            _log.warning("Searches were not counted: %s", error)

    def _keep_use(self, day: str, key: str, counts: SiteCounts) -> None:
        with self._lock:
            self._uses[day, key] = self._uses.get((day, key), SiteCounts()) + counts


def tallies_of(request: Request) -> Tallies:
    return cast("Tallies", request.app.state.tallies)


def count_demand(request: Request, text: str, result: SearchResult) -> None:
    """Counts a search that was made on a page by GET, not by HEAD."""
    if request.method == "GET":
        tallies_of(request).add_search(text, result)
