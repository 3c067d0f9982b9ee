"""The application: every route, around one open knowledge base."""

from anyio import CapacityLimiter
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from web import account_pages, api, api_reference, contributions_api, discovery, pages
from web.accounts import Sessions
from web.assets import Assets
from web.body_limit import BodyLimit
from web.error_responses import answer_errors
from web.rendering import Renderer
from web.security import SecurityHeaders


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
    app.state.reading = CapacityLimiter(contributions_api.READERS)
    app.state.doorkeeper = account_pages.Doorkeeper()

    for room in (contributions_api, api, api_reference, pages, account_pages, discovery):
        app.include_router(room.router)
    app.mount("/static", assets)
    answer_errors(app)
    app.add_middleware(BodyLimit, settings=settings)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)
    app.add_middleware(SecurityHeaders)
    return app
