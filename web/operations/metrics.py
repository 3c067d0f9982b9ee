"""The metrics of a site, for Prometheus.

No label is taken from what visitors send: routes are those of the code, and unknown methods are
one.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from kb.errors import QuisaitError
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.search.results import Fit, SearchResult
from web.operations.readiness import free_bytes

__all__ = ["CONTENT_TYPE_LATEST", "SiteMetrics"]

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
        self._in_flight = Gauge(
            "quisait_requests_in_flight", "Requests being answered.", registry=registry
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
        self._ended = Counter(
            "quisait_connections_ended",
            "Connections that the server refused or cut, by what they waited for.",
            ["reason"],
            registry=registry,
        )
        self.connections = Gauge("quisait_connections", "Connections open.", registry=registry)
        self.waiting = Gauge(
            "quisait_waiting", "Requests that wait for their turn.", ["turn"], registry=registry
        )
        for fit in Fit:
            self._searches.labels(fit.value)
        ProcessCollector(registry=registry)
        registry.register(_BaseCollector(knowledge_base))
        knowledge_base.on_search = lambda found: self.searched(
            best_fit(found), found.took_ms / 1000
        )

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        with self._in_flight.track_inprogress():
            yield

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Counts a request; `method` is one of `METHODS`, or `OTHER_METHOD`."""
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def connection_ended(self, reason: str) -> None:
        self._ended.labels(reason).inc()

    def searched(self, fit: str, seconds: float) -> None:
        """Counts a search, of this process or of a searcher, by its best fit."""
        self._searches.labels(fit).inc()
        self._search_seconds.observe(seconds)

    def watch_searchers(self, pids: Callable[[], Sequence[int]]) -> None:
        """Shows the processes that search beside this one, which `pids` names."""
        self._registry.register(_SearcherCollector(pids))

    def text(self) -> bytes:
        return generate_latest(self._registry)


def best_fit(found: SearchResult) -> str:
    return min((hit.fit for hit in found.hits), key=list(Fit).index, default=Fit.NONE).value


class _SearcherCollector(Collector):
    """The searchers that answer, with the memory and the time of the processor of all of them."""

    def __init__(self, pids: Callable[[], Sequence[int]]) -> None:
        self._pids = pids

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[Metric]:
        pids = self._pids()
        yield _gauge("quisait_searchers", "Processes that search beside the server.", len(pids))
        seconds = resident = 0.0
        for pid in pids:
            figures = {
                one.name: one.samples[0].value
                for one in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect()  # type: ignore[misc]
            }
            seconds += figures.get("process_cpu_seconds", 0)
            resident += figures.get("process_resident_memory_bytes", 0)
        yield CounterMetricFamily(
            "quisait_searchers_cpu_seconds", "Time of the processor that they took.", value=seconds
        )
        yield _gauge("quisait_searchers_resident_memory_bytes", "Memory that they have.", resident)


class _BaseCollector(Collector):
    """What the base holds, read when it is asked for."""

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        self._knowledge_base = knowledge_base

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # as it is registered, nothing is read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        base = self._knowledge_base
        yield _gauge("quisait_disk_free_bytes", "Room on the disk of the base.", free_bytes(base))
        wal = base.folder / f"{DATABASE_FILE}-wal"
        yield _gauge(
            "quisait_wal_bytes",
            "Size of the write-ahead log.",
            wal.stat().st_size if wal.exists() else 0,
        )
        try:
            status, jobs, mails = base.status(), base.jobs.counts(), base.outbox.counts()
        except (QuisaitError, sqlite3.Error, OSError):
            yield _gauge("quisait_base_readable", "Whether the base can be read.", 0)
            return
        yield _gauge("quisait_base_readable", "Whether the base can be read.", 1)
        generation = int(status.generation.partition("-")[0] or 0)
        yield _gauge("quisait_generation", "Changes of what can be found.", generation)
        yield _gauge("quisait_actors", "Organisations published.", status.actors)
        yield _gauge("quisait_cases", "Cases published.", status.cases)
        yield _gauge("quisait_passages", "Passages to be found.", status.passages)
        yield _gauge("quisait_embedded_passages", "Passages embedded.", status.embedded)
        yield _gauge("quisait_mails_waiting", "Mails that wait to be sent.", mails.waiting)
        by_state = GaugeMetricFamily("quisait_jobs", "Jobs by their state.", labels=["state"])
        for state, count in jobs.items():
            by_state.add_metric([state.value], count)
        yield by_state


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=value)
