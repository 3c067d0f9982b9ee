"""The page of a list: in an account, or a stranger's in the address and kept nowhere."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from kb.errors import EditConflict, InputError, UnknownRecord
from kb.messages import N_
from kb.registers.accounts import Account
from kb.registers.clock import today
from kb.registers.contact_lists import MAX_NAME_CHARS, MAX_NOTE_CHARS, ContactList
from web.http.refusals import no_such_action, strange_form
from web.http.routing import APageRequest, PageRequest, PageRouter, see, text_of
from web.http.security.bodies import allow_body
from web.http.security.sessions import AForm, AnyAccount, ASession, sessions_of
from web.http.urls import Address, Page, address
from web.lists.files import (
    FILES,
    ListReader,
    ListRow,
    SentEntry,
    picked_entries,
    rows_in_conflict,
    rows_of,
    sent_entries,
    with_needs,
)

CHANGED_MEANWHILE = N_(
    "A colleague changed this list since you opened it. Nothing is saved yet: compare below, "
    "then save again."
)
LIMITS = {"note": MAX_NOTE_CHARS, "name": MAX_NAME_CHARS}
LIST_BYTES = 1_000_000
"""The longest list that a stranger may send: 200 organisations, each with a full note in French."""

NO_LIST = N_("This list no longer exists, or is no longer shared with you.")
router = PageRouter()


@router.shows(Page.LIST)
def list_page(
    request: APageRequest,
    session: ASession,
    id: Annotated[list[str], Query(default_factory=list)],
    list_id: Annotated[str, Query(alias="list")] = "",
    need: str = "",
    done: str = "",
) -> Response:
    """Shows the organisations picked for a `need`; without, the account's list `list_id`."""
    if id or not session.account:
        return _list_page(request, None, rows_of(request.knowledge_base, picked_entries(id, need)))
    lists = request.knowledge_base.lists
    try:
        by = session.account.name
        shown = lists.get(list_id, by=by) if list_id else lists.for_picks(by)
    except UnknownRecord:
        return _kept_page(request, session.account, None, message=NO_LIST, status_code=404)
    return _kept_page(request, session.account, shown, done=done)


@router.takes(Page.LIST)
def change_list(request: APageRequest, account: AnyAccount, form: AForm) -> Response:
    base = request.knowledge_base
    action, _, about = text_of(form, "do").partition(" ")
    list_id = text_of(form, "list")
    if action not in _ACTIONS:
        raise no_such_action()
    sent = sent_entries(form)
    try:
        shown = _change(request, account, form, sent)
    except EditConflict:
        current = base.lists.get(list_id, by=account.name)
        rows = rows_in_conflict(base, sent, current.entries)
        return _kept_page(
            request, account, current, rows, message=CHANGED_MEANWHILE, status_code=409
        )
    except UnknownRecord:
        return _kept_page(request, account, None, message=NO_LIST, status_code=404)
    except InputError as error:
        return _refused(request, account, list_id, sent, form, error.remark)
    done = _ACTIONS[action]
    place = f"entry-{about}" if action in {"up", "down"} else ""
    return see(request, address(Page.LIST, list=shown, done=done), place)


_ACTIONS = {
    "pick": "picked",
    "keep": "kept",
    "drop": "removed",
    "save": "saved",
    "up": "",
    "down": "",
    "remove": "removed",
    "add": "added",
    "rename": "renamed",
    "choose": "chosen",
    "delete": "deleted",
    "share": "shared",
    "unshare": "unshared",
}


def _change(
    request: PageRequest, account: Account, form: FormData, sent: Sequence[SentEntry]
) -> str:
    """Does what a form asks for; returns the id of the list to show, empty for that of picks."""
    lists, by = request.knowledge_base.lists, account.name
    action, _, about = text_of(form, "do").partition(" ")
    list_id = text_of(form, "list")
    match action:
        case "pick" | "keep":
            return lists.pick([one.entry for one in sent], by=by, list_id=list_id).id
        case "drop":
            lists.drop([one.entry.actor_id for one in sent], by=by)
        case "save" | "up" | "down" | "remove":
            left = [one for one in sent if action != "remove" or one.entry.actor_id != about]
            lists.save(list_id, [(one.entry, one.mark) for one in left], by=by)
            if action == "remove":
                lists.drop([about], by=by, list_id=list_id)
            elif action != "save":
                lists.move(list_id, about, -1 if action == "up" else 1, by=by)
        case "add":
            return lists.add(text_of(form, "name"), by=by).id
        case "rename":
            lists.rename(list_id, text_of(form, "name"), by=by)
        case "choose":
            lists.choose(list_id, by=by)
        case "delete":
            lists.delete(list_id, by=by)
            return ""
        case "share":
            lists.share(list_id, text_of(form, "colleague"), by=by)
        case "unshare":
            lists.unshare(list_id, about, by=by)
            return list_id if about != by else ""
    return list_id


