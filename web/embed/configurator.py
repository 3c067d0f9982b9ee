"""The page that shows how to put the search on a site: choosing, trying it, and the code for it.

What is shown is made here alone: the page's script asks for the page again, and follows it.
"""

from collections.abc import Mapping
from typing import cast
from urllib.parse import urlencode

from markupsafe import escape
from starlette.responses import Response

from kb.messages import N_
from kb.registers.sites import KEY_CHARS
from web.embed.access import is_demonstration
from web.embed.frame import KEPT
from web.embed.frame import PATH as FRAME_PATH
from web.embed.options import ALL, MAX_OPTION_CHARS, MAX_RADIUS_PX, USUAL, Choices
from web.embed.scripts import WidgetScripts
from web.embed.widget_api import MAX_LIMIT
from web.http.dependencies import APageRequest
from web.http.i18n import translations
from web.http.routing import PageRouter
from web.http.urls import WIDGET_PREFIX, Page, absolute_urls, address

ROOM = {"inline": "max(5rem, 80px)", "dialog": "max(3rem, 48px)"}
"""The height that the widget has, closed: reserved, nothing moves when it appears. Its text grows
with the root's, and is 16 pixels at least."""

FRAME_HEIGHT_PX = 480
"""Room for the first answers, where the frame is not as high as what it shows."""

_QUESTION = N_("What do you need?")
_EXAMPLE = N_("a thing, a material, a skill")
_SEARCH = N_("Search")
_FRAME_TITLE = N_("search")
_FALLBACK = N_("Search the catalogue “Qui sait faire ?”")


class EmbedCode:
    """The code for the chosen options, with addresses of the site at `root`.

    HTML has no CSS in it, which strict policies of a page refuse: that is for its style sheet.
    """

    def __init__(self, choices: Choices, scripts: WidgetScripts, root: str) -> None:
        self._choices = choices
        self._scripts = scripts
        self._root = root

    @property
    def element(self) -> str:
        """The script and the element, with a link for browsers without scripts."""
        values = self._choices.values
        script = {"src": self._root + self._scripts.current_address}
        if values["script"] == "pinned":
            current = self._scripts.current
            script = {
                "src": self._root + current.address,
                "integrity": current.integrity,
                "crossorigin": "anonymous",
            }
        results = absolute_urls(self._root, self._choices.language)(self._choices.asked.at())
        link = _tag("a", {"href": results}) + _text_of(self._text(_FALLBACK)) + "</a>"
        return _lines(
            _tag("script", script, "async") + "</script>",
            _tag("quisait-search", self._choices.attributes),
            f"  {link}",
            "</quisait-search>",
        )

    @property
    def element_style(self) -> str:
        """The size and the look of the element."""
        room = {"display": "block", "min-height": ROOM[self._choices.values["open"]]}
        return _rule("quisait-search", {**room, **self._choices.look})

    @property
    def frame(self) -> str:
        attributes = self._choices.attributes
        query = urlencode({name: attributes[name] for name in KEPT if name in attributes})
        frame = {
            "src": f"{self._root}{FRAME_PATH}?{query}",
            "title": f"Qui sait faire\N{NARROW NO-BREAK SPACE}? – {self._text(_FRAME_TITLE)}",
            "width": "100%",
            "height": f"{FRAME_HEIGHT_PX}",
            "loading": "lazy",
        }
        return _tag("iframe", frame, "data-quisait") + "</iframe>"

    @property
    def frame_style(self) -> str:
        return _rule("iframe[data-quisait]", {"display": "block", "border": "0"})

    @property
    def frame_script(self) -> str:
        """The script that makes the frame as high as its content."""
        address = f"{self._root}{WIDGET_PREFIX}/frame.js"
        return _tag("script", {"src": address}, "async") + "</script>"

    @property
    def form(self) -> str:
        """A form that leads to the page of results: without scripts, and without a key."""
        values, asked = self._choices.values, self._choices.asked
        form = {
            "action": self._root + address(Page.SEARCH).path(self._choices.language),
            "role": "search",
            "lang": self._choices.language.value,
            **({"target": "_blank"} if values["target"] == "_blank" else {}),
        }
        field = {
            "id": "quisait-q",
            "name": "q",
            "type": "search",
            "placeholder": values["placeholder"] or self._text(_EXAMPLE),
        }
        label = _text_of(values["label"] or self._text(_QUESTION))
        filters = {"department": asked.department, "theme": asked.theme}
        return _lines(
            _tag("form", form),
            "  " + _tag("label", {"for": "quisait-q"}) + label + "</label>",
            "  " + _tag("input", field, "required"),
            *(
                "  " + _tag("input", {"type": "hidden", "name": name, "value": value})
                for name, value in filters.items()
                if value
            ),
            "  " + _tag("button") + _text_of(self._text(_SEARCH)) + "</button>",
            "</form>",
        )

    def _text(self, message: str) -> str:
        return translations(self._choices.language).gettext(message)


def _lines(*lines: str) -> str:
    return "\n".join(lines)


def _tag(name: str, attributes: Mapping[str, str] | None = None, *bare: str) -> str:
    """A start tag. Values are escaped; names are ours."""
    pairs = [f'{key}="{escape(value)}"' for key, value in (attributes or {}).items()]
    return f"<{' '.join([name, *pairs, *bare])}>"


def _text_of(text: str) -> str:
    return f"{escape(text)}"


def _rule(selector: str, properties: Mapping[str, str]) -> str:
    """A rule of CSS. The values are ours, or were checked to the last letter."""
    declarations = [f"  {name}: {value};" for name, value in properties.items()]
    return _lines(f"{selector} {{", *declarations, "}")


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
