"""Counts the use of the search by each embedding site, on the way into the register.

Searches must not wait for a writer: they are counted here, and written down every ten seconds.
Nothing but numbers by site and day is kept: no words, no address, nothing that tells visitors
apart.
"""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from kb.errors import QuisaitError
from kb.registers.sites import SiteCounts, Sites
from web.regularly import Regularly

WRITTEN_EVERY_S = 10.0

_log = logging.getLogger(__name__)


def today() -> str:
    """Returns the current day in UTC, so that all quotas begin anew at the same time."""
    return datetime.now(UTC).date().isoformat()


class SiteUsage(Regularly):
    """Counts by the keys of sites. Safe to share between threads."""

    def __init__(self, sites: Sites, day: Callable[[], str] = today) -> None:
        super().__init__("usage", self.flush, WRITTEN_EVERY_S)
        self._sites = sites
        self._day = day
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._pending: dict[str, dict[str, SiteCounts]] = {}
        self._is_kept_for_later = False

    def stop(self) -> None:
        """Writes the last counts and stops."""
        super().stop()
        self.flush()

    def add(self, key: str, counts: SiteCounts) -> None:
        """Adds to the counts of a site today."""
        day = self._day()
        with self._lock:
            self._add_pending(day, key, counts)

    def requests_today(self, key: str) -> int:
        """Returns the searches of a site today: written by any worker, or waiting here."""
        day = self._day()
        written = sum(
            counts.requests for of, counts in self._sites.counts(key, since=day) if of == day
        )
        with self._lock:
            return written + self._pending.get(day, {}).get(key, SiteCounts()).requests

    def flush(self) -> None:
        """Writes the counts to the register; keeps them for the next time if that fails."""
        with self._writing:
            with self._lock:
                taken, self._pending = self._pending, {}
            for day, of_day in taken.items():
                self._write(day, of_day)

    def _write(self, day: str, of_day: dict[str, SiteCounts]) -> None:
        try:
            self._sites.count(day, of_day)
            self._is_kept_for_later = False
        except QuisaitError as error:
            if not self._is_kept_for_later:  # told once, not every ten seconds
                _log.warning("Counts of sites are kept for later: %s", error)
            self._is_kept_for_later = True
            with self._lock:
                for key, counts in of_day.items():
                    self._add_pending(day, key, counts)

    def _add_pending(self, day: str, key: str, counts: SiteCounts) -> None:
        of_day = self._pending.setdefault(day, {})
        of_day[key] = of_day.get(key, SiteCounts()) + counts
