"""The page that shows how to put the search on a site: choosing, trying it, and the code for it.

What is shown is made here alone: the page's script asks for the page again, and follows it.
"""

from typing import cast

from starlette.responses import Response

from kb.registers.sites import KEY_CHARS
from web.embed.access import is_demonstration
from web.embed.options import ALL, MAX_OPTION_CHARS, MAX_RADIUS_PX, USUAL, Choices
from web.embed.scripts import WidgetScripts
from web.embed.snippets import EmbedCode
from web.embed.widget_schemas import MAX_LIMIT
from web.http.dependencies import APageRequest
from web.http.routing import PageRouter
from web.http.urls import Page, address

router = PageRouter()


@router.shows(Page.EMBED)
def embed(request: APageRequest) -> Response:
    given = {name: value for name, value in request.http.query_params.items() if name in USUAL}
    themes = [theme.name for theme in request.knowledge_base.themes()]
    choices = Choices.of(
        {"lang": request.language.value, **given}, request.knowledge_base.sites, themes
    )
    scripts = cast("WidgetScripts", request.http.app.state.widget)
    return request.page(
        "embed/configurator.html",
        here=address(Page.EMBED, **given),
        status_code=400 if choices.wrong else 200,
        choices=choices,
        departments=sorted(code for code, _ in request.knowledge_base.departments()),
        themes=themes,
        max_limit=MAX_LIMIT,
        max_radius=MAX_RADIUS_PX,
        max_text=MAX_OPTION_CHARS,
        key_chars=KEY_CHARS,
        all=ALL,
        demonstration=is_demonstration(request),
        widget_address=scripts.current_address,
        code=EmbedCode(choices, scripts, request.root),
    )
