"""The identity of the site: its settings, colour, pictures and legal texts."""

import colorsys
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from fastapi import HTTPException, Query, Request
from markupsafe import Markup
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from ingest.reading import logo_of
from kb.errors import EditConflict, InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.registers.access import LONGEST_DAYS
from kb.registers.accounts import Account, AccountRole
from kb.registers.identity import Identity
from kb.registers.personal_data.traits import Retention
from kb.registers.pictures import MAX_UPLOAD_MB, is_picture_name
from web.http.colours import channels, contrast
from web.http.i18n import Language
from web.http.refusals import no_such_action
from web.http.routing import (
    APageRequest,
    OpenKnowledgeBase,
    PageRequest,
    PageRouter,
    number_in,
    see,
    text_of,
)
from web.http.safe_html import article
from web.http.security.cookies import REMEMBERED_S
from web.http.security.sessions import DAY_S, AnAdministrator, AnUpload
from web.http.urls import Page, address

router = PageRouter()
LEAST_CONTRAST = 4.5  # the contrast of texts with what is behind them, of WCAG 2.2 at level AA
LIGHT_PAPERS = ("#faf5e9", "#fffcf4")
DARK_PAPERS = ("#1a1714", "#24201b")
_STEP = 0.005


class Accent(NamedTuple):
    chosen: str
    light: str
    dark: str


def accent_of(chosen: str) -> Accent:
    light = _readable(chosen, LIGHT_PAPERS, step=-_STEP)
    return Accent(chosen, light, _readable(chosen, DARK_PAPERS, step=_STEP))


def _readable(colour: str, papers: tuple[str, ...], step: float) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*channels(colour))
    while min(contrast(colour, paper) for paper in papers) < LEAST_CONTRAST:
        lightness = min(1.0, max(0.0, lightness + step))
        red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
        colour = f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
    return colour


TEXT_PAGES = (Page.LEGAL, Page.ACCESSIBILITY, Page.PRIVACY)
_BLANK = re.compile(r"\[\[(.+?)\]\]")


@cache
def default_text(page: Page, language: Language) -> str:
    file = files("web").joinpath("texts", f"{page}.{language}.md")
    return file.read_text(encoding="utf-8").strip()


def site_text(identity: Identity, page: Page, language: Language) -> str:
    return identity.texts.get(f"{page}.{language}") or default_text(page, language)


def shown(text: str, *, with_blanks: bool) -> Markup:
    """Returns the HTML of a text: with its blanks marked, or without the lines that have any."""
    if not with_blanks:
        text = "\n".join(line for line in text.split("\n") if not _BLANK.search(line))
        # A heading with nothing below it says nothing.
        text = re.sub(r"^#+ .*\n\s*(?=#+ |\Z)", "", text, flags=re.MULTILINE)
    html = str(article(text))
    # Of HTML that is clean, the blanks are text: their brackets become an element.
    return Markup(_BLANK.sub(r"<mark>\1</mark>", html))  # noqa: S704


KEPT_FOREVER = "public, max-age=31536000, immutable"
MEDIA_TYPES: Mapping[str, str] = {"png": "image/png", "webp": "image/webp"}


@router.shows(Page.LEGAL)
@router.shows(Page.ACCESSIBILITY)
@router.shows(Page.PRIVACY)
def text_page(http: Request, request: APageRequest) -> Response:
    page = Page(http.scope["route"].name)
    account = request.session.account
    administers = account is not None and account.role.may(AccountRole.ADMINISTRATOR)
    text = site_text(request.identity.identity, page, request.language)
    return request.page(
        "identity/text.html",
        here=address(page),
        page=page,
        demand=request.knowledge_base.demand,
        retention=Retention.of(request.settings),
        browser_days=REMEMBERED_S // DAY_S,
        session_days=LONGEST_DAYS,
        map_host=urlsplit(request.settings.map_tiles_origin).netloc,
        text=shown(text, with_blanks=administers),
        unfinished=_BLANK.search(text) is not None,
        administers=administers,
    )


@router.api_route("/identity.css", methods=["GET", "HEAD"])
def style(request: APageRequest, v: int = 0) -> Response:
    current, content = request.identity, ""
    if chosen := current.identity.accent:
        accent = accent_of(chosen)
        content = (
            f":root{{--quisait-accent:{accent.light}}}\n"
            f"@media (prefers-color-scheme:dark){{:root{{--quisait-accent:{accent.dark}}}}}\n"
        )
    keeping = KEPT_FOREVER if v == current.revision else "no-cache"
    return Response(content, media_type="text/css", headers={"Cache-Control": keeping})


