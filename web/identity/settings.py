"""The page of the site's settings, for administrators: name, colour, logo, contact, legal texts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Query
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from ingest.reading.documents import logo_of
from kb.errors import EditConflict, InputError, ReadOnlyKnowledgeBase, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.registers.accounts import Account
from kb.registers.identity import Identity
from kb.registers.pictures.encoding import MAX_UPLOAD_MB
from web.editorial.labels import CANNOT_WRITE
from web.http.dependencies import APageRequest
from web.http.i18n import Language
from web.http.refusals import no_such_action
from web.http.request import PageRequest
from web.http.routing import PageRouter, number_in, see, text_of
from web.http.security.sessions import AnAdministrator, AnUpload
from web.http.urls import Page, address
from web.identity import texts
from web.identity.accent import accent_of
from web.identity.texts import TEXT_PAGES, default_text, text_name

CHANGED_MEANWHILE = N_(
    "Someone else changed the settings meanwhile. What you typed is below: save it to replace "
    "theirs, or look at theirs first."
)
MAX_REVISION = 2**31 - 1
"""The largest number that an address may name a revision by."""

router = PageRouter()


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form shows: the identity as it was typed, and what of it was refused."""

    identity: Identity
    revision: int
    wrong: str = ""
    message: str = ""


@router.shows(Page.SETTINGS)
def settings_page(
    request: APageRequest,
    _account: AnAdministrator,
    done: str = "",
    revision: Annotated[int, Query(ge=0, le=MAX_REVISION)] = 0,
) -> Response:
    """Shows the settings, or those of an earlier `revision`, to be saved again."""
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
    except ReadOnlyKnowledgeBase:
        return _settings_page(request, replace(typed, message=CANNOT_WRITE))
    return see(request, address(Page.SETTINGS, done="saved"))


def _typed(form: FormData) -> Identity:
    kept_logo = "" if form.get("without_logo") else text_of(form, "logo")
    return Identity(
        name=text_of(form, "name"),
        taglines={language: text_of(form, f"tagline_{language}") for language in Language},
        logo=kept_logo,
        logo_alt=text_of(form, "logo_alt"),
        accent=text_of(form, "accent"),
        contact=text_of(form, "contact"),
        texts=_own_texts(form),
    )


def _own_texts(form: FormData) -> Mapping[str, str]:
    """The texts that differ from those that come with this software."""
    typed = {
        (page, language): text_of(form, text_name(page, language)).replace("\r\n", "\n").strip()
        for page in TEXT_PAGES
        for language in Language
    }
    return {
        text_name(page, language): text
        for (page, language), text in typed.items()
        if text != default_text(page, language)
    }


def _with_logo(
    base: KnowledgeBase, identity: Identity, form: FormData, account: Account
) -> Identity:
    """The identity with the logo that was sent, which stays if anything else is refused.

    Raises:
        InputError: it is no picture.
    """
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
            text_name(page, language): texts.text_of(identity, page, language)
            for page in TEXT_PAGES
            for language in Language
        },
        text_pages=TEXT_PAGES,
        revisions=request.knowledge_base.identity.revisions(),
        done=done,
        earlier=earlier,
    )
