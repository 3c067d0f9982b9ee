"""The route of the pictures of shared pages: drawn when first asked for, and kept for a while."""

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import quote

from fastapi import HTTPException
from starlette.responses import Response

from kb.reference.departments import NAMES
from kb.registers.pictures.names import names_of
from web.http.dependencies import APageRequest
from web.http.i18n import Language, translations
from web.http.request import PageRequest
from web.http.routing import PageRouter
from web.http.urls import Page
from web.identity.accent import accent_of
from web.search.evidence_text import first_sentence
from web.sharing.card import ShareCard, drawn

KEPT_CARDS = 100
DEFAULT_ACCENT = "#9c2f1b"
KEEPING = "public, max-age=3600"

router = PageRouter()

_drawn = lru_cache(KEPT_CARDS)(drawn)

Words = tuple[str, str, str]
"""A title, a line below it, and the name of a picture, or an empty text."""


@router.api_route("/share/{language}/{page}", methods=["GET", "HEAD"])
@router.api_route("/share/{language}/{page}/{record_id:path}", methods=["GET", "HEAD"])
def card(request: APageRequest, language: Language, page: str, record_id: str = "") -> Response:
    """Answers the picture of a page: of the home page, or of a record that is published."""
    if page not in _WORDS:
        raise HTTPException(404)
    title, line, picture = _WORDS[page](request, language, record_id)
    identity = request.identity.identity
    accent = accent_of(identity.accent).light if identity.accent else DEFAULT_ACCENT
    pictures = request.knowledge_base.pictures
    photograph = pictures.get(picture) if pictures.known([picture]) else b""
    described = ShareCard(identity.name, title, line, accent, photograph)
    etag = f'"{hashlib.sha256(repr(described).encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": KEEPING}
    if etag in request.http.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    content = _drawn(described)
    media_type = "image/jpeg" if described.picture else "image/png"
    return Response(content, media_type=media_type, headers=headers)


def _of_home(request: PageRequest, language: Language, _id: str) -> Words:
    gettext = translations(language).gettext
    tagline = request.identity.identity.taglines.get(language, "")
    return tagline or gettext("Who could make it, here? Describe a need, and see."), "", ""


def _of_actor(request: PageRequest, _language: Language, record_id: str) -> Words:
    actor = request.knowledge_base.actor(record_id)
    place = " · ".join(filter(None, (actor.place, NAMES.get(actor.department, ""))))
    described = first_sentence(actor.description) if actor.description else ""
    return actor.name, described or place, ""


def _of_case(request: PageRequest, _language: Language, record_id: str) -> Words:
    case = request.knowledge_base.case(record_id)
    return case.title, case.need, names_of(case.picture)[0] if case.picture else ""


def _of_notice(request: PageRequest, _language: Language, record_id: str) -> Words:
    notice = request.knowledge_base.notices.get(record_id)
    if not notice.is_public:
        raise HTTPException(404)
    content = notice.content
    place = " · ".join(filter(None, (content.place, NAMES.get(content.department, ""))))
    return content.title, place, ""


_WORDS: Mapping[str, Callable[[PageRequest, Language, str], Words]] = {
    Page.HOME: _of_home,
    Page.ACTOR: _of_actor,
    Page.CASE: _of_case,
    Page.NOTICE: _of_notice,
}
"""What the picture of each page says; every other page has that of the home page."""


def share_path(page: str, record_id: str, language: Language) -> str:
    """Returns the path of the picture of a page."""
    if page not in _WORDS or not record_id:
        return f"/share/{language}/{Page.HOME}"
    return f"/share/{language}/{page}/{quote(record_id, safe='')}"


def filters(language: Language) -> Mapping[str, Callable[..., object]]:
    """Returns the filters of templates: the picture of an address."""
    return {"share_path": lambda here: share_path(here.page, here.record_id, language)}
