"""The page of a dossier, and what is done there: in an account, by a link, or by a stranger."""

import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import fields
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from ingest.records.fields import record_id
from kb.errors import InputError, UnknownRecord
from kb.messages import N_
from kb.models import Case, Participation
from kb.reference.roles import ROLES, Flow, Role
from kb.registers.accounts import Account
from kb.registers.clock import today
from kb.registers.dossiers import (
    BY_LINK,
    MAX_NOTE_CHARS,
    MAX_TOLD_CHARS,
    CallStatus,
    Dossier,
    Right,
    Told,
)
from web.dossiers.files import FILES, file_of
from web.dossiers.reasons import rows_with_whys, with_whys
from web.dossiers.rows import Row, kept_rows, picked_entries, rows_of, sent_entries, with_kept
from web.http.refusals import Refusal, no_such_action, not_allowed, strange_form
from web.http.routing import (
    APageRequest,
    PageRequest,
    PageRouter,
    searches_of,
    see,
    text_of,
)
from web.http.security.bodies import allow_body
from web.http.security.cookies import site_secret
from web.http.security.sessions import AForm, AFormOfAnyone, AnyAccount, ASession, sessions_of
from web.http.urls import Address, Page, address

DOSSIER_BYTES = 1_000_000
"""The longest dossier that a stranger sends: 200 organisations, each with a full note in French."""

router = PageRouter()


async def _room_for_notes(request: Request) -> None:
    allow_body(request, DOSSIER_BYTES)


async def _a_turn_for_reasons(request: Request) -> AsyncIterator[None]:
    """Waits for a turn where reasons are searched: what is kept already waits for none."""
    form = request.query_params if request.method != "POST" else await request.form()
    searches = any(form.getlist("need")) and bool(form.get("id"))
    async with searches_of(request).turn() if searches else nullcontext():
        yield


ARoomForNotes = Annotated[None, Depends(_room_for_notes)]
ATurnForReasons = Annotated[None, Depends(_a_turn_for_reasons, scope="function")]
"""After the form, so that its refusals come first."""


def _link(request: PageRequest, dossier: Dossier, right: Right) -> Address | None:
    """Returns the link with a right, if there is one: its key is kept nowhere."""
    link = dossier.writer if right is Right.WRITE else dossier.reader
    if not link:
        return None
    secret = site_secret(request.settings, request.knowledge_base)
    signed = f"dossier {right} {dossier.id} {link}".encode()
    key = hmac.digest(secret.encode(), signed, "sha256").hex()[:32]
    return address(Page.DOSSIER_LINK, dossier=dossier.id, key=key)


def _opened(request: PageRequest, id: str, key: str) -> tuple[Dossier, Right]:
    """Returns a dossier and what its key lets do; refuses a key that opens nothing."""
    with suppress(UnknownRecord):
        found = request.knowledge_base.dossiers.get(id, by=BY_LINK)
        for right in Right:
            link = _link(request, found, right)
            if link and hmac.compare_digest(key.encode(), dict(link.query)["key"].encode()):
                return found, right
    raise Refusal(410, N_("This link was withdrawn, or is not whole: ask who sent it."))


def _show(
    request: PageRequest,
    dossier: Dossier | None,
    rows: Sequence[Row] | None = None,
    *,
    right: Right | None = None,
    status_code: int = 200,
    message: str = "",
    done: str = "",
) -> Response:
    """Shows a dossier with the `right` of the link that opened it; without, that of an account."""
    account, base = request.session.account, request.knowledge_base
    rows = kept_rows(base, dossier) if rows is None else rows
    need = rows[0].entry.need if rows and not dossier else ""
    named = [("need", need)] * bool(need) + [("id", row.entry.actor_id) for row in rows]
    here = Address(Page.DOSSIER, query=tuple(named))
    links: dict[Right, Address] = {}
    if dossier:
        here = address(Page.DOSSIER, dossier=dossier.id)
        links = {each: link for each in Right if (link := _link(request, dossier, each))}
    return request.page(
        "dossiers/dossier.html",
        here=links[right] if right else here,
        status_code=status_code,
        message=message,
        rows=rows,
        dossier=dossier,
        right=right,
        key=dict(links[right].query)["key"] if right else "",
        is_mine=bool(account and dossier and not right and dossier.owner == account.name),
        need=dossier.told.need if dossier else need,
        links={each: request.absolute_url(link) for each, link in links.items()},
        dossiers=base.dossiers.of(account.name) if account and not right else (),
        share_url=request.absolute_url(here),
        limits={"note": MAX_NOTE_CHARS, "told": MAX_TOLD_CHARS},
        done=done,
    )


