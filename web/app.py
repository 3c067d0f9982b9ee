"""The application: every route, around one open knowledge base."""

from typing import Any

from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from kb.errors import SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from web import dashboard, hints, holders, identity, mail, maps, privacy
from web.alerts import news
from web.alerts import pages as alert_pages
from web.api import catalogue as api_catalogue
from web.api import contributions, read, records, reference
from web.api import jobs as api_jobs
from web.api.routing import problems_documented
from web.board import api as board_api
from web.board import decisions as board_decisions
from web.board import pages as board_pages
from web.board.forms import filters as board_filters
from web.catalogue import pages as catalogue_pages
from web.dossiers import enquiries as dossier_enquiries
from web.dossiers import pages as dossier_pages
from web.dossiers import rows as dossier_rows
from web.editorial import (
    accounts,
    administration,
    contribute,
    draft,
    jobs,
    moderation,
    organisation,
)
from web.editorial.labels import filters as editorial_filters
from web.embed import answers as embedded_answers
from web.embed import configurator, scripts
from web.http.errors import answer_errors
from web.http.routing import ReadingTurns, complete_search_turns, search_turns
from web.http.security.bodies import CheckedBodies
from web.http.security.headers import SecurityHeaders
from web.http.security.sessions import Sessions
from web.http.security.sign_in_throttle import SignInThrottle
from web.http.security.throttle import Quotas, SharedCounts, Throttle
from web.http.templating import Assets, Renderer
from web.http.urls import API_VERSION, SubPath, UnderSubPath
from web.maps import LEAFLET_FILES
from web.mcp import endpoint as assistants
from web.mcp.endpoint import ROUTE as MCP_ENDPOINT
from web.operations import monitoring
from web.operations.monitoring import RequestLog, SiteMetrics
from web.search import pages as search_pages
from web.search.evidence_text import filters as evidence_filters
from web.tallies import Tallies

ROUTED = (
    monitoring,
    # The writing API comes before the reading one, whose ids may hold a slash.
    *(contributions, records, api_jobs),
    *(read, api_catalogue, board_api, hints, reference),
    *(catalogue_pages, maps, search_pages, dossier_pages, dossier_enquiries),
    *(embedded_answers, scripts, configurator, assistants),
    *(accounts, administration, contribute, organisation, draft, moderation, jobs),
    *(news, alert_pages, mail),
    *(identity, board_pages, board_decisions, holders, dashboard, privacy),
)
"""The modules with a `router`, in the order in which their routes are tried."""

ROOM_FILTERS = (
    catalogue_pages.filters,
    evidence_filters,
    editorial_filters,
    dossier_rows.filters,
    news.filters,
    board_filters,
)

ASSETS_AT = "/static"
DOSSIER_TIMES = 60
"""How often an address may have files made, or write by a link, before it is slowed down."""


class Application(FastAPI):
    """Logs and counts requests, also those that fail outside of every middleware."""

    log_requests = False

    def build_middleware_stack(self) -> ASGIApp:
        answering = super().build_middleware_stack()
        return RequestLog(answering, self.state.metrics, lines=self.log_requests)

    def openapi(self) -> dict[str, Any]:
        return problems_documented(super().openapi())


def refuse_taken_path(settings: Settings) -> None:
    """Raises `SettingsError` if the public URL has a path that this program needs."""
    routes = [*(route for module in ROUTED for route in module.router.routes), MCP_ENDPOINT]
    own = {str(getattr(route, "path", "")).split("/")[1] for route in routes}
    first = settings.public_path.partition("/")[2].partition("/")[0]
    if first and first in own | {ASSETS_AT.strip("/")}:
        raise SettingsError(
            f"QUISAIT_PUBLIC_URL: /{first} is an address of this program. Choose another path."
        )


def create_app(
    knowledge_base: KnowledgeBase,
    settings: Settings,
    *,
    log_requests: bool = False,
    counts: SharedCounts | None = None,
) -> FastAPI:
    """Builds the application; the caller closes the base. `counts` are those of all workers."""
    refuse_taken_path(settings)
    sub_path = SubPath.of(settings)
    app = Application(
        title="Qui sait faire ?",
        summary="What organisations know how to do.",
        description=read.DESCRIPTION,
        version=API_VERSION,
        openapi_url="/api/openapi.json",
        servers=[{"url": sub_path.prefix}] if sub_path.prefix else None,
        # FastAPI's own pages load scripts from elsewhere; `web.api.reference` replaces them.
        docs_url=None,
        redoc_url=None,
        # A redirect of Starlette's would name the host of the request, whatever it is.
        redirect_slashes=False,
        # One name for a shape, whether it is sent or answered.
        separate_input_output_schemas=False,
    )
    assets = Assets(mounted_at=ASSETS_AT, installed={**LEAFLET_FILES, **hints.SCRIPTS})
    app.log_requests = log_requests
    app.state.metrics = SiteMetrics(knowledge_base)
    # Probes do not wait where all others answer visitors.
    app.state.probe_threads = CapacityLimiter(2)
    app.state.knowledge_base = knowledge_base
    app.state.settings = settings
    app.state.renderer = Renderer(assets, ROOM_FILTERS, sub_path)
    app.state.sessions = Sessions(knowledge_base, settings)
    app.state.reading = ReadingTurns()
    app.state.complete_searches = complete_search_turns()
    counts = counts or SharedCounts()
    app.state.sign_in_throttle = SignInThrottle(counts)
    # Of all mails that who types an address has sent to it.
    app.state.alert_throttle = Throttle(
        counts, "alerts", free=10, longest_s=10 * 60, forgotten_after_s=60 * 60
    )
    app.state.board_throttle = Throttle(counts, "board", free=board_pages.FREE_POSTS)
    app.state.hold_throttle = Throttle(counts, "holds", free=holders.FREE_ASKS)
    app.state.flag_throttle = Throttle(counts, "flags", free=holders.FREE_FLAGS)
    app.state.widget = scripts.WidgetScripts()
    app.state.quotas = Quotas(settings, counts)
    app.state.proxies = ()  # the server knows which it trusts
    app.state.searches = search_turns()
    app.state.dossier_throttle = Throttle(counts, "dossiers", free=DOSSIER_TIMES)
    app.state.tallies = Tallies(knowledge_base, settings)
    for module in ROUTED:
        # As they are: `include_router` would read every signature again for each application.
        app.router.routes.extend(module.router.routes)
    app.router.routes.append(MCP_ENDPOINT)
    app.mount(ASSETS_AT, assets)
    answer_errors(app)
    app.add_middleware(CheckedBodies)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)
    app.add_middleware(
        SecurityHeaders, images=settings.map_tiles_origin, public_url=settings.public_url
    )
    # Around all others: inside, the site is at the root of its host.
    app.add_middleware(UnderSubPath, sub_path=sub_path)
    return app
