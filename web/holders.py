"""Pages that organisations hold, from asking for one to giving it back; what is wrong on a page."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import idna
from starlette.responses import Response
from tld import is_tld

from kb.errors import InputError, UnknownRecord
from kb.messages import N_
from kb.models import Actor
from kb.registers.accounts import MAX_NAME_CHARS, AccountRole, Credentials
from kb.registers.alerts.outbox import NewMail, checked_address
from kb.registers.holders import LINK_MAIL, Flag, FlaggedKind, FlagReason, HoldState
from kb.resolution.contacts import contacts_of
from web.catalogue.records import flagged_page, page_of_flag
from web.http.labels import translated
from web.http.refusals import Refusal, no_such_action, not_allowed
from web.http.routing import APageRequest, PageRequest, PageRouter, see, text_of
from web.http.security.sessions import AForm, AFormOfAnyone, AModerator, ASession, sessions_of
from web.http.urls import Page, address
from web.mail import mail_writer_of

router = PageRouter()
FREE_ASKS = 5
FREE_FLAGS = 5

SENT: Mapping[str, str] = {
    "mail": N_(
        "Check your mailbox: an e-mail tells you what to do next. Its link works for two days. No "
        "e-mail after ten minutes? Look in your spam folder. An address gets at most three such "
        "e-mails a day."
    ),
    "waits": N_("Received. A moderator decides, and answers you at this address."),
}

DONE: Mapping[str, str] = {
    "accept": N_("Accepted."),
    "refuse": N_("Refused. The address of who asked is deleted."),
    "withdraw": N_("Nobody manages this page any more. Its content stays."),
}

REASONS: Mapping[FlagReason, str] = {
    FlagReason.CLOSED: N_("It is closed, or no longer does this"),
    FlagReason.CONTACT: N_("The contact details are wrong"),
    FlagReason.TRADE: N_("What it says it can do is wrong"),
    FlagReason.RIGHTS: N_("It is about me or uses my work: please remove it"),
    FlagReason.OTHER: N_("Something else"),
}

DECIDED_MEANWHILE = N_("Another moderator has already decided on this.")


def proves(email: str, actor: Actor, actors: Iterable[Actor]) -> bool:
    """Returns whether the address is at the domain of the actor's website, and of nobody else's.

    Platforms, public suffixes and hosts that other `actors` have prove nothing, nor do addresses at
    a parent domain. Raises InputError if `email` is no address.
    """
    domain = checked_address(email).rpartition("@")[2]
    contacts = contacts_of(actor.website, (), (email,))
    host = _ascii(contacts.host)
    if not (contacts.domain and "." in host) or is_tld(host, search_private=True):
        return False
    if domain != host and not domain.endswith(f".{host}"):
        return False
    return not any(
        other.id != actor.id and _ascii(contacts_of(other.website, (), ()).host) == host
        for other in actors
    )


def _ascii(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode() if host else ""
    except idna.IDNAError:
        return ""


@router.shows(Page.HOLD)
def hold_page(request: APageRequest, record_id: str, sent: str = "", done: str = "") -> Response:
    actor = request.knowledge_base.actor(record_id)
    return _hold_page(request, actor, sent=SENT.get(sent, ""), done=DONE.get(done, ""))


@router.takes(Page.HOLD)
def ask_or_decide(
    request: APageRequest, session: ASession, form: AFormOfAnyone, record_id: str
) -> Response:
    base, what = request.knowledge_base, text_of(form, "do")
    actor = base.actor(record_id)
    if what == "ask":
        return _ask(request, actor, form)
    if what not in DONE:
        raise no_such_action()
    if session.account is None or not session.account.role.may(AccountRole.MODERATOR):
        raise not_allowed()
    asked = next((hold.id for hold in base.holds.of(actor.id) if hold.id == form.get("id")), "")
    sends_mail, token = request.settings.sends_mail, ""
    try:
        if what == "accept":
            token = base.holds.accept(
                asked,
                by=session.account.name,
                write=(lambda hold, token: _mail(request, hold.email, hold.lang, token))
                if sends_mail
                else None,
            )
        elif what == "refuse":
            base.holds.refuse(asked)
        else:
            base.holds.withdraw(asked)
    except UnknownRecord:
        raise Refusal(409, DECIDED_MEANWHILE) from None
    if token and not sends_mail:
        # Shown once, to the moderator who hands it over.
        link = request.absolute_url(address(Page.HOLD_CONFIRM, key=token))
        return _hold_page(request, actor, done=DONE[what], link=link)
    return see(request, address(Page.HOLD, actor.id, done=what))


def _ask(request: PageRequest, actor: Actor, form: Mapping[str, object]) -> Response:
    base = request.knowledge_base
    typed = {name: text_of(form, name).strip() for name in ("email", "message")}
    if text_of(form, "website"):
        return see(request, address(Page.HOLD, actor.id, sent="waits"))
    errors: dict[str, str] = {}
    try:
        email = checked_address(typed["email"])
    except InputError as error:
        errors["email"] = translated(error.remark, request.language)
    if len(typed["message"]) > 1000:
        errors["message"] = N_("Shorten it: 1,000 characters at most.")
    if errors:
        return _hold_page(request, actor, form={**typed, "errors": errors}, status_code=400)
    request.slow_down("hold_throttle")
    is_proof = request.settings.sends_mail and proves(email, actor, base.actors())
    base.holds.ask(
        actor.id,
        email,
        message=typed["message"],
        lang=request.language.value,
        write=partial(_mail, request, email, request.language) if is_proof else None,
    )
    return see(request, address(Page.HOLD, actor.id, sent="mail" if is_proof else "waits"))


def _mail(request: PageRequest, email: str, lang: str, token: str) -> NewMail:
    link = address(Page.HOLD_CONFIRM, key=token)
    return mail_writer_of(request).write(
        "holders/mail/hold", lang, recipient=email, purpose=LINK_MAIL, link=link
    )


def _hold_page(
    request: PageRequest, actor: Actor, *, status_code: int = 200, **shown: Any
) -> Response:
    account = request.session.account
    moderates = account is not None and account.role.may(AccountRole.MODERATOR)
    empty: dict[str, Any] = {
        "form": {"email": "", "message": "", "errors": {}},
        "sent": "",
        "link": "",
    }
    response = request.page(
        "holders/hold.html",
        here=address(Page.HOLD, actor.id),
        status_code=status_code,
        actor=actor,
        offered=request.welcome(),
        moderates=moderates,
        holds=request.knowledge_base.holds.of(actor.id) if moderates else [],
        held=HoldState.HELD,
        **empty | shown,
    )
    if "link" in shown:
        response.headers["Cache-Control"] = "private, no-store"
    return response


@router.shows(Page.HOLD_CONFIRM)
def confirm_page(request: APageRequest, key: str = "") -> Response:
    """Asks for a press of a button: mail programs that look at links must not use them up."""
    return _confirm_page(request, key)


@router.takes(Page.HOLD_CONFIRM)
def confirm(request: APageRequest, session: ASession, form: AFormOfAnyone) -> Response:
    holds, key = request.knowledge_base.holds, text_of(form, "key")
    name, new = text_of(form, "name"), text_of(form, "new")
    try:
        if session.account:
            hold = holds.confirm(key, session.account)
        else:
            holds.linked(key)
            if new != text_of(form, "again"):
                wrong = {"new": N_("The two passwords are different.")}
                return _confirm_page(request, key, name, wrong)
            hold, account = holds.confirm_with(key, Credentials.of(name, new))
            sessions_of(request.http).sign_in(request.http, account)
    except UnknownRecord:
        return _confirm_page(request, "")
    except InputError as error:
        field = "name" if error.field == "name" else "new"
        wrong = {field: translated(error.remark, request.language)}
        return _confirm_page(request, key, name, wrong)
    return see(request, address(Page.ACTOR, hold.actor_id, done="held"))


def _confirm_page(
    request: PageRequest, key: str, name: str = "", errors: Mapping[str, str] | None = None
) -> Response:
    base = request.knowledge_base
    actor: Actor | None = None
    if request.session.account or request.welcome():
        try:
            actor = base.actor(base.holds.linked(key).actor_id)
        except UnknownRecord:
            actor = None
    over = N_(
        "This link was followed already, or is more than two days old. Ask for the page again."
    )
    response = request.page(
        "holders/confirm.html",
        here=address(Page.HOLD_CONFIRM, key=key),
        status_code=200 if actor and not errors else 400,
        actor=actor,
        key=key,
        name=name or (actor.name[:MAX_NAME_CHARS] if actor else ""),
        errors=errors or {},
        message="" if actor else over,
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


@router.shows(Page.FLAG)
def flag_form(request: APageRequest, kind: str = "", id: str = "", sent: str = "") -> Response:
    return _flag_page(request, kind, id, {}, sent=bool(sent))


@router.takes(Page.FLAG)
def raise_flag(
    request: APageRequest, form: AFormOfAnyone, kind: str = "", id: str = ""
) -> Response:
    base = request.knowledge_base
    flagged_page(base, kind, id)
    typed = {name: text_of(form, name).strip() for name in ("subject", "text", "email")}
    errors: dict[str, str] = {}
    if typed["subject"] not in set(FlagReason):
        errors["subject"] = N_("Choose what it is about.")
    if not typed["text"]:
        errors["text"] = N_("Say in a sentence what is wrong.")
    elif len(typed["text"]) > 2000:
        errors["text"] = N_("Shorten it: 2,000 characters at most.")
    try:
        email = checked_address(typed["email"]) if typed["email"] else ""
    except InputError as error:
        errors["email"] = translated(error.remark, request.language)
    if errors:
        return _flag_page(request, kind, id, {**typed, "errors": errors})
    if not text_of(form, "website"):
        request.slow_down("flag_throttle")
        base.flags.add(
            FlaggedKind(kind),
            id,
            FlagReason(typed["subject"]),
            text=typed["text"],
            lang=request.language.value,
            email=email,
        )
    return see(request, address(Page.FLAG, kind=kind, id=id, sent="1"))


def _flag_page(
    request: PageRequest, kind: str, id: str, form: Mapping[str, object], *, sent: bool = False
) -> Response:
    return request.page(
        "holders/flag.html",
        here=address(Page.FLAG, kind=kind, id=id),
        status_code=400 if form else 200,
        flagged=flagged_page(request.knowledge_base, kind, id),
        form={"subject": "", "text": "", "email": "", "errors": {}, **form},
        reasons=REASONS,
        offered=sent or request.welcome(),
        sent=sent,
    )


@router.shows(Page.FLAGGED)
def flagged_pages(request: APageRequest, _account: AModerator, done: str = "") -> Response:
    return _queue_page(request, {}, done=bool(done))


@router.takes(Page.FLAGGED)
def settle(request: APageRequest, account: AModerator, form: AForm) -> Response:
    base = request.knowledge_base
    id, line = text_of(form, "id"), " ".join(text_of(form, "settlement").split())
    if not line or len(line) > 500:
        message = (
            N_("Shorten it: one line, 500 characters at most.")
            if line
            else N_("Say in a line what you did, or why there is nothing to do.")
        )
        return _queue_page(request, {id: (line, message)})

    def write(flag: Flag) -> NewMail:
        return mail_writer_of(request).write(
            "holders/mail/settled",
            flag.lang,
            recipient=flag.email,
            purpose="flag",
            settlement=flag.settlement,
            link=page_of_flag(base, flag).page,
        )

    try:
        base.flags.settle(
            id, line, by=account.name, write=write if request.settings.sends_mail else None
        )
    except UnknownRecord:
        raise Refusal(409, DECIDED_MEANWHILE) from None
    return see(request, address(Page.FLAGGED, done="settled"))


def _queue_page(
    request: PageRequest, refused: Mapping[str, tuple[str, str]], *, done: bool = False
) -> Response:
    base = request.knowledge_base
    return request.page(
        "holders/flagged.html",
        here=address(Page.FLAGGED),
        status_code=400 if refused else 200,
        flags=[(flag, page_of_flag(base, flag)) for flag in base.flags.waiting()],
        reasons=REASONS,
        refused=refused,
        done=done,
    )
