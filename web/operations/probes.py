"""What other programs ask of the server: is it alive, is it ready, and its metrics."""

import logging
import secrets
import sqlite3
from typing import cast

from anyio.to_thread import current_default_thread_limiter, run_sync
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings, is_this_machine
from web.http.dependencies import OpenKnowledgeBase
from web.operations.metrics import CONTENT_TYPE_LATEST, SiteMetrics, free_bytes

FORWARDING = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
"""Headers of what a proxy passes on, which does not come from this machine."""

LEAST_FREE_BYTES = 100_000_000
"""Below this, the next ingest or upload may fill the disk."""

_log = logging.getLogger(__name__)

_NOT_KEPT = {"Cache-Control": "no-store"}

router = APIRouter(include_in_schema=False)


def readiness_of(knowledge_base: KnowledgeBase) -> dict[str, object]:
    """Says whether the site is ready; `reasons` say why not, to anybody: no folder, no detail.

    `writable`: not where the base is served to be read alone, which is well. `index_current`: not
    for a moment after a change, while searches find the former state.
    """
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
    """Says that the process is alive; touches nothing."""
    return JSONResponse({"alive": True}, headers=_NOT_KEPT)


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def readiness(request: Request, knowledge_base: OpenKnowledgeBase) -> Response:
    threads = request.app.state.probe_threads
    found = await run_sync(readiness_of, knowledge_base, limiter=threads)
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
    # A page of another site may lead a browser here by a name of its own, and a proxy of this
    # machine passes the name of the site on.
    names = (request.client.host if request.client else "", request.url.hostname or "")
    return all(map(is_this_machine, names)) and not any(
        name in request.headers for name in FORWARDING
    )