@router.shows(Page.DOSSIER)
def dossier_page(
    request: APageRequest,
    session: ASession,
    id: Annotated[list[str], Query(default_factory=list)],
    dossier: str = "",
    need: str = "",
    done: str = "",
    _turn: ATurnForReasons = None,
) -> Response:
    """Shows the organisations picked for a `need`; without, a dossier of the account."""
    if id or not session.account:
        return _show(request, None, rows_with_whys(request, picked_entries(id, need)))
    dossiers, by = request.knowledge_base.dossiers, session.account.name
    found = dossiers.get(dossier, by=by) if dossier else dossiers.for_picks(by)
    return _show(request, found, done=done)


@router.takes(Page.DOSSIER)
def change_dossier(
    request: APageRequest, account: AnyAccount, form: AForm, _turn: ATurnForReasons
) -> Response:
    dossiers, by, id_ = request.knowledge_base.dossiers, account.name, text_of(form, "dossier")
    action, _, about = text_of(form, "do").partition(" ")
    sent = sent_entries(form)
    try:
        match action:
            case "pick" | "keep":
                for told, of_need in with_whys(request, sent):
                    id_ = dossiers.pick([row.entry for row in of_need], by=by, told=told).id
            case "drop":
                for entry, *_ in sent:
                    dossiers.drop([entry.actor_id], by=by, need=entry.need)
            case "save" | "remove":
                left = [(one, mark) for one, _, mark in sent if one.actor_id != about]
                dossiers.save(id_, left, by=by)
                dossiers.drop([about], by=by, id=id_)
            case "tell":
                told = Told(**{each.name: text_of(form, each.name) for each in fields(Told)})
                dossiers.tell(id_, told, by=by)
            case "merge":
                dossiers.merge(id_, text_of(form, "into"), by=by)
                id_ = text_of(form, "into")
            case "share" | "withdraw" if about in set(Right):
                dossiers.share(id_, Right(about), by=by, ends=action == "withdraw")
            case "delete":
                dossiers.delete(id_, by=by)
                id_ = ""
            case "case":
                draft_id = _draft_of(request, dossiers.get(id_, by=by), account)
                return see(request, address(Page.DRAFT, draft_id))
            case _:
                raise no_such_action()
    except InputError as error:
        found = dossiers.get(id_, by=by) if id_ else None
        return _refused(request, found, sent, error)
    return see(request, address(Page.DOSSIER, dossier=id_, done=action))


def _refused(
    request: PageRequest,
    dossier: Dossier | None,
    sent: Sequence[Row],
    error: InputError,
    right: Right | None = None,
) -> Response:
    rows = rows_of(request.knowledge_base, with_kept(sent, dossier))
    return _show(request, dossier, rows, right=right, message=error.remark, status_code=422)


def _draft_of(request: PageRequest, dossier: Dossier, account: Account) -> str:
    """Makes the draft with the need, and who is interested; returns its id."""
    if not account.is_member:
        raise not_allowed()
    base, told = request.knowledge_base, dossier.told
    rows = [row for row in kept_rows(base, dossier) if row.entry.status is CallStatus.INTERESTED]
    met = [(row.actor, row.entry) for row in rows if row.actor]
    parts = {traits.part.value: role for role, traits in reversed(list(ROLES.items()))}
    case = Case(
        id=record_id("", dossier.name[:80], dossier.id[:8]),
        title=dossier.name[:150],
        need=(told.need or dossier.name)[:500],
        text=request.text(
            "editorial/case.txt",
            flow=Flow.SEEKS,
            need=told.need or dossier.name,
            facts=list(filter(None, (told.quantity, told.place, told.until))),
            said=[(actor.name, entry.note) for actor, entry in met],
        ),
        lang=request.language.value,
        date=today(),
        flow=Flow.SEEKS.value,
        # Two entries may have turned out to be one organisation.
        participants=tuple(
            Participation(actor.name, parts.get(entry.why.part, Role.PRODUCER), actor.id)
            for actor, entry in {actor.id: (actor, entry) for actor, entry in met}.values()
        ),
    )
    return base.drafts.add(case, by=account.name, origin="typed", submitted=False).id


