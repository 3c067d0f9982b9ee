"""Counts of what sites that embed the search ask for, on their way into the register.

Searches must not wait for a writer: they are counted here, and written down now and then. Nothing
but numbers by site and day is kept: no words, no address, nothing that tells visitors apart.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from kb.editorial.sites import SiteCounts, Sites
from kb.errors import QuisaitError

WRITTEN_EVERY_S = 10.0

_log = logging.getLogger(__name__)


def today() -> str:
    """The day that is counted on: of UTC, so that quotas begin anew for all at once."""
    return datetime.now(UTC).date().isoformat()


class SiteTally:
    """Counts for sites by their keys. Safe to share between threads."""

    def __init__(self, sites: Sites, day: Callable[[], str] = today) -> None:
        self._sites = sites
        self._day = day
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._pending: dict[str, dict[str, SiteCounts]] = {}
        self._requests: dict[str, int] = {}
        self._requests_of = ""
        self._written_at = time.monotonic()

    def add(self, key: str, counts: SiteCounts) -> None:
        """Counts for a site, today."""
        day = self._day()
        with self._lock:
            of_day = self._pending.setdefault(day, {})
            of_day[key] = of_day.get(key, SiteCounts()) + counts
            if key in self._requests and self._requests_of == day:
                self._requests[key] += counts.requests

    def requests_today(self, key: str) -> int:
        """How often something was searched for a site today, written down or not."""
        day = self._day()
        with self._lock:
            if self._requests_of != day:
                self._requests, self._requests_of = {}, day
            if key in self._requests:
                return self._requests[key]
        written = sum(
            (counts for _, counts in self._sites.counts(key, since=day)), SiteCounts()
        ).requests
        with self._lock:
            pending = self._pending.get(day, {}).get(key, SiteCounts()).requests
            return self._requests.setdefault(key, written + pending)

    def write_sometimes(self) -> None:
        """Writes down what was counted, if that was not done a moment ago."""
        if time.monotonic() - self._written_at >= WRITTEN_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Writes down what was counted; keeps it for the next time where that cannot be now."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            self._written_at = time.monotonic()
            with self._lock:
                taken, self._pending = self._pending, {}
            for day, of_day in taken.items():
                self._write(day, of_day)
        finally:
            self._writing.release()

    def _write(self, day: str, of_day: dict[str, SiteCounts]) -> None:
        try:
            self._sites.count(day, of_day)
        except QuisaitError as error:
            _log.warning("Counts of sites are kept for later: %s", error)
            with self._lock:
                pending = self._pending.setdefault(day, {})
                for key, counts in of_day.items():
                    pending[key] = pending.get(key, SiteCounts()) + counts
