"""The metrics of a site, for Prometheus.

No label is taken from what visitors send: routes are those of the code, and unknown methods are
one.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from kb.errors import QuisaitError
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.search.results import Fit, SearchResult
from web.tallies import best_fit

__all__ = ["CONTENT_TYPE_LATEST", "SiteMetrics"]

FOLDER_OF_WORKERS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder where workers count together, if there are several."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "OTHER"

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Upper bounds of the buckets of durations."""


class SiteMetrics:
    """What is counted of one application. Safe to share between threads."""

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "quisait_requests",
            "Requests answered.",
            ["route", "method", "status"],
            registry=registry,
        )
        self._request_seconds = Histogram(
            "quisait_request_seconds",
            "Time until a request was answered.",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "quisait_requests_in_flight",
            "Requests being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._searches = Counter(
            "quisait_searches",
            "Searches, by the best fit that was found.",
            ["fit"],
            registry=registry,
        )
        self._search_seconds = Histogram(
            "quisait_search_seconds", "Time of a search.", buckets=SECONDS, registry=registry
        )
        self.waiting = Gauge(
            "quisait_waiting",
            "Requests that wait for their turn.",
            ["turn"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        for fit in Fit:
            self._searches.labels(fit.value)
        ProcessCollector(registry=registry)
        self._base = _BaseCollector(knowledge_base)
        registry.register(self._base)
        knowledge_base.on_search = self._searched

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Counts a request; `method` is one of `METHODS`, or `OTHER_METHOD`."""
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def _searched(self, found: SearchResult) -> None:
        self._searches.labels(best_fit(found)).inc()
        self._search_seconds.observe(found.took_ms / 1000)

    def text(self) -> bytes:
        registry = self._registry
        if FOLDER_OF_WORKERS in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            registry.register(self._base)
        return generate_latest(registry)


class _BaseCollector(Collector):
    """What the base holds, read when it is asked for."""

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        self._knowledge_base = knowledge_base

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # as it is registered, nothing is read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        base = self._knowledge_base
        gauge = GaugeMetricFamily
        yield gauge("quisait_disk_free_bytes", "Room on the disk of the base.", free_bytes(base))
        wal = base.folder / f"{DATABASE_FILE}-wal"
        size = wal.stat().st_size if wal.exists() else 0
        yield gauge("quisait_wal_bytes", "Size of the write-ahead log.", size)
        try:
            status, jobs, mails = base.status(), base.jobs.counts(), base.outbox.counts()
        except (QuisaitError, sqlite3.Error, OSError):
            yield gauge("quisait_base_readable", "Whether the base can be read.", 0)
            return
        yield gauge("quisait_base_readable", "Whether the base can be read.", 1)
        generation = int(status.generation.partition("-")[0] or 0)
        yield gauge("quisait_generation", "Changes of what can be found.", generation)
        yield gauge("quisait_actors", "Organisations published.", status.actors)
        yield gauge("quisait_cases", "Cases published.", status.cases)
        yield gauge("quisait_passages", "Passages to be found.", status.passages)
        yield gauge("quisait_embedded_passages", "Passages embedded.", status.embedded)
        yield gauge("quisait_mails_waiting", "Mails that wait to be sent.", mails.waiting)
        by_state = GaugeMetricFamily("quisait_jobs", "Jobs by their state.", labels=["state"])
        for state, count in jobs.items():
            by_state.add_metric([state.value], count)
        yield by_state


def free_bytes(knowledge_base: KnowledgeBase) -> int:
    """Returns how much room the disk of the base has; 0 if that cannot be told."""
    try:
        return shutil.disk_usage(knowledge_base.folder).free
    except OSError:
        return 0