def _refused(
    request: PageRequest,
    account: Account,
    list_id: str,
    sent: Sequence[SentEntry],
    form: FormData,
    message: str,
) -> Response:
    base, by = request.knowledge_base, account.name
    action = text_of(form, "do").partition(" ")[0]
    if action in {"pick", "keep"}:
        loose = rows_of(base, [SentEntry(entry) for entry, _ in sent])
        return _list_page(request, None, loose, message=message, status_code=422)
    shown = base.lists.get(list_id, by=by) if list_id else base.lists.for_picks(by)
    rows = rows_of(base, with_needs(sent, shown.entries if shown else ()))
    return _kept_page(
        request,
        account,
        shown,
        rows or None,
        message=message,
        status_code=422,
        refused=action,
        filled={name: text_of(form, name) for name in ("name", "colleague")},
    )


async def _strangers_form(request: Request) -> FormData:
    # It has no token: strangers have no cookie that one could be bound to, and nothing is changed.
    if not sessions_of(request).comes_from_here(request):
        raise strange_form()
    # A list holds the notes of its reader, and is answered at once.
    allow_body(request, LIST_BYTES)
    return await request.form(max_files=0)


ASheet = Annotated[FormData, Depends(_strangers_form)]
"""A list as a page of ours sends it, to be answered with a page or a file, and kept nowhere."""


@router.shows(Page.LIST_SHEET)
async def no_sheet(request: APageRequest) -> Response:
    return RedirectResponse(address(Page.LIST).path(request.language), 303)


@router.takes(Page.LIST_SHEET)
def sheet(request: APageRequest, form: ASheet) -> Response:
    action, _, about = text_of(form, "do").partition(" ")
    base, account = request.knowledge_base, request.session.account
    entries = [SentEntry(one.entry.cleaned()) for one in sent_entries(form)]
    if action in FILES:
        if account and (list_id := text_of(form, "list")):
            entries = with_needs(entries, base.lists.get(list_id, by=account.name).entries)
        return _file(request, action, rows_of(base, entries))
    if action not in {"up", "down", "remove"}:
        raise no_such_action()
    place = next((at for at, one in enumerate(entries) if one.entry.actor_id == about), None)
    if place is not None:
        moved = entries.pop(place)
        if action != "remove":
            entries.insert(max(place + (-1 if action == "up" else 1), 0), moved)
    return _list_page(request, None, rows_of(base, entries))


def _file(request: PageRequest, format_: str, rows: Sequence[ListRow]) -> Response:
    too_many = N_("Many files were made for you just now. Wait a little before the next one.")
    request.slow_down("list_files", too_many)
    reader = ListReader(request.session.account, request.language, request.absolute_url)
    media_type, make = FILES[format_]
    name = reader.say(N_("my-list"))
    headers = {"Content-Disposition": f'attachment; filename="{name}-{today()}.{format_}"'}
    return Response(make(rows, reader), media_type=media_type, headers=headers)


def _kept_page(
    request: PageRequest,
    account: Account,
    shown: ContactList | None,
    rows: Sequence[ListRow] | None = None,
    **told: Any,
) -> Response:
    base = request.knowledge_base
    if rows is None:
        kept = [SentEntry(entry, entry.mark) for entry in (shown.entries if shown else ())]
        rows = rows_of(base, kept)
    return _list_page(request, shown, rows, lists=base.lists.of(account.name), **told)


def _list_page(
    request: PageRequest,
    shown: ContactList | None,
    rows: Sequence[ListRow],
    *,
    status_code: int = 200,
    lists: Sequence[ContactList] | None = None,
    **told: Any,
) -> Response:
    ids = [entry.actor_id for entry in shown.entries] if shown else []
    if lists is None:
        ids = [row.entry.actor_id for row in rows]
    # It names the organisations, and nothing else of the list.
    loose = Address(Page.LIST, query=tuple(("id", id_) for id_ in ids))
    return request.page(
        "lists/list.html",
        here=loose if lists is None else address(Page.LIST, list=shown.id if shown else ""),
        status_code=status_code,
        rows=rows,
        shown=shown,
        lists=lists or (),
        share_url=request.absolute_url(loose) if ids else "",
        limits=LIMITS,
        **{"refused": "", "filled": {}, **told},
    )
