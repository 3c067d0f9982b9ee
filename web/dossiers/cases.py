"""The case that a dossier which ended well becomes: a draft, for its account to complete."""

from typing import cast

from ingest.records.fields import record_id
from kb.models import Case, Participation
from kb.reference.roles import ROLES, Flow, Role
from kb.registers.accounts import Account
from kb.registers.clock import today
from kb.registers.dossiers import CallStatus, Dossier
from web.dossiers.rows import Row, kept_rows
from web.http.refusals import not_allowed
from web.http.routing import PageRequest
from web.http.templating import Renderer


def draft_of(request: PageRequest, dossier: Dossier, account: Account) -> str:
    """Makes the draft with the need, and who is interested; returns its id."""
    if not account.is_member:
        raise not_allowed()
    base, renderer = request.knowledge_base, cast("Renderer", request.http.app.state.renderer)
    rows = [row for row in kept_rows(base, dossier) if row.entry.status is CallStatus.INTERESTED]
    case = Case(
        id=record_id("", dossier.name[:80], dossier.id[:8]),
        title=dossier.name[:150],
        need=(dossier.told.need or dossier.name)[:500],
        text=renderer.render("dossiers/case.txt", request.language, dossier=dossier, rows=rows),
        lang=request.language.value,
        date=today(),
        flow=Flow.SEEKS.value,
        participants=tuple(
            Participation(row.actor.name, _role(row), row.actor.id) for row in rows if row.actor
        ),
    )
    return base.drafts.add(case, by=account.name, origin="typed", submitted=False).id


def _role(row: Row) -> Role:
    part = row.entry.why.part
    return next((role for role, traits in ROLES.items() if traits.part == part), Role.PRODUCER)
