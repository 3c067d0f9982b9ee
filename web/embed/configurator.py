"""The page that shows how to put the search on a site: what is chosen, checked, and its code."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, cast
from urllib.parse import urlencode

from markupsafe import escape
from starlette.responses import Response

from kb.errors import UnknownRecord
from kb.messages import N_
from kb.reference.departments import department_code
from kb.registers.sites import KEY_CHARS, Site, Sites
from web.embed.access import CLOSED, UNKNOWN, is_demonstration
from web.embed.answers import FRAME_PATH, KEPT, MAX_LIMIT
from web.embed.scripts import WidgetScripts
from web.http.colours import contrast
from web.http.i18n import Language, translations
from web.http.labels import UNKNOWN_DEPARTMENT
from web.http.routing import APageRequest, PageRouter
from web.http.urls import WIDGET_PREFIX, Page, absolute_urls, address
from web.search.request import SearchRequest

MAX_OPTION_CHARS = 120
COLOURS: Mapping[str, str] = {"accent": "#9c2f1b", "paper": "#fffcf4", "ink": "#241e18"}
"""The colours that can be chosen, as they are in the widget's light look."""

ALL = "*"  # chosen for a department or a theme: all of them, whatever the site begins with
LEAST_CONTRASTS = {"ink": 4.5, "accent": 3.0}
"""The least contrasts with the paper, of a text and of what is none (WCAG 2.2, 1.4.3, 1.4.11)."""

USUAL: Mapping[str, str] = {
    "lang": Language.FR.value,
    "site": "",
    "department": "",
    "theme": "",
    "limit": "5",
    "open": "inline",
    "shortcut": "",
    "target": "_self",
    "label": "",
    "placeholder": "",
    "scheme": "page",
    "colours": "",
    **COLOURS,
    "radius": "0",
    "script": "pinned",
}

_ATTRIBUTES = "site department theme limit open shortcut target label placeholder".split()
_SCHEMES = {"device": "light dark", "light": "light", "dark": "dark"}
_NO_CHOICE = N_("This address contains an unknown setting.")
_RADIUS = N_("The corner radius is a whole number of pixels, from 0 to 32.")
_TAKEN = N_("Browsers and text fields need this key with Ctrl: choose another, such as k or j.")
_FRAME_TITLE = N_("search")
_COLOUR = N_("A colour is written as # and six digits or letters, such as #9c2f1b.")
_LONG_TEXT = N_("A text has at most 120 characters.")
_NEEDED = frozenset("acflnprstvwxyz0123456789")
"""Keys that do something with Ctrl or ⌘ already: select, copy, find, undo, open a tab."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What is chosen, as typed and as used; what is `wrong` has a message and its usual value."""

    typed: Mapping[str, str]
    values: Mapping[str, str]
    wrong: Mapping[str, str]
    site: Site | None

    @classmethod
    def of(cls, given: Mapping[str, str], sites: Sites, themes: Sequence[str]) -> Self:
        typed = {name: " ".join(given.get(name, usual).split()) for name, usual in USUAL.items()}
        given = {name: value or USUAL[name] for name, value in typed.items()}
        found = {name: _wrong(name, value, sites, themes) for name, value in given.items()}
        wrong = {name: message for name, message in found.items() if message}
        values = {
            name: USUAL[name] if name in wrong else _usable(name, value)
            for name, value in given.items()
        }
        site = sites.get(values["site"]) if values["site"] else None
        for name, of_site in _filters_of(site).items():
            if values[name] == ALL and not of_site:
                typed[name] = values[name] = ""
        return cls(typed, values, wrong, site)

    @property
    def language(self) -> Language:
        return Language(self.values["lang"])

    @property
    def asked(self) -> SearchRequest:
        """What every search begins with: what is chosen, else what the site is registered with."""
        filters = self._filters
        return SearchRequest(department=filters["department"], theme=filters["theme"])

    @property
    def site_filters(self) -> Mapping[str, str]:
        return _filters_of(self.site)

    @property
    def has_filter_of_site(self) -> bool:
        return any(of_site and not self.values[name] for name, of_site in self.site_filters.items())

    @property
    def attributes(self) -> dict[str, str]:
        chosen = {name: self.values[name] for name in _ATTRIBUTES}
        unusual = {name: value for name, value in chosen.items() if value != USUAL[name]}
        for name in self.site_filters:
            if unusual.get(name) == ALL:
                unusual[name] = ""
        return {"lang": self.values["lang"], **unusual}

    @property
    def tried(self) -> dict[str, str]:
        attributes = {**self.attributes, **self._filters, "site": ""}
        return {name: value for name, value in attributes.items() if value}

    @property
    def look(self) -> dict[str, str]:
        look = {f"--quisait-{name}": colour for name, colour in self._own_colours.items()}
        if self.values["radius"] != USUAL["radius"]:
            look["--quisait-radius"] = f"{self.values['radius']}px"
        if scheme := _SCHEMES.get(self.values["scheme"]):
            look["color-scheme"] = scheme
        return look

    @property
    def low_contrasts(self) -> dict[str, float]:
        chosen = {**COLOURS, **self._own_colours}
        found = {name: contrast(chosen[name], chosen["paper"]) for name in LEAST_CONTRASTS}
        return {name: ratio for name, ratio in found.items() if ratio < LEAST_CONTRASTS[name]}

    @property
    def _filters(self) -> dict[str, str]:
        return {
            name: "" if self.values[name] == ALL else self.values[name] or of_site
            for name, of_site in self.site_filters.items()
        }

    @property
    def _own_colours(self) -> dict[str, str]:
        """All or none of them: those of the widget change with light and dark, one's own do not."""
        return {name: self.values[name] for name in COLOURS} if self.values["colours"] else {}


