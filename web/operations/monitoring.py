"""What programs ask of the server, its metrics and its log of requests: routes, and no words."""

import logging
import os
import re
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from typing import cast

from anyio.to_thread import current_default_thread_limiter, run_sync
from fastapi import APIRouter, HTTPException, Request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.errors import KnowledgeBaseError, QuisaitError
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.log_lines import request_id
from kb.search.results import Fit, SearchResult
from kb.settings import Settings, is_this_machine
from web.http.errors import CLIENT_GONE
from web.http.routing import OpenKnowledgeBase
from web.http.security.headers import SECURITY_HEADERS
from web.tallies import best_fit

_log = logging.getLogger(__name__)
__all__ = ["CONTENT_TYPE_LATEST", "SiteMetrics"]
FOLDER_OF_WORKERS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder where workers count together, if there are several."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "OTHER"
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


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
    try:
        return shutil.disk_usage(knowledge_base.folder).free
    except OSError:
        return 0


FORWARDING = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
"""Headers of what a proxy passes on, which does not come from this machine."""

LEAST_FREE_BYTES = 100_000_000  # below this, the next ingest or upload may fill the disk
_NOT_KEPT = {"Cache-Control": "no-store"}
router = APIRouter(include_in_schema=False)


def readiness_of(knowledge_base: KnowledgeBase) -> dict[str, object]:
    """Says whether the site is ready, and `reasons` why not, which anybody may read."""
    reasons: list[str] = []
    writable = current = False
    try:
        writable = knowledge_base.writable
        current = knowledge_base.is_current()
    except (KnowledgeBaseError, sqlite3.Error, OSError) as error:
        _log.warning("Not ready: %s", error)
        reasons.append("the knowledge base cannot be searched")
    if free_bytes(knowledge_base) < LEAST_FREE_BYTES:
        reasons.append("the disk is nearly full")
    return {
        "ready": not reasons, "reasons": reasons, "writable": writable, "index_current": current,
    }  # fmt: skip


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def health() -> Response:
    return JSONResponse({"alive": True}, headers=_NOT_KEPT)


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def readiness(request: Request, knowledge_base: OpenKnowledgeBase) -> Response:
    found = await run_sync(readiness_of, knowledge_base, limiter=request.app.state.probe_threads)
    return JSONResponse(found, 200 if found["ready"] else 503, headers=_NOT_KEPT)


@router.api_route("/metrics", methods=["GET", "HEAD"])
async def metrics(request: Request) -> Response:
    """Shows the metrics to this machine, and to who has the token."""
    state = request.app.state
    if not _may_read(request, state.settings):
        raise HTTPException(
            403, "Metrics are for this machine, or with Authorization: Bearer and the token."
        )
    counted = cast("SiteMetrics", state.metrics)
    limiters = {
        "thread": current_default_thread_limiter(),
        "complete_search": state.complete_searches.at_once,
    }
    for turn, limiter in limiters.items():
        counted.waiting.labels(turn).set(limiter.statistics().tasks_waiting)
    text = await run_sync(counted.text, limiter=state.probe_threads)
    return PlainTextResponse(text, media_type=CONTENT_TYPE_LATEST, headers=_NOT_KEPT)


def _may_read(request: Request, settings: Settings) -> bool:
    token = settings.metrics_token.get_secret_value()
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if token and scheme.lower() == "bearer":
        return secrets.compare_digest(given.encode(), token.encode())
    # A page may lead a browser here by a name of its own, and a proxy passes the site's name.
    names = (request.client.host if request.client else "", request.url.hostname or "")
    return all(map(is_this_machine, names)) and not any(
        name in request.headers for name in FORWARDING
    )


HEADER = "X-Request-ID"
_WELL_FORMED = re.compile(r"[0-9A-Fa-f-]{16,64}")
"""What proxies make: hexadecimal digits or a UUID, and nothing that says who asks."""


class RequestLog:
    """ASGI middleware around all others, so that no answer leaves without an id."""

    def __init__(self, app: ASGIApp, metrics: SiteMetrics, *, lines: bool = False) -> None:
        self._app = app
        self._metrics = metrics
        self._level = logging.INFO if lines else logging.DEBUG

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        id_ = given if _WELL_FORMED.fullmatch(given) else secrets.token_hex(16)
        # Not taken back: each request is a task of its own, and uvicorn logs what failed in it.
        request_id.set(id_)
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = id_
            await send(message)

        began = time.perf_counter()
        try:
            with self._metrics.in_flight.track_inprogress():
                await self._app(scope, receive, send_with_id)
        except Exception:
            if not status:  # not even a page that says so could be made
                text = f"Something unforeseen went wrong here (request {id_})."
                await PlainTextResponse(text, 500, SECURITY_HEADERS)(scope, receive, send_with_id)
            raise
        finally:
            self._answered(scope, status or CLIENT_GONE, time.perf_counter() - began)

    def _answered(self, scope: Scope, status: int, seconds: float) -> None:
        route = str(getattr(scope.get("route"), "path", "") or "none")
        method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
        self._metrics.answered(route, method, status, seconds)
        figures = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000)}
        _log.log(self._level, "%(method)s %(route)s %(status)s %(ms)s ms", figures, extra=figures)
