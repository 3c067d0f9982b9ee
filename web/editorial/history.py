"""The pages of a record's history: its versions, what changed between them, and taking it out."""

from starlette.responses import Response

from kb.errors import NotYetScrubbed, UnknownRecord
from kb.messages import N_
from kb.models import Case, Kind, Record
from web.editorial.differences import differences
from web.editorial.labels import NOT_THE_NAME
from web.http.dependencies import APageRequest
from web.http.i18n import translations
from web.http.labels import ROLE_LABELS
from web.http.refusals import no_such_action
from web.http.request import PageRequest
from web.http.routing import AKind, PageRouter, number_in, see, text_of
from web.http.security.sessions import AForm, AModerator
from web.http.urls import Page, address

_NEEDS_A_REASON = N_("Say why in a few words: it stays in the history.")

router = PageRouter()


@router.shows(Page.CASE_HISTORY)
@router.shows(Page.ACTOR_HISTORY)
def history(
    request: APageRequest,
    _account: AModerator,
    kind: AKind,
    record_id: str,
    older: int = 0,
    newer: int = 0,
    done: str = "",
) -> Response:
    return _history(request, kind, record_id, older=older, newer=newer, done=done)


def name_of(record: Record) -> str:
    return record.title if isinstance(record, Case) else record.name


@router.takes(Page.CASE_HISTORY)
@router.takes(Page.ACTOR_HISTORY)
def change(
    request: APageRequest, account: AModerator, form: AForm, kind: AKind, record_id: str
) -> Response:
    base, done = request.knowledge_base, ""
    what = text_of(form, "do")
    if what == "restore":
        base.restore(kind, record_id, number_in(form, "number"), by=account.name)
        done = "restored"
    elif what == "withdraw":
        reason = " ".join(text_of(form, "reason").split())
        if not reason:
            return _history(request, kind, record_id, errors={"reason": _NEEDS_A_REASON})
        base.withdraw(kind, record_id, by=account.name, reason=reason)
        done = "withdrawn"
    elif what == "erase":
        versions = base.history(kind, record_id)
        name = name_of(versions[-1].record) if versions else record_id
        typed = " ".join(text_of(form, "name").split())
        if typed != " ".join(name.split()):
            return _history(request, kind, record_id, errors={"name": NOT_THE_NAME})
        done = "erased"
        try:
            base.erase(kind, record_id, by=account.name)
        except NotYetScrubbed:
            done = "erased_but_in_files"
        return see(request, address(Page.MODERATION, done=done))
    else:
        raise no_such_action()
    return see(request, address(f"{kind}_history", record_id, done=done))


def _history(
    request: PageRequest,
    kind: Kind,
    record_id: str,
    *,
    older: int = 0,
    newer: int = 0,
    done: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    base = request.knowledge_base
    versions = {version.number: version for version in base.history(kind, record_id)}
    if not versions:
        raise UnknownRecord(f"There is no {kind} with the id {record_id!r}.")
    gettext = translations(request.language).gettext
    last = max(versions)
    newer = newer if newer in versions else last
    older = older if older in versions else max((n for n in versions if n < newer), default=newer)
    if older > newer:
        older, newer = newer, older
    return request.page(
        "editorial/history.html",
        here=address(f"{kind}_history", record_id),
        status_code=400 if errors else 200,
        kind=kind,
        record_id=record_id,
        name=name_of(versions[last].record),
        versions=list(reversed(versions.values())),
        older=versions[older],
        newer=versions[newer],
        differences=differences(
            versions[older].record, versions[newer].record, lambda role: gettext(ROLE_LABELS[role])
        ),
        withdrawal=base.withdrawal(kind, record_id),
        errors=errors or {},
        done=done,
    )
