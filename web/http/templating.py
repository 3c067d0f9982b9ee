"""Templates into text: one Jinja environment per language, with what every page needs.

Owns how values are written in a language (dates, numbers). Each room registers the filters of its
own templates. What a page shows is the pages' work, what it says the templates'.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from kb.reference.departments import NAMES
from kb.registers.pictures.encoding import names_of, size_in
from web.http import safe_html
from web.http.assets import Assets
from web.http.i18n import (
    Language,
    country_name,
    translations,
    written_date,
    written_duration,
    written_moment,
    written_number,
    written_percent,
    written_period,
    written_score,
)
from web.http.labels import filters as label_filters
from web.http.labels import localized, translated
from web.http.urls import WHOLE_HOST, Address, Page, SubPath, address, web_link

RoomFilters = Callable[[Language], Mapping[str, Callable[..., object]]]
"""Gives the filters of a room's templates in a language, by name."""


_IN_LANGUAGE: Mapping[str, Callable[..., object]] = {
    "country": country_name,
    "day": written_date,
    "moment": written_moment,
    "moment_in_utc": partial(written_moment, in_utc=True),
    "duration": written_duration,
    "number": written_number,
    "percent": written_percent,
    "period": written_period,
    "score": written_score,
    "localized": localized,
    "translated": translated,
}
"""Filters that write a value in the language of the page."""


class Renderer:
    """Renders templates of `templates/` in any language."""

    def __init__(
        self,
        assets: Assets,
        rooms: Sequence[RoomFilters] = (),
        sub_path: SubPath = WHOLE_HOST,
    ) -> None:
        self._environments = {
            language: _environment(language, assets, sub_path) for language in Language
        }
        for language, environment in self._environments.items():
            for room_filters in (label_filters, *rooms):
                environment.filters.update(room_filters(language))

    def render(self, template: str, language: Language, **context: object) -> str:
        """Renders a template; every name that it uses must be in `context` or the environment."""
        return self._environments[language].get_template(template).render(context)


def _environment(language: Language, assets: Assets, sub_path: SubPath) -> Environment:
    environment = Environment(
        loader=PackageLoader("web"),
        # Markdown is for programs, and the text of a mail for people: neither is markup.
        autoescape=select_autoescape(disabled_extensions=("md", "txt"), default=True),
        undefined=StrictUndefined,
        # A running server has the templates that its code was written with.
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    messages = translations(language)
    environment.install_gettext_translations(messages, newstyle=True)  # type: ignore[attr-defined]

    def path_to(page: Page | str, record_id: str = "", **query: str | int) -> str:
        return on_site(address(page, record_id, **query))

    def on_site(target: Address | str, other: Language = language) -> str:
        """What a page of this site links to: a page, in its language, or a path such as /api."""
        path = target if isinstance(target, str) else target.path(other)
        return sub_path.on_site(path)

    environment.globals.update(
        language=language,
        languages=tuple(Language),
        address=address,
        asset=lambda name: on_site(assets.url(name)),
        path_to=path_to,
    )
    environment.filters.update(
        article=safe_html.article,
        department=lambda code: f"{NAMES[code]} ({code})" if code in NAMES else code,
        marked=safe_html.marked,
        marked_excerpt=safe_html.marked_excerpt,
        on_site=on_site,
        picture_set=lambda name: _picture_set(name, sub_path),
        picture_size=_picture_size,
        site_name=lambda url: urlsplit(url).netloc.removeprefix("www."),
        web_link=web_link,
        **{name: partial(one, language=language) for name, one in _IN_LANGUAGE.items()},
    )
    return environment


def _picture_size(name: str) -> Markup:
    """Returns the attributes `width` and `height` of a picture, so that a page need not shift."""
    size = size_in(name)
    return Markup(' width="{}" height="{}"').format(size.width, size.height)


def _picture_set(name: str, sub_path: SubPath) -> str:
    """Returns the widths of a photograph as `srcset` lists them."""
    return ", ".join(
        f"{sub_path.on_site(f'/media/{each}')} {size_in(each).width}w" for each in names_of(name)
    )
