"""One enquiry to many organisations of a dossier, sent by the site or by one's own program."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from urllib.parse import quote

from starlette.responses import Response

from kb.errors import InputError
from kb.messages import N_
from kb.registers.accounts import Account
from kb.registers.clock import DAY_S
from kb.registers.dossiers import CallStatus, Dossier
from web.catalogue.records import shown_to
from web.dossiers.rows import Row, kept_rows
from web.http.refusals import Refusal, no_such_action, not_allowed
from web.http.routing import APageRequest, PageRequest, PageRouter, see, text_of
from web.http.security.sessions import AForm, AnyAccount
from web.http.urls import Page, address
from web.mail import mail_writer_of, signed_links_of

MAILS_A_DAY = 30  # of an account
LIMITS = ((1, 10 * 60), (3, DAY_S))  # mails of a kind to one address; who clicks twice sends one
CONFIRMS = "address"  # the purpose of a link by which an account says that an address is its own
MAX_MAILTO_CHARS = 1_900  # that every mail program takes
router = PageRouter()


@router.shows(Page.ENQUIRY)
def enquiry_page(
    request: APageRequest, account: AnyAccount, dossier: str = "", t: str = "", done: str = ""
) -> Response:
    found = request.knowledge_base.dossiers.get(dossier, by=account.name)
    written = request.text("dossiers/enquiry.txt", dossier=found, account=account)
    subject, _, text = written.partition("\n\n")
    to_call = (entry for entry in found.entries if entry.status is CallStatus.TO_CALL)
    chosen = [entry.actor_id for entry in to_call]
    return _page(request, account, found, chosen, subject, text, t=t, done=done)


@router.takes(Page.ENQUIRY)
def write(request: APageRequest, account: AnyAccount, form: AForm) -> Response:
    base, action = request.knowledge_base, text_of(form, "do")
    found = base.dossiers.get(text_of(form, "dossier"), by=account.name)
    if action.startswith("confirm"):
        _confirm(request, account, found, text_of(form, "t"))
        return see(request, address(Page.ENQUIRY, dossier=found.id, done=action))
    ids = {str(id_) for id_ in form.getlist("id")}
    subject = " ".join(text_of(form, "subject").split())[:150]
    text = text_of(form, "text").replace("\r\n", "\n").strip()[:5_000]
    rows = [row for row in kept_rows(base, found) if row.entry.actor_id in ids]
    to = {address_: row for row in rows if (address_ := _address(row, account))}
    if action not in {"own", "sent", "send"}:
        raise no_such_action()
    if not (to and subject and text):
        empty = N_("Choose an organisation at least, and write a subject and a text.")
        return _page(request, account, found, ids, subject, text, message=empty)
    if action == "own":
        mail = _mailto(to, subject, text)
        return _page(request, account, found, ids, subject, text, mail=mail, to=", ".join(to))
    try:
        sent = _send(request, account, to, subject, text) if action == "send" else to
    except InputError as error:
        return _page(request, account, found, ids, subject, text, message=error.remark)
    written = [
        (replace(row.entry, status=CallStatus.WRITTEN), row.entry.mark)
        for row in rows
        if row.entry.status is not CallStatus.INTERESTED and _address(row, account) in sent
    ]
    found = base.dossiers.save(found.id, written, by=account.name)
    if left := {row.entry.actor_id for to_, row in to.items() if to_ not in sent}:
        busy = N_(
            "Those that are still ticked got mails by this site today, or a moment ago: none was "
            "sent to them now. Write to them with your mail program, or later."
        )
        return _page(request, account, found, left, subject, text, message=busy)
    return see(request, address(Page.DOSSIER, dossier=found.id, done=action))


def _confirm(request: PageRequest, account: Account, dossier: Dossier, token: str) -> None:
    """Notes that an account has opened the link to its address; without a token, sends it one."""
    base, links = request.knowledge_base, signed_links_of(request)
    # A digest: a mail to an address that nobody confirmed says no name that somebody chose.
    whose = hashlib.sha256(f"{account.key}\n{account.email}".encode()).hexdigest()
    if token:
        if links.read(CONFIRMS, token, DAY_S) != whose:
            raise Refusal(410, N_("This link is not of your account, or is older than a day."))
        former = account.confirmed if account.confirmed != account.email else ""
        if former and base.outbox.written_by(former):
            # Else each address of an account would have a quota of its own.
            raise Refusal(429, N_("You wrote from another address today: confirm this tomorrow."))
        base.accounts.confirm(account.name, account.email)
    elif request.settings.sends_mail and account.is_member and account.email:
        request.slow_down("alert_throttle")
        link = address(Page.ENQUIRY, dossier=dossier.id, t=links.sign(CONFIRMS, whose))
        mail = mail_writer_of(request).write(
            "dossiers/mail/confirm",
            request.language,
            recipient=account.email,
            purpose=CONFIRMS,
            link=link,
        )
        base.outbox.queue(mail, limits=LIMITS)


def _address(row: Row, account: Account) -> str:
    """Returns where to write to an organisation, "" if that is not shown or it is closed."""
    if row.actor is None or row.actor.closed_on:
        return ""
    return next((contact.text for contact in shown_to(row.actor, account).emails), "")


def _may_send(request: PageRequest, account: Account) -> bool:
    """Whether the site sends what an account writes: nobody's words but a known member's."""
    is_confirmed = account.email and account.confirmed == account.email
    return bool(request.settings.sends_mail and account.is_member and is_confirmed)


def _send(
    request: PageRequest, account: Account, to: Mapping[str, Row], subject: str, text: str
) -> Collection[str]:
    """Queues a mail to each; returns the addresses that get one."""
    if not _may_send(request, account):
        raise not_allowed()
    mails = [
        mail_writer_of(request).write(
            "dossiers/mail/enquiry",
            request.language,
            recipient=recipient,
            purpose="enquiry",
            link=address(Page.ACTOR, row.entry.actor_id),
            reply_to=account.email,
            about=subject,
            written=text,
            writer=account.name,
        )
        for recipient, row in to.items()
    ]
    outbox = request.knowledge_base.outbox
    return {
        mail.recipient for mail in outbox.queue_written(mails, a_day=MAILS_A_DAY, limits=LIMITS)
    }


def _mailto(to: Collection[str], subject: str, text: str) -> str:
    """Returns a link with the text if that fits, else without, else no link."""
    short = f"mailto:?bcc={quote(','.join(to), safe='@,')}&subject={quote(subject, safe='')}"
    with_text = f"{short}&body={quote(text, safe='').replace('%0A', '%0D%0A')}"
    return next((one for one in (with_text, short) if len(one) <= MAX_MAILTO_CHARS), "")


def _page(
    request: PageRequest,
    account: Account,
    dossier: Dossier,
    chosen: Collection[str],
    subject: str,
    text: str,
    *,
    message: str = "",
    t: str = "",
    done: str = "",
    **ready: str,
) -> Response:
    rows = kept_rows(request.knowledge_base, dossier)
    return request.page(
        "dossiers/enquiry.html",
        here=address(Page.ENQUIRY, dossier=dossier.id),
        status_code=422 if message else 200,
        message=message,
        t=t,
        done=done,
        dossier=dossier,
        rows=[(row, _address(row, account)) for row in rows],
        chosen=chosen,
        subject=subject,
        text=text,
        may_send=_may_send(request, account),
        sends_here=request.settings.sends_mail and account.is_member,
        a_day=MAILS_A_DAY,
        ready=ready,
    )