def _filters_of(site: Site | None) -> Mapping[str, str]:
    return {"department": site.department if site else "", "theme": site.theme if site else ""}


_PATTERNS: Mapping[str, tuple[str, str]] = {
    "lang": ("|".join(Language), _NO_CHOICE),
    "open": ("inline|dialog", _NO_CHOICE),
    "target": ("_self|_blank", _NO_CHOICE),
    "scheme": ("page|device|light|dark", _NO_CHOICE),
    "colours": ("|own", _NO_CHOICE),
    "script": ("pinned|newest", _NO_CHOICE),
    "limit": ("0?[1-9]|1[0-9]|20", N_("The number of results is a whole number from 1 to 20.")),
    "radius": ("0?[0-9]|[12][0-9]|3[0-2]", _RADIUS),
    "shortcut": ("[A-Za-z0-9]?", N_("The shortcut is one letter, such as k or j.")),
    **dict.fromkeys(("label", "placeholder"), (f".{{0,{MAX_OPTION_CHARS}}}", _LONG_TEXT)),
    **dict.fromkeys(COLOURS, ("#[0-9A-Fa-f]{6}", _COLOUR)),
}


def _wrong(name: str, value: str, sites: Sites, themes: Sequence[str]) -> str:
    pattern, refusal = _PATTERNS.get(name, ("", ""))
    if refusal and not re.fullmatch(pattern, value):
        return refusal
    message = ""
    try:
        if name == "shortcut" and value.lower() in _NEEDED:
            message = _TAKEN
        elif name == "theme" and value not in {"", ALL, *themes}:
            message = N_("This theme is not in the catalogue.")
        elif name == "site" and value and sites.get(value).disabled:
            message = CLOSED
        elif name == "department" and value != ALL:
            department_code(value)
    except UnknownRecord:
        message = UNKNOWN
    except ValueError:
        message = UNKNOWN_DEPARTMENT
    return message


def _usable(name: str, value: str) -> str:
    if name in {"limit", "radius"}:
        return str(int(value))
    return department_code(value) if name == "department" and value != ALL else value


ROOM = {"inline": "max(5rem, 80px)", "dialog": "max(3rem, 48px)"}
"""The height of the closed widget, reserved so that nothing moves when it appears."""

FRAME_HEIGHT_PX = 480  # room for the first answers, where the frame is not as high as what it shows


class EmbedCode:
    """The code for the chosen options; styles are apart, as strict policies refuse them in HTML."""

    def __init__(self, choices: Choices, scripts: WidgetScripts, root: str) -> None:
        self._choices = choices
        self._scripts = scripts
        self._root = root

    @property
    def element(self) -> str:
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
        catalogue = escape(self._text(N_("Search the catalogue “Qui sait faire ?”")))
        return _lines(
            _tag("script", script, "async") + "</script>",
            _tag("quisait-search", self._choices.attributes),
            f"  {_tag('a', {'href': results})}{catalogue}</a>",
            "</quisait-search>",
        )

    @property
    def element_style(self) -> str:
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
        address = f"{self._root}{WIDGET_PREFIX}/frame.js"
        return _tag("script", {"src": address}, "async") + "</script>"

    @property
    def form(self) -> str:
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
            "placeholder": values["placeholder"] or self._text(N_("a thing, a material, a skill")),
        }
        label = escape(values["label"] or self._text(N_("What do you need?")))
        filters = {"department": asked.department, "theme": asked.theme}
        return _lines(
            _tag("form", form),
            f"  {_tag('label', {'for': 'quisait-q'})}{label}</label>",
            "  " + _tag("input", field, "required"),
            *(
                "  " + _tag("input", {"type": "hidden", "name": name, "value": value})
                for name, value in filters.items()
                if value
            ),
            f"  <button>{escape(self._text(N_('Search')))}</button>",
            "</form>",
        )

    def _text(self, message: str) -> str:
        return translations(self._choices.language).gettext(message)


def _lines(*lines: str) -> str:
    return "\n".join(lines)


def _tag(name: str, attributes: Mapping[str, str] | None = None, *bare: str) -> str:
    pairs = [f'{key}="{escape(value)}"' for key, value in (attributes or {}).items()]
    return f"<{' '.join([name, *pairs, *bare])}>"


def _rule(selector: str, properties: Mapping[str, str]) -> str:
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
        max_radius=32,
        max_text=MAX_OPTION_CHARS,
        key_chars=KEY_CHARS,
        all=ALL,
        demonstration=is_demonstration(request),
        widget_address=scripts.current_address,
        code=EmbedCode(choices, scripts, request.root),
    )
