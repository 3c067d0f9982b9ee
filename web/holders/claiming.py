"""Taking a page in hand: who asks, what is proof, the link, and what moderators decide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import cast

import idna
from starlette.responses import Response
from tld import is_tld

from kb.errors import AccountError, InputError, UnknownRecord
from kb.messages import N_
from kb.models import Actor
from kb.registers.accounts import MAX_NAME_CHARS, Account, AccountRole, Credentials
from kb.registers.alerts.outbox import NewMail, checked_address
from kb.registers.holders import LINK_MAIL, HoldState
from kb.resolution.contacts import contacts_of
from web.http.dependencies import APageRequest
from web.http.labels import translated
from web.http.refusals import no_such_action, not_allowed
from web.http.request import PageRequest
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import AFormOfAnyone, ASession, sessions_of
from web.http.security.throttle import Throttle, host_of
from web.http.urls import Address, Page, address
from web.mail.writing import mail_writer_of

router = PageRouter()


def proves(email: str, actor: Actor, actors: Iterable[Actor]) -> bool:
    """Returns whether the address is at the domain of the actor's website, and of nobody else's.

    The domain is the host of the website or lies below it. A host is no proof on which anybody may
    have a page or a mailbox: a platform, a suffix under which names are registered, a host that
    another of the `actors` has too. An address above the host is none either: the site of a
    laboratory does not belong to everybody at its university.

    Raises:
        InputError: `email` is no e-mail address.
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


FREE_ASKS = 5
"""How many times an address may ask for a page, before it is slowed down."""

MAX_MESSAGE_CHARS = 1000

TOO_MANY_ASKS = N_("Several requests came from your connection. Wait a minute, then send it again.")
LONG_MESSAGE = N_("Shorten it: 1,000 characters at most.")
LINK_OVER = N_(
    "This link was followed already, or is more than two days old. Ask for the page again."
)
DECIDED_MEANWHILE = N_("Another moderator has decided on this meanwhile.")
TWO_PASSWORDS = N_("The two passwords are different.")

SENT: Mapping[str, str] = {
    "mail": N_(
        "Look at your mailbox: a mail leads on. Its link holds for two days. No mail after ten "
        "minutes? Look among the unwanted mails. An address gets three such mails a day at most."
    ),
    "waits": N_("Received. A moderator decides, and answers you at this address."),
}
"""What the page says after the form, by the value of `sent` in its address."""

DONE: Mapping[str, str] = {
    "accept": N_("Accepted."),
    "refuse": N_("Refused. Who asked is forgotten."),
    "withdraw": N_("The page is held by nobody now. Its content stays."),
}
"""What a page says was done, by the value of `done` in its address."""


@dataclass(frozen=True, slots=True)
class HoldForm:
    """What was typed to ask for a page, and what is wrong with it by field."""

    email: str = ""
    message: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


# Asking, and deciding


@router.shows(Page.HOLD)
def hold_page(request: APageRequest, record_id: str, sent: str = "", done: str = "") -> Response:
    """The form to ask; for moderators, who asked and who holds the page."""
    actor = request.knowledge_base.actor(record_id)
    return _hold_page(request, actor, HoldForm(), sent=SENT.get(sent, ""), done=DONE.get(done, ""))


@router.takes(Page.HOLD)
def ask_or_decide(
    request: APageRequest, session: ASession, form: AFormOfAnyone, record_id: str
) -> Response:
    actor = request.knowledge_base.actor(record_id)
    what = text_of(form, "do")
    if what == "ask":
        return _ask(request, actor, form)
    if what not in {"accept", "refuse", "withdraw"}:
        raise no_such_action()
    if session.account is None or not session.account.role.may(AccountRole.MODERATOR):
        raise not_allowed()
    return _decide(request, session.account, actor, what, text_of(form, "id"))


def _ask(request: PageRequest, actor: Actor, form: Mapping[str, object]) -> Response:
    base = request.knowledge_base
    typed = HoldForm(text_of(form, "email").strip(), text_of(form, "message").strip())
    if text_of(form, "website"):
        return see(request, address(Page.HOLD, actor.id, sent="waits"))
    try:
        email = checked_address(typed.email)
    except InputError as error:
        wrong = {"email": translated(error.remark, request.language)}
        return _hold_page(request, actor, replace(typed, errors=wrong), status_code=400)
    if len(typed.message) > MAX_MESSAGE_CHARS:
        wrong = {"message": LONG_MESSAGE}
        return _hold_page(request, actor, replace(typed, errors=wrong), status_code=400)
    if cast("Throttle", request.http.app.state.hold_throttle).attempt(host_of(request.http)):
        wrong = {"email": TOO_MANY_ASKS}
        return _hold_page(request, actor, replace(typed, errors=wrong), status_code=429)
    is_proof = request.settings.sends_mail and proves(email, actor, base.actors())
    base.holds.ask(
        actor.id,
        email,
        message=typed.message,
        lang=request.language.value,
        write=partial(_mail, request, email, request.language) if is_proof else None,
    )
    return see(request, address(Page.HOLD, actor.id, sent="mail" if is_proof else "waits"))


