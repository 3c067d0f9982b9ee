"""The public side of the identity: legal texts, the colour as a style sheet, pictures."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.responses import Response

from kb.registers.access.sessions import LONGEST_DAYS
from kb.registers.accounts import AccountRole
from kb.registers.personal_data.traits import Retention
from kb.registers.pictures.names import is_picture_name
from web.http.dependencies import APageRequest, OpenKnowledgeBase
from web.http.request import PageRequest
from web.http.routing import PageRouter
from web.http.security.cookies import REMEMBERED_S
from web.http.security.sessions import DAY_S
from web.http.urls import Page, address
from web.identity.accent import accent_of
from web.identity.texts import has_blanks, shown, text_of

KEPT_FOREVER = "public, max-age=31536000, immutable"

MEDIA_TYPES: Mapping[str, str] = {"png": "image/png", "webp": "image/webp"}

router = PageRouter()


@router.shows(Page.LEGAL)
def legal(request: APageRequest) -> Response:
    return _text_page(request, Page.LEGAL)


@router.shows(Page.ACCESSIBILITY)
def accessibility(request: APageRequest) -> Response:
    return _text_page(request, Page.ACCESSIBILITY)


@router.shows(Page.PRIVACY)
def privacy(request: APageRequest) -> Response:
    return _text_page(request, Page.PRIVACY)


def _text_page(request: PageRequest, page: Page) -> Response:
    account = request.session.account
    administers = account is not None and account.role.may(AccountRole.ADMINISTRATOR)
    text = text_of(request.identity.identity, page, request.language)
    return request.page(
        "identity/text.html",
        here=address(page),
        page=page,
        demand=request.knowledge_base.demand,
        retention=Retention.of(request.settings),
        browser_days=REMEMBERED_S // DAY_S,
        session_days=LONGEST_DAYS,
        map_host=urlsplit(request.settings.map_tiles_origin).netloc,
        sends_mail=request.settings.sends_mail,
        text=shown(text, with_blanks=administers),
        unfinished=has_blanks(text),
        administers=administers,
    )


@router.api_route("/identity.css", methods=["GET", "HEAD"])
def style(request: APageRequest, v: int = 0) -> Response:
    """Answers the colours of the site; pages ask with the number of the identity's revision."""
    current = request.identity
    content = ""
    if current.identity.accent:
        accent = accent_of(current.identity.accent)
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
