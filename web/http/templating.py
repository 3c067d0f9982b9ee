"""Templates into text in each language, and static files under addresses that change with them."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from kb.reference.departments import NAMES
from kb.registers.pictures import names_of, size_in
from web.http import safe_html
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

STATIC_FOLDER = Path(str(files("web").joinpath("static")))
_FOREVER = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Serves the static folder; `url` gives the address of a file with a hash of its content."""

    def __init__(self, mounted_at: str, installed: Mapping[str, Path] = {}) -> None:
        """`installed` are files of installed packages, by the name that they are served under."""
        super().__init__(directory=STATIC_FOLDER)
        self._mounted_at = mounted_at
        self._installed = installed
        ours = {
            path.relative_to(STATIC_FOLDER).as_posix(): path
            for path in sorted(STATIC_FOLDER.rglob("*"))
            if path.is_file()
        }
        self._hashes = {
            name: sha256(path.read_bytes()).hexdigest()[:12]
            for name, path in {**ours, **installed}.items()
        }

    def url(self, name: str) -> str:
        return f"{self._mounted_at}/{name}?v={self._hashes[name]}"

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        if installed := self._installed.get(path):
            return str(installed), installed.stat()
        return super().lookup_path(path)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        name = self.get_path(scope)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v", [""])[0]
        unchanged = asked == self._hashes.get(name)
        response.headers["Cache-Control"] = _FOREVER if unchanged else "no-cache"
        # To our frame in a sandbox, we are another origin.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response


RoomFilters = Callable[[Language], Mapping[str, Callable[..., object]]]

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


class Renderer:
    def __init__(
        self, assets: Assets, rooms: Sequence[RoomFilters] = (), sub_path: SubPath = WHOLE_HOST
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
        return sub_path.on_site(target if isinstance(target, str) else target.path(other))

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
        picture_set=lambda name: ", ".join(
            f"{sub_path.on_site(f'/media/{each}')} {size_in(each).width}w"
            for each in names_of(name)
        ),
        picture_size=_picture_size,
        site_name=lambda url: urlsplit(url).netloc.removeprefix("www."),
        web_link=web_link,
        **{name: partial(one, language=language) for name, one in _IN_LANGUAGE.items()},
    )
    return environment


def _picture_size(name: str) -> Markup:
    size = size_in(name)
    return Markup(' width="{}" height="{}"').format(size.width, size.height)
