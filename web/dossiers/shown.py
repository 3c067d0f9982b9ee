"""The page of a dossier, for its account, for colleagues, and for who holds a link to it."""

import hmac
from collections.abc import Sequence
from contextlib import suppress

from starlette.responses import Response

from kb.errors import UnknownRecord
from kb.messages import N_
from kb.registers.dossiers import BY_LINK, MAX_NOTE_CHARS, MAX_TOLD_CHARS, Dossier, Right
from web.dossiers.rows import Row, kept_rows
from web.http.refusals import Refusal
from web.http.routing import PageRequest
from web.http.security.cookies import site_secret
from web.http.urls import Address, Page, address


def link_to(request: PageRequest, dossier: Dossier, right: Right) -> Address | None:
    """Returns the link with a right, if there is one: its key is kept nowhere."""
    link = dossier.writer if right is Right.WRITE else dossier.reader
    secret = site_secret(request.settings, request.knowledge_base)
    signed = f"dossier {right} {dossier.id} {link}".encode()
    key = hmac.digest(secret.encode(), signed, "sha256").hex()[:32]
    return address(Page.DOSSIER_LINK, dossier=dossier.id, key=key) if link else None


def opened(request: PageRequest, id: str, key: str) -> tuple[Dossier, Right]:
    """Returns a dossier and what its key lets do; refuses a key that opens nothing."""
    with suppress(UnknownRecord):
        found = request.knowledge_base.dossiers.get(id, by=BY_LINK)
        for right in Right:
            link = link_to(request, found, right)
            if link and hmac.compare_digest(key.encode(), dict(link.query)["key"].encode()):
                return found, right
    raise Refusal(410, N_("This link was withdrawn, or is not whole: ask who sent it."))


def show(
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
        links = {each: link for each in Right if (link := link_to(request, dossier, each))}
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
