"""What can be chosen for a search that is put on another site, as a form sends it, and checked."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from kb.errors import UnknownRecord
from kb.messages import N_
from kb.reference.departments import department_code
from kb.registers.sites import Site, Sites
from web.embed.access import CLOSED, UNKNOWN
from web.embed.widget_schemas import MAX_LIMIT
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

_CHOICES: Mapping[str, Sequence[str]] = {
    "lang": [language.value for language in Language],
    "open": ["inline", "dialog"],
    "target": ["_self", "_blank"],
    "scheme": ["page", "device", "light", "dark"],
    "colours": ["", "own"],
    "script": ["pinned", "newest"],
}

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
        values, wrong = {}, {}
        for name, check in _checks(sites, themes).items():
            try:
                values[name] = check(typed[name])
            except _WrongError as error:
                values[name], wrong[name] = USUAL[name], str(error)
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


class _WrongError(Exception):
    """Its text is the message."""


_Check = Callable[[str], str]


def _checks(sites: Sites, themes: Sequence[str]) -> Mapping[str, _Check]:
    def known_site(key: str) -> str:
        try:
            site = sites.get(key) if key else None
        except UnknownRecord:
            raise _WrongError(UNKNOWN) from None
        if site and site.disabled:
            raise _WrongError(CLOSED)
        return key

    return {
        **{name: _one_of(choices, _NO_CHOICE) for name, choices in _CHOICES.items()},
        "site": known_site,
        "department": lambda value: value if value == ALL else _department(value),
        "theme": _one_of(["", ALL, *themes], _NO_THEME),
        "limit": _number("limit", 1, MAX_LIMIT, _LIMIT),
        "radius": _number("radius", 0, MAX_RADIUS_PX, _RADIUS),
        "shortcut": _shortcut,
        **dict.fromkeys(COLOURS, _written(r"#[0-9A-Fa-f]{6}", _COLOUR)),
        **dict.fromkeys(
            ("label", "placeholder"), _written(rf".{{0,{MAX_OPTION_CHARS}}}", _LONG_TEXT)
        ),
    }


def _valid(holds: Callable[[str], object], message: str) -> _Check:
    """Returns a check that gives back the values for which this holds, and refuses others."""

    def check(value: str) -> str:
        if not holds(value):
            raise _WrongError(message)
        return value

    return check


def _one_of(choices: Sequence[str], message: str) -> _Check:
    return _valid(choices.__contains__, message)


def _written(pattern: str, message: str) -> _Check:
    return _valid(re.compile(pattern).fullmatch, message)


def _number(name: str, least: int, most: int, message: str) -> _Check:
    def check(value: str) -> str:
        value = value or USUAL[name]
        if not re.fullmatch(r"[0-9]{1,4}", value) or not least <= int(value) <= most:
            raise _WrongError(message)
        return str(int(value))

    return check


def _shortcut(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]?", value):
        raise _WrongError(_SHORTCUT)
    if value.lower() in _NEEDED:
        raise _WrongError(_TAKEN)
    return value


def _department(value: str) -> str:
    try:
        return department_code(value)
    except ValueError:
        raise _WrongError(UNKNOWN_DEPARTMENT) from None


def contrast(colour: str, other: str) -> float:
    """The contrast of two colours such as `#9c2f1b`, from 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(colour), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """The relative luminance of an sRGB colour, from 0 to 1 (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
