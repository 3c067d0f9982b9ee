"""The form that says what is wrong on a page, for anybody; and the page on which it is settled."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from starlette.responses import Response

from kb.errors import InputError, UnknownRecord
from kb.messages import N_
from kb.registers.alerts.outbox import NewMail
from kb.registers.holders import Flag, FlaggedKind, FlagReason
from web.catalogue.records import FlaggedPage, flagged_page, page_of_flag
from web.http.dependencies import APageRequest
from web.http.labels import translated
from web.http.request import PageRequest
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import AForm, AFormOfAnyone, AModerator
from web.http.security.throttle import Throttle, host_of
from web.http.urls import Page, address
from web.mail.writing import mail_writer_of

PURPOSE = "flag"
FREE_FLAGS = 5
"""How many flags an address may raise, before it is slowed down."""

MAX_FLAG_CHARS = 2000
MAX_SETTLEMENT_CHARS = 500

REASONS: Mapping[FlagReason, str] = {
    FlagReason.CLOSED: N_("It is closed, or no longer does this"),
    FlagReason.CONTACT: N_("The contact details are wrong"),
    FlagReason.TRADE: N_("What it says it can do is wrong"),
    FlagReason.RIGHTS: N_("It is about me or uses my work: please remove it"),
    FlagReason.OTHER: N_("Something else"),
}

NO_TEXT = N_("Say in a sentence what is wrong.")
LONG_TEXT = N_("Shorten it: 2,000 characters at most.")
NO_REASON = N_("Choose what it is about.")
TOO_MANY_FLAGS = N_(
    "Several messages came from your connection. Wait a minute, then send it again."
)
NO_SETTLEMENT = N_("Say in a line what you did, or why nothing is to be done.")
LONG_SETTLEMENT = N_("Shorten it: one line, 500 characters at most.")
SETTLED_MEANWHILE = N_("Another moderator has settled this meanwhile.")

router = PageRouter()


@dataclass(frozen=True, slots=True)
class FlagForm:
    """What was typed, and what is wrong with it by field."""

    subject: str = ""
    text: str = ""
    email: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@router.shows(Page.FLAG)
def flag_form(request: APageRequest, kind: str = "", id: str = "", sent: str = "") -> Response:
    flagged = flagged_page(request.knowledge_base, kind, id)
    return _form_page(request, kind, id, flagged, FlagForm(), sent=bool(sent))


@router.takes(Page.FLAG)
def raise_flag(
    request: APageRequest, form: AFormOfAnyone, kind: str = "", id: str = ""
) -> Response:
    flagged = flagged_page(request.knowledge_base, kind, id)
    typed = FlagForm(
        text_of(form, "subject"), text_of(form, "text").strip(), text_of(form, "email").strip()
    )
    errors: dict[str, str] = {}
    if typed.subject not in set(FlagReason):
        errors["subject"] = NO_REASON
    if not typed.text:
        errors["text"] = NO_TEXT
    elif len(typed.text) > MAX_FLAG_CHARS:
        errors["text"] = LONG_TEXT
    if errors:
        return _form_page(request, kind, id, flagged, replace(typed, errors=errors))
    done = address(Page.FLAG, kind=kind, id=id, sent="1")
    if text_of(form, "website"):
        return see(request, done)
    throttle = cast("Throttle", request.http.app.state.flag_throttle)
    if throttle.attempt(host_of(request.http)):
        slow = replace(typed, errors={"text": TOO_MANY_FLAGS})
        return _form_page(request, kind, id, flagged, slow, status_code=429)
    try:
        request.knowledge_base.flags.add(
            FlaggedKind(kind),
            id,
            FlagReason(typed.subject),
            text=typed.text,
            lang=request.language.value,
            email=typed.email,
        )
    except InputError as error:
        wrong = replace(typed, errors={"email": translated(error.remark, request.language)})
        return _form_page(request, kind, id, flagged, wrong)
    return see(request, done)


@router.shows(Page.FLAGGED)
def flagged_pages(request: APageRequest, _account: AModerator, done: str = "") -> Response:
    return _queue_page(request, done=bool(done))


@router.takes(Page.FLAGGED)
def settle(request: APageRequest, account: AModerator, form: AForm) -> Response:
    id, line = text_of(form, "id"), " ".join(text_of(form, "settlement").split())
    if not line or len(line) > MAX_SETTLEMENT_CHARS:
        message = LONG_SETTLEMENT if line else NO_SETTLEMENT
        return _queue_page(request, refused={id: (line, message)}, status_code=400)
    base = request.knowledge_base

    def write(flag: Flag) -> NewMail:
        return mail_writer_of(request).write(
            "holders/mail/settled",
            flag.lang,
            recipient=flag.email,
            purpose=PURPOSE,
            settlement=flag.settlement,
            link=page_of_flag(base, flag).page,
        )

    try:
        base.flags.settle(
            id, line, by=account.name, write=write if request.settings.sends_mail else None
        )
    except UnknownRecord:
        return _queue_page(request, message=SETTLED_MEANWHILE, status_code=409)
    return see(request, address(Page.FLAGGED, done="settled"))


def _form_page(
    request: PageRequest,
    kind: str,
    id: str,
    flagged: FlaggedPage,
    form: FlagForm,
    *,
    sent: bool = False,
    status_code: int = 0,
) -> Response:
    return request.page(
        "holders/flag.html",
        here=address(Page.FLAG, kind=kind, id=id),
        status_code=status_code or (400 if form.errors else 200),
        flagged=flagged,
        form=form,
        reasons=REASONS,
        offered=sent or request.welcome(),
        sent=sent,
        sends_mail=request.settings.sends_mail,
    )


def _queue_page(
    request: PageRequest,
    *,
    done: bool = False,
    message: str = "",
    refused: Mapping[str, tuple[str, str]] | None = None,
    status_code: int = 200,
) -> Response:
    base = request.knowledge_base
    return request.page(
        "holders/flagged.html",
        here=address(Page.FLAGGED),
        status_code=status_code,
        flags=[(flag, page_of_flag(base, flag)) for flag in base.flags.waiting()],
        reasons=REASONS,
        refused=refused or {},
        sends_mail=request.settings.sends_mail,
        done=done,
        message=message,
    )