@router.shows(Page.DOSSIER_LINK)
def linked_page(
    request: APageRequest, session: ASession, dossier: str = "", key: str = "", done: str = ""
) -> Response:
    """Shows a dossier to whoever holds a link to it: no account is asked for."""
    found, right = _opened(request, dossier, key)
    if session.account and session.account.name in {found.owner, *found.colleagues}:
        return see(request, address(Page.DOSSIER, dossier=found.id))
    if right is Right.WRITE:
        request.welcome()
    return _show(request, found, right=right, done=done)


@router.takes(Page.DOSSIER_LINK)
def change_by_link(
    request: APageRequest, session: ASession, _room: ARoomForNotes, form: AFormOfAnyone
) -> Response:
    dossiers, action = request.knowledge_base.dossiers, text_of(form, "do")
    found, right = _opened(request, text_of(form, "dossier"), text_of(form, "key"))
    if right is not Right.WRITE:
        raise not_allowed()
    request.slow_down("dossier_throttle")
    if action == "join" and session.account:
        dossiers.join(found.id, by=session.account.name)
        return see(request, address(Page.DOSSIER, dossier=found.id, done="join"))
    if action != "save":
        raise no_such_action()
    sent = sent_entries(form)
    who = {"signed": text_of(form, "signed") or "?"}
    if session.account:
        who = {"holder": session.account.name}
    try:
        dossiers.save(found.id, [(one, mark) for one, _, mark in sent], by=BY_LINK, **who)
    except InputError as error:
        return _refused(request, found, sent, error, right)
    return see(
        request, address(Page.DOSSIER_LINK, dossier=found.id, key=text_of(form, "key"), done="save")
    )


async def _strangers_form(request: Request, _room: ARoomForNotes) -> FormData:
    # It has no token: strangers have no cookie that one could be bound to, and nothing is changed.
    if not sessions_of(request).comes_from_here(request):
        raise strange_form()
    return await request.form(max_files=0)


ASheet = Annotated[FormData, Depends(_strangers_form)]
"""A dossier as a page of ours sends it, to be answered with a page or a file, and kept nowhere."""


@router.shows(Page.DOSSIER_SHEET)
async def no_sheet(request: APageRequest) -> Response:
    return RedirectResponse(address(Page.DOSSIER).path(request.language), 303)


@router.takes(Page.DOSSIER_SHEET)
def sheet(request: APageRequest, form: ASheet, _turn: ATurnForReasons) -> Response:
    action, _, about = text_of(form, "do").partition(" ")
    if action not in {*FILES, "remove"}:
        raise no_such_action()
    entries = [row._replace(entry=row.entry.cleaned()) for row in sent_entries(form)]
    if action == "remove":
        left = [one for one in entries if one.entry.actor_id != about]
        return _show(request, None, rows_with_whys(request, left))
    too_many = N_("Many files were made for you just now. Wait a little before the next one.")
    request.slow_down("dossier_throttle", too_many)
    account, id_, key = request.session.account, text_of(form, "dossier"), text_of(form, "key")
    if not id_:
        need = next((one.entry.need for one in entries), "")
        return file_of(request, action, Told(need=need), rows_with_whys(request, entries))
    base = request.knowledge_base
    if account and not key:
        found = base.dossiers.get(id_, by=account.name)
    else:
        found, _ = _opened(request, id_, key)
    rows = rows_of(base, with_kept(entries, found))
    return file_of(request, action, found.told, rows)