def _decide(request: PageRequest, account: Account, actor: Actor, what: str, id: str) -> Response:
    holds = request.knowledge_base.holds
    token = ""
    try:
        asked = next((hold.id for hold in holds.of(actor.id) if hold.id == id), "")
        if what == "accept":
            token = holds.accept(
                asked,
                by=account.name,
                write=(lambda hold, token: _mail(request, hold.email, hold.lang, token))
                if request.settings.sends_mail
                else None,
            )
        elif what == "refuse":
            holds.refuse(asked)
        else:
            holds.withdraw(asked)
    except UnknownRecord:
        return _hold_page(request, actor, HoldForm(), message=DECIDED_MEANWHILE, status_code=409)
    if token and not request.settings.sends_mail:
        # Shown once, to the moderator who hands it over.
        link = request.absolute_url(_link(token))
        return _hold_page(request, actor, HoldForm(), done=DONE[what], link=link)
    return see(request, address(Page.HOLD, actor.id, done=what))


def _mail(request: PageRequest, email: str, lang: str, token: str) -> NewMail:
    return mail_writer_of(request).write(
        "holders/mail/hold", lang, recipient=email, purpose=LINK_MAIL, link=_link(token)
    )


def _link(token: str) -> Address:
    return address(Page.HOLD_CONFIRM, key=token)


def _hold_page(
    request: PageRequest,
    actor: Actor,
    form: HoldForm,
    *,
    sent: str = "",
    done: str = "",
    message: str = "",
    link: str = "",
    status_code: int = 200,
) -> Response:
    account = request.session.account
    moderates = account is not None and account.role.may(AccountRole.MODERATOR)
    response = request.page(
        "holders/hold.html",
        here=address(Page.HOLD, actor.id),
        status_code=status_code,
        actor=actor,
        form=form,
        offered=request.welcome(),
        moderates=moderates,
        holds=request.knowledge_base.holds.of(actor.id) if moderates else [],
        held=HoldState.HELD,
        sends_mail=request.settings.sends_mail,
        sent=sent,
        done=done,
        message=message,
        link=link,
    )
    if link:
        response.headers["Cache-Control"] = "private, no-store"
    return response


# Following the link


@router.shows(Page.HOLD_CONFIRM)
def confirm_page(request: APageRequest, key: str = "") -> Response:
    """Asks for a press of a button: mail programs that look at links must not use them up."""
    return _confirm_page(request, key)


@router.takes(Page.HOLD_CONFIRM)
def confirm(request: APageRequest, session: ASession, form: AFormOfAnyone) -> Response:
    holds, key = request.knowledge_base.holds, text_of(form, "key")
    name = text_of(form, "name")
    try:
        if session.account:
            hold = holds.confirm(key, session.account)
        else:
            holds.linked(key)
            if text_of(form, "new") != text_of(form, "again"):
                return _confirm_page(request, key, name, {"new": TWO_PASSWORDS}, status_code=400)
            hold, account = holds.confirm_with(key, Credentials.of(name, text_of(form, "new")))
            sessions_of(request.http).sign_in(request.http, account)
    except UnknownRecord:
        return _confirm_page(request, "", status_code=400)
    except AccountError as error:
        wrong = "name" if error.field == "name" else "new"
        problem = {wrong: translated(error.remark, request.language)}
        return _confirm_page(request, key, name, problem, status_code=400)
    return see(request, address(Page.ACTOR, hold.actor_id, done="held"))


def _confirm_page(
    request: PageRequest,
    key: str,
    name: str = "",
    errors: Mapping[str, str] | None = None,
    *,
    status_code: int = 200,
) -> Response:
    actor = _linked_actor(request, key)
    if actor and not request.session.account and not request.welcome():
        actor = None
    response = request.page(
        "holders/confirm.html",
        here=address(Page.HOLD_CONFIRM, key=key),
        status_code=status_code if actor else 400,
        actor=actor,
        key=key,
        name=name or (actor.name[:MAX_NAME_CHARS] if actor else ""),
        errors=errors or {},
        message="" if actor else LINK_OVER,
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _linked_actor(request: PageRequest, key: str) -> Actor | None:
    """Returns the organisation whose page a link gives, or None if the link is over."""
    base = request.knowledge_base
    try:
        return base.actor(base.holds.linked(key).actor_id)
    except UnknownRecord:
        return None
