"""The application: every route, around one open knowledge base."""

from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from web import (
    account_pages,
    api,
    api_reference,
    contribution_pages,
    contributions_api,
    directory_pages,
    discovery,
    draft_pages,
    duplicate_pages,
    edit_pages,
    embed,
    embed_pages,
    embed_scripts,
    frame_pages,
    history_pages,
    job_pages,
    jobs_api,
    moderation_pages,
    pages,
    reading_desk,
    records_api,
    search_pages,
    site_pages,
)
from web.accounts import Sessions
from web.assets import Assets
from web.body_limit import BodyLimit
from web.dependencies import CompleteSearches
from web.error_responses import answer_errors
from web.rendering import Renderer
from web.security import SecurityHeaders
from web.site_quota import Gate
from web.site_tally import SiteTally
from web.widget_scripts import WidgetScripts

# Before the reading half, whose ids may hold a slash.
WRITING_API = (contributions_api, records_api, jobs_api)

EDITORIAL_PAGES = (
    contribution_pages,
    directory_pages,
    draft_pages,
    moderation_pages,
    duplicate_pages,
    history_pages,
    edit_pages,
    job_pages,
    site_pages,
)


def create_app(knowledge_base: KnowledgeBase, settings: Settings) -> FastAPI:
    """Builds the application. The caller opens the knowledge base, and closes it afterwards."""
    app = FastAPI(
        title="Qui sait faire ?",
        summary="What organisations know how to do.",
        description=api.DESCRIPTION,
        version=api.VERSION,
        openapi_url="/api/openapi.json",
        # FastAPI's own pages load scripts from elsewhere; `web.api_reference` replaces them.
        docs_url=None,
        redoc_url=None,
        # A redirect of Starlette's would name the host of the request, whatever it is.
        redirect_slashes=False,
        # One name for a shape, whether it is sent or answered.
        separate_input_output_schemas=False,
    )
    assets = Assets(mounted_at="/static")
    app.state.knowledge_base = knowledge_base
    app.state.settings = settings
    app.state.renderer = Renderer(assets)
    app.state.sessions = Sessions(knowledge_base, settings)
    app.state.reading = CapacityLimiter(reading_desk.READERS)
    app.state.complete_searches = CompleteSearches()
    app.state.doorkeeper = account_pages.Doorkeeper()
    app.state.widget = WidgetScripts()
    app.state.gate = Gate()
    app.state.site_tally = SiteTally(knowledge_base.sites)

    for room in (
        *WRITING_API,
        api,
        api_reference,
        pages,
        search_pages,
        account_pages,
        discovery,
        embed,
        embed_scripts,
        embed_pages,
        frame_pages,
        *EDITORIAL_PAGES,
    ):
        app.include_router(room.router)
    app.mount("/static", assets)
    answer_errors(app)
    app.add_middleware(BodyLimit, settings=settings)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)
    app.add_middleware(SecurityHeaders)
    return app