@router.api_route("/media/{name}", methods=["GET", "HEAD"])
def picture(name: str, knowledge_base: OpenKnowledgeBase) -> Response:
    """Answers a picture. Its name holds the hash of its content, which never changes."""
    if not is_picture_name(name):
        raise HTTPException(404)
    content = knowledge_base.pictures.get(name)
    media_type = MEDIA_TYPES[name.rpartition(".")[2]]
    return Response(content, media_type=media_type, headers={"Cache-Control": KEPT_FOREVER})


CHANGED_MEANWHILE = N_(
    "Someone else changed the settings meanwhile. What you typed is below: save it to replace "
    "theirs, or look at theirs first."
)


@dataclass(frozen=True, slots=True)
class Typed:
    identity: Identity
    revision: int
    wrong: str = ""
    message: str = ""


@router.shows(Page.SETTINGS)
def settings_page(
    request: APageRequest,
    _account: AnAdministrator,
    done: str = "",
    revision: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    current = request.knowledge_base.identity.current()
    shown = request.knowledge_base.identity.get(revision) if revision else current
    return _settings_page(
        request,
        Typed(shown.identity, current.revision),
        done=bool(done),
        earlier=revision if revision != current.revision else 0,
    )


@router.takes(Page.SETTINGS)
def change_settings(request: APageRequest, account: AnAdministrator, form: AnUpload) -> Response:
    if text_of(form, "do") != "save":
        raise no_such_action()
    base = request.knowledge_base
    typed = Typed(_typed(form), number_in(form, "revision"))
    try:
        typed = replace(typed, identity=_with_logo(base, typed.identity, form, account))
        base.identity.save(typed.identity, by=account.name, revision=typed.revision)
    except InputError as error:
        refused = replace(typed, wrong=error.field or "logo_file", message=error.remark)
        return _settings_page(request, refused)
    except EditConflict:
        newest = base.identity.current().revision
        return _settings_page(
            request, replace(typed, revision=newest, message=CHANGED_MEANWHILE), status_code=409
        )
    return see(request, address(Page.SETTINGS, done="saved"))


def _typed(form: FormData) -> Identity:
    """The identity that a form says; of the texts, those that differ from ours."""
    typed = {
        (page, language): text_of(form, f"{page}.{language}").replace("\r\n", "\n").strip()
        for page in TEXT_PAGES
        for language in Language
    }
    return Identity(
        name=text_of(form, "name"),
        taglines={language: text_of(form, f"tagline_{language}") for language in Language},
        logo="" if form.get("without_logo") else text_of(form, "logo"),
        logo_alt=text_of(form, "logo_alt"),
        accent=text_of(form, "accent"),
        contact=text_of(form, "contact"),
        texts={
            f"{page}.{language}": text
            for (page, language), text in typed.items()
            if text != default_text(page, language)
        },
    )


def _with_logo(
    base: KnowledgeBase, identity: Identity, form: FormData, account: Account
) -> Identity:
    """The identity with the logo that was sent; raises `InputError` if it is no picture."""
    upload = form.get("logo_file")
    name = identity.logo
    if isinstance(upload, UploadFile) and upload.filename:
        content = upload.file.read(MAX_UPLOAD_MB * 1_000_000 + 1)
        name = base.pictures.add([logo_of(content)], by=account.name)
    elif name and not base.pictures.known([name]):
        raise UnknownRecord(f"There is no picture {name!r}.")
    return replace(identity, logo=name)


def _settings_page(
    request: PageRequest,
    typed: Typed,
    *,
    status_code: int = 0,
    done: bool = False,
    earlier: int = 0,
) -> Response:
    identity = typed.identity
    accent = accent_of(identity.accent) if identity.accent and not typed.wrong else None
    return request.page(
        "identity/settings.html",
        here=address(Page.SETTINGS),
        status_code=status_code or (422 if typed.message else 200),
        typed=typed,
        accent=accent,
        texts={
            f"{page}.{language}": site_text(identity, page, language)
            for page in TEXT_PAGES
            for language in Language
        },
        text_pages=TEXT_PAGES,
        revisions=request.knowledge_base.identity.revisions(),
        done=done,
        earlier=earlier,
    )
