"""What can be chosen for a search that is put on another site, as a form sends it, and checked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from kb.errors import UnknownRecord
from kb.messages import N_
from kb.reference.departments import department_code
from kb.registers.sites import Site, Sites
from web.embed.access import CLOSED, UNKNOWN
from web.http.colours import contrast
from web.http.i18n import Language
from web.http.labels import UNKNOWN_DEPARTMENT
from web.search.request import SearchRequest

MAX_OPTION_CHARS = 120
MAX_RADIUS_PX = 32

COLOURS: Mapping[str, str] = {"accent": "#9c2f1b", "paper": "#fffcf4", "ink": "#241e18"}
"""The colours that can be chosen, and what they are in the widget's own light look."""

ALL = "*"
"""Chosen for a department or a theme: all of them, whatever the site begins with."""

READABLE = 4.5
"""The least contrast of a text with its ground (WCAG 2.2, 1.4.3)."""

DISTINCT = 3.0
"""The least contrast of what is no text, such as the frame of what has the focus (1.4.11)."""

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
"""What holds where nothing else is chosen."""

_ATTRIBUTES = (
    "site", "department", "theme", "limit", "open", "shortcut", "target", "label", "placeholder",
)  # fmt: skip

_SCHEMES = {"device": "light dark", "light": "light", "dark": "dark"}
"""What CSS calls them; as the page around is what holds anyway."""

_NO_CHOICE = N_("This address contains an unknown setting.")
_NO_THEME = N_("This theme is not in the catalogue.")
_LIMIT = N_("The number of results is a whole number from 1 to 20.")
_RADIUS = N_("The corner radius is a whole number of pixels, from 0 to 32.")
_SHORTCUT = N_("The shortcut is one letter, such as k or j.")
_TAKEN = N_("Browsers and text fields need this key with Ctrl: choose another, such as k or j.")
_COLOUR = N_("A colour is written as # and six digits or letters, such as #9c2f1b.")
_LONG_TEXT = N_("A text has at most 120 characters.")

_NEEDED = frozenset("acflnprstvwxyz0123456789")
"""Keys that do something with Ctrl or ⌘ already: select, copy, find, undo, open a tab."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What is chosen: as it was typed, and as it can be used.

    What cannot be used is `wrong`, with a message in English, and has its usual value in `values`.
    """

    typed: Mapping[str, str]
    values: Mapping[str, str]
    wrong: Mapping[str, str]
    site: Site | None

    @classmethod
    def of(cls, given: Mapping[str, str], sites: Sites, themes: Sequence[str]) -> Self:
        """Checks what is given; what `USUAL` does not name is left out."""
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
            # Where the site has none, all is what holds anyway.
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
        """What the site is registered with: nothing where none is given."""
        return _filters_of(self.site)

    @property
    def has_filter_of_site(self) -> bool:
        """Whether `asked` has one that is the site's, which may be another one later."""
        return any(of_site and not self.values[name] for name, of_site in self.site_filters.items())

    @property
    def attributes(self) -> dict[str, str]:
        """Those of the element: its language, and what is not as usual."""
        chosen = {name: self.values[name] for name in _ATTRIBUTES}
        unusual = {name: value for name, value in chosen.items() if value != USUAL[name]}
        for name in self.site_filters:
            if unusual.get(name) == ALL:
                unusual[name] = ""
        return {"lang": self.values["lang"], **unusual}

    @property
    def tried(self) -> dict[str, str]:
        """The same to be tried here: nothing counts for the site, whose filters still hold."""
        attributes = {**self.attributes, **self._filters, "site": ""}
        return {name: value for name, value in attributes.items() if value}

    @property
    def look(self) -> dict[str, str]:
        """The properties of CSS that make the chosen look."""
        look = {f"--quisait-{name}": colour for name, colour in self._own_colours.items()}
        if self.values["radius"] != USUAL["radius"]:
            look["--quisait-radius"] = f"{self.values['radius']}px"
        if scheme := _SCHEMES.get(self.values["scheme"]):
            look["color-scheme"] = scheme
        return look

    @property
    def low_contrasts(self) -> dict[str, float]:
        """The contrasts of ink and accent with the paper, where they are too low."""
        chosen = {**COLOURS, **self._own_colours}
        found = {name: contrast(chosen[name], chosen["paper"]) for name in ("ink", "accent")}
        least = {"ink": READABLE, "accent": DISTINCT}
        return {name: ratio for name, ratio in found.items() if ratio < least[name]}

    @property
    def _filters(self) -> Mapping[str, str]:
        """The department and the theme that searches begin with; empty for all."""
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
    "limit": ("0?[1-9]|1[0-9]|20", _LIMIT),
    "radius": ("0?[0-9]|[12][0-9]|3[0-2]", _RADIUS),
    "shortcut": ("[A-Za-z0-9]?", _SHORTCUT),
    **dict.fromkeys(("label", "placeholder"), (f".{{0,{MAX_OPTION_CHARS}}}", _LONG_TEXT)),
    **dict.fromkeys(COLOURS, ("#[0-9A-Fa-f]{6}", _COLOUR)),
}
"""How the values of options are written, and what is said of others."""


def _wrong(name: str, value: str, sites: Sites, themes: Sequence[str]) -> str:
    """Returns what is wrong with the value of an option, empty if nothing is."""
    message = ""
    if name in _PATTERNS:
        pattern, refusal = _PATTERNS[name]
        message = "" if re.fullmatch(pattern, value) else refusal
        if name == "shortcut" and value.lower() in _NEEDED:
            message = _TAKEN
    elif name == "theme":
        message = "" if value in {"", ALL, *themes} else _NO_THEME
    elif name == "site" and value:
        try:
            message = CLOSED if sites.get(value).disabled else ""
        except UnknownRecord:
            message = UNKNOWN
    elif name == "department" and value != ALL:
        try:
            department_code(value)
        except ValueError:
            message = UNKNOWN_DEPARTMENT
    return message


def _usable(name: str, value: str) -> str:
    """Returns the value of an option that is not wrong as it is used."""
    if name in {"limit", "radius"}:
        return str(int(value))
    return department_code(value) if name == "department" and value != ALL else value
